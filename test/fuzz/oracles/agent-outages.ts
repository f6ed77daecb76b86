import type { KnownClause } from '../../../src/clauses/catalogue.ts';
import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { ofKind, skipped } from './entries.ts';
import { everyPartLookedAt, refusedRows } from './exchanges.ts';
import { provenOutage, type Outage } from './faults.ts';
import { noneLost } from './lost-requests.ts';
import { wasOverloadedThrough } from './overloaded.ts';
import { inScenario, nodesOf, svidsOf, type Window } from './scenario-windows.ts';

// From docs/scenarios/agent-restart.md and the titles of the clauses.

/** A clause that is decided by a restart of agents: proven. */
function inTheOutage(
  judge: (history: History, window: Window, outage: Outage, clause: KnownClause) => Verdict,
): Oracle {
  return inScenario((history, window, clause) => {
    const outage = provenOutage(history, window);
    if (outage === undefined) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
    return judge(history, window, outage, clause);
  });
}

/** Whether the agent of every node under test was away. */
function ofAll(history: History, window: Window, { targets }: Outage): boolean {
  return nodesOf(history, window).every(({ node, judged }) => !judged || targets.has(node));
}

const survives = inTheOutage((history, window, outage, { id }) => {
  const verdict = noneLost(history, window, { connection: 'new', duePerSecond: 50, begunPerSecond: 10 }, id);
  return ofAll(history, window, outage) ? verdict : 'inconclusive';
});

const strangersRefused: Oracle = (history, clause) => {
  const began = ofKind(history, 'scenario').some(
    ({ state, clauses }) => state === 'begun' && clauses.includes(clause.id),
  );
  const rows = refusedRows(history, clause);
  if (began && rows !== 'pass') return rows;
  return whileAway(history, clause);
};

/** To each node in each role a stranger came while its agent was away: after it was seen to be, and before it was started again. */
const whileAway = inTheOutage((history, window, outage, clause) => {
  if (!ofAll(history, window, outage)) return 'inconclusive';
  const came = ofKind(history, 'exchange').filter((row) => {
    const beganMs = row.atMs - row.tookMs;
    return (
      row.clause === clause.id &&
      row.expect === 'refused' &&
      beganMs >= outage.inForceMs &&
      beganMs <= outage.healingMs &&
      row.atMs <= outage.healedMs
    );
  });
  return everyPartLookedAt(history, clause, came);
});

const reconnects = inTheOutage((history, window, outage) => {
  const boundMs = window.boundsMs['takenUp'];
  const judged = nodesOf(history, window).filter((node) => node.judged);
  if (boundMs === undefined || judged.length === 0) return 'inconclusive';
  const found = judged.map(({ node }) => reconnected(history, window, outage, node, outage.healedMs + boundMs));
  if (found.includes('fail'))
    return wasOverloadedThrough(history, window.fromMs, window.toMs) ? 'inconclusive' : 'fail';
  // One whose agent was not away has nothing to come back to.
  return found.includes('inconclusive') || !ofAll(history, window, outage) ? 'inconclusive' : 'pass';
});

/** In time a new connection shows an SVID that the agent has delivered since; who shows an older one past the bound, whenever that is, has not followed. */
function reconnected(history: History, window: Window, outage: Outage, node: string, dueMs: number): Verdict {
  const before = svidsOf(history, node, 'delivered').filter(({ atMs }) => atMs < outage.healingMs);
  const isNew = (serial: string) => {
    if (before.some((svid) => svid.serial === serial)) return false;
    const all = ofKind(history, 'svid').filter((svid) => svid.node === node && svid.serial === serial);
    // One that nobody but the node was given is known by its end.
    return all.some((svid) => svid.seen === 'delivered' || endsAfterAll(svid, before));
  };
  let firstNewMs = Infinity;
  let seenOld = false;
  for (const { to, outcome, connection, resumed, server, startMs } of ofKind(history, 'request')) {
    if (startMs < window.fromMs || to !== node || outcome !== 'ok' || connection !== 'new') continue;
    if (resumed === true || server === undefined) continue;
    if (isNew(server.serial)) firstNewMs = Math.min(firstNewMs, startMs);
    else if (startMs > dueMs) seenOld = true;
  }
  if (seenOld) return 'fail';
  // One that was started again has nothing to come back to.
  for (const life of ofKind(history, 'life'))
    if (life.node === node && life.state === 'ended' && life.atMs >= window.fromMs && life.atMs <= firstNewMs)
      return 'inconclusive';
  return firstNewMs <= dueMs ? 'pass' : 'inconclusive';
}

function endsAfterAll({ notAfter }: EntryOf<'svid'>, others: readonly EntryOf<'svid'>[]): boolean {
  return others.every((other) => Date.parse(notAfter) > Date.parse(other.notAfter));
}

export const agentOutageOracles: Oracles = {
  'mesh/node/survives-workload-api': survives,
  'mesh/node/strangers-refused-without-agent': strangersRefused,
  'mesh/node/reconnects-to-workload-api': reconnects,
};
