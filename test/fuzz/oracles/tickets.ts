import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { judgedNodes, ofKind } from './entries.ts';
import { everyPartLookedAt } from './exchanges.ts';

type Row = EntryOf<'exchange'>;

// From docs/decisions/0016-shown-in-the-quiet.md: a session is offered while its identity is good, and again when it is not. Only who resumes
// it then lets the session outlive the identity; whoever lets the identity itself in breaks another clause, and leaves this one open.

/** The exchanges of each control of a clause, in their order. */
function byControl(history: History, id: string): Row[][] {
  const judged = judgedNodes(history);
  const all = ofKind(history, 'exchange').filter(({ node }) => judged.has(node));
  const names = new Set(all.filter(({ clause }) => clause === id).map(({ control }) => control));
  return [...names].map((name) => all.filter(({ control }) => control === name));
}

const wasResumed = (row: Row) => row.outcome === 'accepted' && row.tls?.resumed === true;

function tickets(besideLiving: boolean): Oracle {
  return (history, clause): Verdict => {
    const controls = byControl(history, clause.id);
    for (const rows of controls) for (const row of rows) if (row.expect === 'refused' && wasResumed(row)) return 'fail';
    for (const rows of controls) if (!tells(history, rows, besideLiving)) return 'inconclusive';
    return everyPartLookedAt(
      history,
      clause,
      controls.map(([first]) => ({ node: first!.node, role: 'server' })),
    );
  };
}

function tells(history: History, rows: readonly Row[], besideLiving: boolean): boolean {
  const late = rows.filter(({ expect }) => expect === 'refused');
  const first = late[0];
  if (first === undefined || rows.some(({ outcome }) => outcome === 'unknown')) return false;
  if (late.some(({ outcome }) => outcome !== 'refused')) return false;
  const right = rows.filter(({ expect }) => expect === 'accepted');
  const [before, after] = [
    right.findLast(({ index }) => index < first.index),
    right.find(({ index }) => index > first.index),
  ];
  if (before?.outcome !== 'accepted' || after?.outcome !== 'accepted') return false;
  // One that was started again meanwhile remembers no session.
  for (const { node, index } of late)
    for (const { node: who, state, index: at } of ofKind(history, 'life'))
      if (who === node && state === 'ended' && at > before.index && at < index) return false;
  // Who resumes nothing while it might is judged by the full handshake.
  const sessions = rows.filter(({ expect }) => expect === 'either');
  if (!sessions.some((row) => row.index < first.index && wasResumed(row))) return !resumesAnything(history, first.node);
  // The keys of tickets may have changed: that of a living identity has to be resumed right after it.
  return !besideLiving || sessions.some((row) => row.index > first.index && wasResumed(row));
}

/** Who resumed a session of anybody resumes sessions. */
function resumesAnything(history: History, node: string): boolean {
  for (const { to, outcome, resumed } of ofKind(history, 'request'))
    if (to === node && outcome === 'ok' && resumed === true) return true;
  for (const row of ofKind(history, 'exchange'))
    if (row.node === node && row.role === 'server' && wasResumed(row)) return true;
  return false;
}

export const ticketOracles: Oracles = {
  'mesh/tls/ticket-not-past-svid': tickets(true),
  'mesh/rotation/ticket-not-past-authority': tickets(false),
};
