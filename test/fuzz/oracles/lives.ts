import type { EntryOf, History } from '../../../src/history.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { judgedNodes, ofKind } from './entries.ts';
import { everyPartLookedAt } from './exchanges.ts';
import { inScenario, nodesOf } from './scenario-windows.ts';
import { hadNothingBetter } from './shown-by-nodes.ts';
import { rotated } from './rotations.ts';

type Row = EntryOf<'exchange'>;

// From the node contract in README.md, docs/decisions/0017-the-life-of-a-node.md, and the titles of the clauses.

function rowsOf(history: History, id: string): Row[] {
  const judged = judgedNodes(history);
  return ofKind(history, 'exchange').filter(({ clause, node }) => clause === id && judged.has(node));
}

/** A node lives on where it was shown what is made to try it, and a right client was accepted before that and after it. */
const staysAlive: Oracle = (history, clause) => {
  const judged = judgedNodes(history);
  for (const { node, state } of ofKind(history, 'life')) if (judged.has(node) && state === 'ended') return 'fail';
  const rows = rowsOf(history, clause.id);
  const called = rows.filter((row) => row.expect === 'either');
  for (const { node, role } of rows)
    if (!called.some((row) => row.node === node && row.role === role)) return 'inconclusive';
  for (const { node, role, control, index } of called) {
    const right = rows.filter(
      (row) => row.node === node && row.role === role && row.control === control && row.expect === 'accepted',
    );
    const [before, after] = [right.findLast((row) => row.index < index), right.find((row) => row.index > index)];
    if (before?.outcome !== 'accepted' || after?.outcome !== 'accepted') return 'inconclusive';
  }
  return everyPartLookedAt(history, clause, called);
};

const leastConnections = 300;
const leastAtOnce = 32;
const leastIdle = 64;

/** After so many connections a right client is accepted still; one that is not, after however many, is turned away. */
const acceptsStill: Oracle = (history, clause) => {
  const looked: Row[] = [];
  let open = false;
  for (const all of Map.groupBy(rowsOf(history, clause.id), ({ node }) => node).values()) {
    if (all.some(({ killed }) => killed === true)) return 'fail';
    const own = all.filter(({ role }) => role === 'server');
    const [before, after] = [own[0], own.at(-1)];
    if (before === undefined || after === undefined) {
      open = true;
      continue;
    }
    looked.push(after);
    if (before.outcome !== 'accepted' || after === before || after.untried === true) open = true;
    else if (after.unproven !== undefined && hadNothingBetter(after, history)) open = true;
    else if (after.outcome !== 'accepted') return 'fail';
    else if (!cameEnough(history, after.node, after.index)) open = true;
  }
  return open ? 'inconclusive' : everyPartLookedAt(history, clause, looked);
};

/** Some three hundred connections before an entry, and dozens of them idle. */
function cameEnough(history: History, node: string, index: number): boolean {
  let all = 0;
  let idle = 0;
  let atOnce = 0;
  for (const entry of history) {
    if (entry.index >= index) break;
    // Another process has been asked nothing yet.
    if (entry.kind === 'life' && entry.node === node && entry.state === 'started') all = idle = atOnce = 0;
    if (entry.kind === 'request' && entry.to === node && entry.connection === 'new') all++;
    if (entry.kind === 'exchange' && entry.node === node && entry.role === 'server') all++;
    if (entry.kind !== 'connections' || entry.node !== node) continue;
    all += entry.opened;
    if (entry.atOnce > 1) idle += entry.opened;
    atOnce = Math.max(atOnce, entry.atOnce);
  }
  return all >= leastConnections && idle >= leastIdle && atOnce >= leastAtOnce;
}

const mostGraceMs = 10_000;

const stops: Oracle = (history, clause) => {
  const judged = judgedNodes(history);
  const ends = ofKind(history, 'life').filter(({ node, state }) => judged.has(node) && state !== 'started');
  const told = ends.filter(({ state }) => state === 'stopped' || state === 'overstayed');
  for (const { state, tookMs } of told) if (state === 'overstayed' || (tookMs ?? 0) > mostGraceMs) return 'fail';
  // Who had ended before, and is not started again, was not told to.
  if (ends.some(({ state }) => state === 'given-up')) return 'inconclusive';
  return everyPartLookedAt(
    history,
    clause,
    told.map(({ node }) => ({ node, role: 'server' })),
  );
};

const mostBlindMs = 2_000;
const leastAnswers = 10;

const staysReady = inScenario((history, window, clause) => {
  let open = !rotated(history, window);
  const looked: { node: string; role: 'server' }[] = [];
  for (const { node, judged } of nodesOf(history, window)) {
    if (!judged) continue;
    const own = ofKind(history, 'readiness').filter(
      (answers) => answers.scenario === window.scenario && answers.node === node && !wasAway(history, answers),
    );
    if (own.some(({ answer }) => answer === 'not-ready')) return 'fail';
    const ready = own.filter(({ answer }) => answer === 'ready');
    let times = 0;
    for (const answers of ready) times += answers.times;
    if (
      times < leastAnswers ||
      own.some(({ answer, fromMs, atMs }) => answer === 'none' && atMs - fromMs > mostBlindMs)
    )
      open = true;
    looked.push({ node, role: 'server' });
  }
  return open ? 'inconclusive' : everyPartLookedAt(history, clause, looked);
});

/** Whether answers came while a node had ended and was not started again yet, or right before anybody knew: then it answers nothing. */
function wasAway(history: History, { node, fromMs, atMs }: EntryOf<'readiness'>): boolean {
  const life = ofKind(history, 'life').filter((one) => one.node === node);
  for (const end of life) {
    if (end.state !== 'ended') continue;
    const back = life.find(({ state, index }) => state === 'started' && index > end.index);
    if (fromMs <= (back?.atMs ?? Infinity) && atMs >= end.atMs - mostBlindMs) return true;
  }
  return false;
}

export const lifeOracles: Oracles = {
  'mesh/node/stays-alive': staysAlive,
  'mesh/node/many-connections': acceptsStill,
  'mesh/node/stops-on-sigterm': stops,
  'mesh/node/ready-through-rotations': staysReady,
};
