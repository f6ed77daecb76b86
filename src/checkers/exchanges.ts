import { ofOwnRecords, type Clause, type Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { judgedNodes } from '../reading/nodes.ts';
import type { Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';
import { unlessOverloaded, type Failure } from './overload.ts';

type ExchangeEntry = EntryOf<'exchange'>;

/**
 * Decides a clause by its exchanges with the nodes under test, where the rows that have to be refused decide.
 *
 * A refusal counts only beside its control: the same node in the same role accepted the right exchange before it and after it.
 * So a node that refuses everybody, or died half way, passes nothing. Every node has to be looked at in each role of the clause.
 */
export const refusedBesideControl = ofOwnRecords((history, clause) => byExchanges(history, clause, 'refused'));

/**
 * What passes only of nodes that lived through it, where they are to remember something, as a session is: one that ended after the control
 * and was started again remembers nothing, so that its refusal says nothing.
 */
export const inOneLife =
  (judge: Judge): Judge =>
  (history, clause) => {
    const judgement = judge(history, clause);
    if (judgement.verdict !== 'pass') return judgement;
    const all = entriesOf(history, 'exchange');
    const ends = entriesOf(history, 'life').filter(({ state }) => state === 'ended');
    for (const row of all.filter(({ clause: id, expect }) => id === clause.id && expect === 'refused')) {
      const { before } = controlsOf(row, all);
      const end = ends.find(
        ({ node, index }) => node === row.node && index > (before?.index ?? 0) && index < row.index,
      );
      if (end !== undefined)
        return {
          verdict: 'inconclusive',
          reason: `${row.node} ended and was started again before ${row.row}, so that it remembers nothing of before`,
          evidence: indexes([end, row]),
        };
    }
    return judgement;
  };

/**
 * What is to have come within the time that a node may take to follow: on a machine that was too busy in that time, or that kept the node from
 * running for half of it, a fail is left open.
 */
export const unlessBusyMeanwhile =
  (judge: Judge): Judge =>
  (history, clause) => {
    const judgement = judge(history, clause);
    const wrong = entriesOf(history, 'exchange').filter(({ index }) => judgement.evidence.includes(index));
    return unlessBusyFor(history, judgement, wrong);
  };

/** The same of a judgement, and the exchanges in which a node had not followed. */
export function unlessBusyFor(
  history: History,
  judgement: Judgement,
  wrong: readonly Pick<ExchangeEntry, 'node' | 'atMs' | 'tookMs'>[],
): Judgement {
  const uptake = new Map(entriesOf(history, 'node').map(({ node, uptakeMs }) => [node, uptakeMs]));
  const failures = wrong.map(({ node, atMs, tookMs }): Failure => {
    const boundMs = uptake.get(node) ?? 0;
    return { fromMs: atMs - tookMs - boundMs, toMs: atMs, late: { byMs: boundMs / 2, nodes: [node] } };
  });
  const [machine, starved] = [entriesOf(history, 'machine'), entriesOf(history, 'starved')];
  return unlessOverloaded({ machine, starved, fromMs: 0, toMs: Infinity }, judgement, failures);
}

/**
 * Decides the same for what is agreed on in a handshake: a refusal counts only when no handshake came about. Whoever completes one and
 * closes the connection afterwards has spoken what was not to be spoken.
 */
export const notNegotiated = ofOwnRecords((history, clause) => byExchanges(history, clause, 'refused', completed));

/** Decides the same again, and whatever was accepted has to have agreed on TLS 1.3, also where a range was offered. */
export const only13Negotiated = ofOwnRecords((history, clause) =>
  byExchanges(history, clause, 'refused', (row) => completed(row) ?? olderVersion(row)),
);

/** Decides a clause by its exchanges with the nodes under test, where the rows that have to be accepted decide, under the name of the caller. */
export const acceptedAsMust = ofOwnRecords((history, clause) => byExchanges(history, clause, 'accepted', misnaming));

/**
 * Decides the same, and what the node showed meanwhile has to lead to an authority of the bundle by way of an intermediate. A leaf that an
 * authority signed itself shows nothing of whether intermediates are sent, nor does one that proves nothing with them.
 */
export const acceptedShowingItsPath = ofOwnRecords((history, clause) => {
  const judgement = byExchanges(history, clause, 'accepted', (row) => misnaming(row) ?? incomplete(row));
  if (judgement.verdict !== 'pass') return judgement;
  const open = entriesOf(history, 'exchange').find(
    ({ index, clause: id, path }) => id === clause.id && judgement.evidence.includes(index) && path !== 'whole',
  );
  if (open === undefined) return judgement;
  const what =
    open.path === 'direct' ? 'an SVID that an authority of the bundle signed itself' : 'nothing that proves it';
  const reason = `could not tell: ${open.node} as ${open.role} showed ${what}${open.unproven === undefined ? '' : ` (${open.unproven})`}`;
  return { verdict: 'inconclusive', reason, evidence: [open.index] };
});

/** What is wrong with an exchange although it came to what it must; undefined where nothing is. */
type Flaw = (exchange: ExchangeEntry) => string | undefined;

const completed: Flaw = ({ expect, tls }) =>
  expect !== 'refused' || tls === undefined
    ? undefined
    : `only after a handshake of ${tls.version} with ${tls.cipher} was complete`;

const olderVersion: Flaw = ({ expect, tls }) =>
  expect !== 'accepted' || tls === undefined || tls.version === 'TLSv1.3'
    ? undefined
    : `agreed on ${tls.version} although 1.3 was offered`;

/** An answer that names somebody else as its caller took us for that one: the ID that was shown was not accepted. */
const misnaming: Flaw = ({ as, named }) =>
  as === undefined || named === undefined || named === as
    ? undefined
    : `taken for ${named ?? 'nobody'} instead of ${as}`;

const incomplete: Flaw = ({ path, unproven }) =>
  path === 'incomplete' ? `its SVID was shown without the intermediates behind it (${unproven})` : undefined;

/** @param decisive - what the deciding rows expect; rows of the other kind are controls and decide nothing by themselves */
function byExchanges(
  history: History,
  clause: Clause,
  decisive: 'accepted' | 'refused',
  flaw: Flaw = () => undefined,
): Judgement {
  const all = entriesOf(history, 'exchange');
  const judged = judgedNodes(history);
  // Who may be let in or not may be no end of the node.
  const rows = all.filter(
    ({ clause: id, expect, node, killed }) => id === clause.id && (expect !== 'either' || killed) && judged.has(node),
  );
  const wrong = rows.filter((row) => row.killed || (row.outcome !== 'unknown' && !asWanted(row, flaw)));
  if (wrong.length > 0) return { verdict: 'fail', reason: sentence(wrong, flaw), evidence: indexes(wrong) };
  const unclear = rows.filter(({ outcome }) => outcome === 'unknown');
  if (unclear.length > 0) {
    const reason = `could not tell: ${sentence(unclear, flaw)}`;
    return { verdict: 'inconclusive', reason, evidence: indexes(unclear) };
  }

  const controls = new Set<ExchangeEntry>();
  for (const row of rows) {
    if (row.expect === 'accepted') continue;
    const { before, after } = controlsOf(row, all);
    if (before === undefined || !asWanted(before, misnaming)) return withoutControl(row, 'before', before);
    if (after === undefined || !asWanted(after, misnaming)) return withoutControl(row, 'after', after);
    controls.add(before).add(after);
  }
  const deciding = rows.filter(({ expect }) => expect === decisive);
  return (
    uncovered(history, clause, deciding, 'no exchange was made to decide it') ?? {
      verdict: 'pass',
      reason: praise(rows),
      evidence: indexes([...rows, ...controls]),
    }
  );
}

function asWanted(row: ExchangeEntry, flaw: Flaw): boolean {
  return row.outcome === row.expect && flaw(row) === undefined;
}

/** The nearest right exchanges of the same control, before a row and after it. */
export function controlsOf(
  row: ExchangeEntry,
  all: readonly ExchangeEntry[],
): { before: ExchangeEntry | undefined; after: ExchangeEntry | undefined } {
  const controls = rightOnes(all).get(inWhich(row)) ?? [];
  return {
    before: controls.findLast(({ index }) => index < row.index),
    after: controls.find(({ index }) => index > row.index),
  };
}

const inWhich = ({ control, node, role }: ExchangeEntry) => `${role}\0${node}\0${control}`;

/** The right exchanges of each control. What they are looked for in may have grown since it was last asked. */
function rightOnes(all: readonly ExchangeEntry[]): ReadonlyMap<string, readonly ExchangeEntry[]> {
  const known = right.get(all) ?? { upTo: 0, byControl: new Map<string, ExchangeEntry[]>() };
  right.set(all, known);
  for (; known.upTo < all.length; known.upTo++) {
    const one = all[known.upTo]!;
    if (one.expect !== 'accepted') continue;
    const own = known.byControl.get(inWhich(one));
    if (own === undefined) known.byControl.set(inWhich(one), [one]);
    else own.push(one);
  }
  return known.byControl;
}

// Of a mesh of a hundred services there are ten thousand exchanges, each of which asks for its controls.
const right = new WeakMap<
  readonly ExchangeEntry[],
  { upTo: number; readonly byControl: Map<string, ExchangeEntry[]> }
>();

function withoutControl(row: ExchangeEntry, where: 'before' | 'after', control: ExchangeEntry | undefined): Judgement {
  const what = control === undefined ? 'there is none' : `${came(control, misnaming)}: ${control.how}`;
  return {
    verdict: 'inconclusive',
    evidence: indexes([row, ...(control ? [control] : [])]),
    reason: `${row.node} refused ${row.row} as ${row.role}, but the control ${where} it was not accepted (${what})`,
  };
}

function sentence(rows: readonly ExchangeEntry[], flaw: Flaw): string {
  const [first, ...more] = rows;
  if (first === undefined) return '';
  const others = more.length > 0 ? `, and ${more.length} more` : '';
  return `${first.node} as ${first.role}: ${first.row}: ${came(first, flaw)}, wanted ${first.expect} (${first.how})${others}`;
}

/** What came of an exchange, with what is wrong with it. */
function came(row: ExchangeEntry, flaw: Flaw): string {
  if (row.killed) return 'the node ended of it';
  const what = row.outcome === row.expect ? flaw(row) : undefined;
  return what === undefined ? row.outcome : `${row.outcome}, but ${what}`;
}

function praise(rows: readonly ExchangeEntry[]): string {
  const refused = rows.filter(({ expect }) => expect === 'refused').length;
  const nodes = new Set(rows.map(({ node }) => node)).size;
  const roles = [...new Set(rows.map(({ role }) => role))].sort().join(' and ');
  const what =
    refused === 0
      ? `${rows.length} accepted as they must be`
      : `${refused} refused${rows.length > refused ? `, ${rows.length - refused} accepted as they must be` : ''}, each beside an accepted control`;
  return `${what}; ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, as ${roles}`;
}

export function indexes(entries: readonly { readonly index: number }[]): number[] {
  return entries.map(({ index }) => index);
}
