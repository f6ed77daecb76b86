import type { Clause, Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { judgedNodes } from '../reading/nodes.ts';
import { indexes } from './exchanges.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';

// A session is offered while its identity is good and again when that has come to its end. What resumption comes to before that is the
// node's own choice, so that those rows expect either; what is offered afterwards has to be refused.

type ExchangeEntry = EntryOf<'exchange'>;

/**
 * Decides whether a session outlives the identity that it was opened with, where nothing rotates meanwhile.
 *
 * Where sessions were resumed before, a refusal counts only beside a session of a living identity that was opened at the same moment and is
 * resumed right after it: tickets that nobody can read any more are resumed for nobody. A node that resumes nothing is judged by the
 * refusal of the full handshake.
 */
export const sessionEndsWithSvid: Judge = (history, clause) => bySessions(history, clause, true);

/** The same where the keys of tickets may change meanwhile, as they do in many a node with each SVID: no other session tells of them. */
export const sessionEndsWithAuthority: Judge = (history, clause) => bySessions(history, clause, false);

function bySessions(history: History, clause: Clause, besideLiving: boolean): ReturnType<Judge> {
  const judged = judgedNodes(history);
  const all = entriesOf(history, 'exchange').filter(({ node }) => judged.has(node));
  const names = new Set(all.filter(({ clause: id }) => id === clause.id).map(({ control }) => control));
  const findings = [...names].map((name) => {
    const rows = all.filter(({ control }) => control === name);
    return findingOf(rows, besideLiving, resumes(history, rows[0]!.node));
  });
  return byFindingsOfNodes(history, clause, findings);
}

/**
 * @param rows - the exchanges of one control, in their order
 * @param resumesAny - the node resumed a session of whomever
 */
function findingOf(rows: readonly ExchangeEntry[], besideLiving: boolean, resumesAny: boolean): Finding {
  const subject = rows[0]!.node;
  const finding = (state: Finding['state'], says: string, of: readonly ExchangeEntry[] = rows): Finding => ({
    subject,
    state,
    says,
    evidence: indexes(of),
  });
  const late = rows.filter(({ expect }) => expect === 'refused');
  const outlived = late.filter(resumed);
  if (outlived.length > 0)
    return finding('broken', `${outlived[0]!.row}: accepted, wanted refused (${outlived[0]!.how})`, outlived);

  const [first] = late;
  if (first === undefined) return finding('unknown', 'no session was offered after the end of its identity');
  const unclear = rows.find(({ outcome }) => outcome === 'unknown');
  if (unclear !== undefined) return finding('unknown', `could not tell: ${unclear.row}: ${unclear.how}`, [unclear]);
  const taken = late.find(({ outcome }) => outcome === 'accepted');
  if (taken !== undefined)
    return finding('unknown', `${taken.row}: accepted by a full handshake, which says nothing of sessions`, [taken]);
  const controls = rows.filter(({ expect }) => expect === 'accepted');
  const before = controls.findLast(({ index }) => index < first.index);
  const after = controls.find(({ index }) => index > first.index);
  for (const [where, control] of [
    ['before', before],
    ['after', after],
  ] as const)
    if (control?.outcome !== 'accepted')
      return finding(
        'unknown',
        `the control ${where} the refusal was not accepted (${control?.how ?? 'there is none'})`,
      );

  const free = rows.filter(({ expect }) => expect === 'either');
  const alive = free.filter(({ index }) => index < first.index);
  if (!alive.some(resumed) && resumesAny)
    return finding(
      'unknown',
      'it resumes sessions, and did not the one that was to be offered again: it was shown none',
    );
  if (!alive.some(resumed)) return finding('holds', `${without(alive)}; refused by a full handshake`);
  if (!besideLiving) return finding('holds', 'it resumes sessions, and refused this one afterwards');
  const living = free.filter(({ index }) => index > first.index);
  if (!living.some(resumed))
    return finding(
      'unknown',
      'a session of a living identity, opened at the same moment, was not resumed either: the keys of its tickets may have changed, so that the refusal says nothing',
    );
  return finding('holds', 'refused, while a session of a living identity was resumed');
}

/** Whether a node resumed any session of this run: who does, and did not the one that was to be offered later, was shown nothing. */
function resumes(history: History, subject: string): boolean {
  return (
    entriesOf(history, 'request').some((one) => one.to === subject && one.outcome === 'ok' && one.resumed === true) ||
    entriesOf(history, 'exchange').some((one) => one.node === subject && one.role === 'server' && resumed(one))
  );
}

function resumed({ outcome, tls }: ExchangeEntry): boolean {
  return outcome === 'accepted' && tls?.resumed === true;
}

function without(alive: readonly ExchangeEntry[]): string {
  if (alive.length === 0) return 'it gives no session tickets';
  return alive.some(({ outcome }) => outcome === 'refused')
    ? 'it refuses sessions at any time'
    : 'it resumes no session';
}
