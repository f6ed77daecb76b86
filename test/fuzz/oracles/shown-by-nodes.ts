import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { endOf, judgedNodes, ofKind } from './entries.ts';
import { acceptedRows, everyPartLookedAt } from './exchanges.ts';
import { wasOverloaded, wasStarved } from './overloaded.ts';

type Row = EntryOf<'exchange'>;

// From docs/decisions/0014-what-a-refusal-is.md and the titles of the clauses: what a node shows of itself, in whatever exchange.

/** What an exchange tells of a node. */
type Tells = (row: Row, own: string, history: History) => 'right' | 'wrong' | 'open' | 'nothing';

function whatIsShown(role: Row['role'], expects: readonly Row['expect'][], tells: Tells): Oracle {
  return (history, clause) => {
    const judged = judgedNodes(history);
    const looked: Row[] = [];
    const asked: Row[] = [];
    let open = false;
    let wrong = false;
    for (const row of ofKind(history, 'exchange')) {
      if (row.role !== role || !judged.has(row.node) || !expects.includes(row.expect)) continue;
      asked.push(row);
      const told = tells(row, idOf(history, row.node), history);
      if (told === 'wrong') wrong = true;
      if (told === 'open') open = true;
      if (told === 'right') looked.push(row);
    }
    if (wrong) return 'fail';
    // One that was asked, and accepted nobody, has shown nothing.
    if (asked.some((row) => !looked.some(({ node }) => node === row.node))) open = true;
    return open ? 'inconclusive' : everyPartLookedAt(history, clause, looked);
  };
}

function idOf(history: History, node: string): string {
  return ofKind(history, 'node').find((one) => one.node === node)?.spiffeId ?? '';
}

/** Whoever calls at our request is the node: what it shows, or shows not, is its own doing. */
const asClient = whatIsShown('client', ['accepted'], (row, own, history) => {
  // Whose call came to nothing has shown that it is right to nobody, and that it is somebody else all the same.
  if (row.outcome !== 'accepted' && row.shown === undefined) return 'nothing';
  if (row.shown?.length !== 1 || row.shown[0] !== own) return 'wrong';
  const told = itsOwn(row, history);
  return told === 'right' && row.outcome !== 'accepted' ? 'nothing' : told;
});

const asServer = whatIsShown('server', ['accepted'], (row, own, history) => {
  if (row.outcome !== 'accepted' && row.shown === undefined) return 'nothing';
  // By another name, somebody else may listen there.
  if (row.shown?.length !== 1 || row.shown[0] !== own) return 'open';
  return itsOwn(row, history);
});

function itsOwn(row: Row, history: History): 'right' | 'wrong' | 'open' {
  if (row.unproven === undefined) return 'right';
  return hadNothingBetter(row, history) || hadNoProcessor(row, history) ? 'open' : 'wrong';
}

/** Whether the machine was too busy in the time in which it was to follow, or kept the node from running for half of that. */
function hadNoProcessor({ node, atMs, tookMs }: Row, history: History): boolean {
  const uptakeMs = ofKind(history, 'node').find((one) => one.node === node)?.uptakeMs ?? 0;
  const fromMs = atMs - tookMs - uptakeMs;
  return wasOverloaded(history, fromMs, atMs) || wasStarved(history, [node], fromMs, atMs, uptakeMs / 2);
}

/** Whether the last had ended that its agent had delivered so long before that the node was to have taken it up: then the agent is to blame. */
export function hadNothingBetter({ node, atMs, tookMs }: Row, history: History): boolean {
  const startMs = atMs - tookMs;
  const uptakeMs = ofKind(history, 'node').find((one) => one.node === node)?.uptakeMs ?? 0;
  const given = ofKind(history, 'svid').filter(
    (svid) => svid.node === node && svid.seen === 'delivered' && svid.atMs <= startMs - uptakeMs,
  );
  const last = given.toSorted((one, other) => one.atMs - other.atMs).at(-1);
  return last !== undefined && endOf(history, last) < startMs;
}

/** Tickets count whomever the node gave them to; that it gives none that allows it shows with one who is let in. */
const earlyData = whatIsShown('server', ['accepted', 'either', 'refused'], (row, own) => {
  const { earlyDataBytes, outcome, expect, shown, unproven } = row;
  // Somebody else may listen there.
  if (unproven !== undefined || (shown !== undefined && (shown.length !== 1 || shown[0] !== own))) return 'nothing';
  if (earlyDataBytes?.some((bytes) => bytes > 0) === true) return 'wrong';
  // Who gives no ticket allows nothing by one.
  return outcome === 'accepted' && expect !== 'refused' ? 'right' : 'nothing';
});

/** A right peer is accepted, and what the node shows meanwhile leads to the bundle by way of an intermediate. */
const wholeChain: Oracle = (history, clause): Verdict => {
  const judged = judgedNodes(history);
  const rows = ofKind(history, 'exchange').filter(
    ({ clause: id, node, expect }) => id === clause.id && judged.has(node) && expect !== 'either',
  );
  const verdict = acceptedRows(history, clause);
  if (verdict === 'fail') return 'fail';
  // Nothing is told by the path of what nobody knows the end of.
  for (const { path, outcome } of rows) if (path === 'incomplete' && outcome !== 'unknown') return 'fail';
  if (verdict !== 'pass') return verdict;
  // By a direct path nobody can see whether an intermediate would have been sent along.
  return rows.every(({ path }) => path === 'whole') ? 'pass' : 'inconclusive';
};

export const shownOracles: Oracles = { 'workload-api/x509-svid/intermediates-sent': wholeChain };

export const shownOraclesOfScenarios: Oracles = {
  'mesh/tls/client-presents-svid': asClient,
  'mesh/tls/server-presents-svid': asServer,
  'mesh/tls/no-early-data': earlyData,
};
