import assert from 'node:assert/strict';
import t from 'tap';
import { fault, historyOf, node, presented, request, scenario, type Step } from '../checkers/history-builder.ts';
import { shortRecovers } from '../clauses/mesh/partition.ts';
import type { Entry } from '../history.ts';
import { faultSpan, scenarioOf, scenariosOf, type ScenarioWindow } from './scenarios.ts';

const during = 'partition-short';
const nodes = [node('a'), node('b', { judged: false }), node('z', { mesh: 'brief' })];
const windowOf = (...steps: Step[]): ScenarioWindow => {
  const [first] = scenariosOf(historyOf(...steps));
  assert.ok(first !== undefined);
  return first;
};

await t.test('a scenario is what stands between its marks', async (t) => {
  const window = windowOf(
    nodes,
    [1_000, scenario(during, 'begun', { early: 5 })],
    fault(during, 'a', [1_100, 1_200, 1_300, 1_400]),
    request(during, 'probe', 'a', 1_500),
    request('rotation', 'probe', 'z', 1_600),
    [2_000, scenario(during, 'ended', { recovers: 3_000 })],
  );
  t.equal(window.scenario, during);
  t.equal(window.hypothesis, 'it holds');
  t.strictSame(window.clauses, ['mesh/partition/short-requests-survive', 'mesh/partition/short-recovers']);
  t.strictSame([window.fromMs, window.toMs, window.ended, window.index], [1_000, 2_000, true, 4]);
  t.strictSame(window.boundsMs, { early: 5, recovers: 3_000 });
  t.strictSame(
    window.requests.map(({ to }) => to),
    ['a'],
  );
  t.strictSame(
    window.faults.map(({ target, missing }) => [target, missing.length]),
    [['a', 0]],
  );
  t.strictSame(
    window.nodes.map((one) => one.node),
    ['a', 'b'],
  );
  t.strictSame([...window.judged], ['a']);
});

await t.test('a scenario that never ended goes on, and one that never began is none', async (t) => {
  const open = windowOf(scenario(during, 'begun'));
  t.strictSame([open.toMs, open.ended], [Infinity, false]);
  t.strictSame(scenariosOf(historyOf(scenario(during, 'ended'))), []);
  t.strictSame(scenariosOf(historyOf()), []);
});

await t.test('scenarios stand in the order in which they began, each once', async (t) => {
  const history = historyOf(
    scenario('rotation', 'begun'),
    scenario(during, 'begun'),
    scenario('rotation', 'begun'),
    scenario(during, 'ended'),
    scenario('rotation', 'ended'),
  );
  t.strictSame(
    scenariosOf(history).map((one) => [one.scenario, one.fromMs, one.toMs]),
    [
      ['rotation', 1, 5],
      [during, 2, 4],
    ],
  );
});

const named: readonly [by: string, step: Step][] = [
  ['request to it', request(during, 'probe', 'a', 1_500)],
  ['request from it', request(during, 'b', 'probe', 1_500)],
  ['presentation', presented(during, 'b', 1_500, 'one')],
  ['fault', fault(during, 'a', [1_100, 1_200, 1_300, 1_400])],
  ['fault on its mesh', fault(during, 'steady', [1_100, 1_200, 1_300, 1_400])],
  ['fault on what its nodes share', fault(during, 'its server', [1_100, 1_200, 1_300, 1_400], { nodes: ['b'] })],
];
for (const [by, step] of named) {
  await t.test(`the nodes are those of the meshes that a ${by} names`, async (t) => {
    const window = windowOf(nodes, scenario(during, 'begun'), step);
    t.strictSame(
      window.nodes.map((one) => one.node),
      ['a', 'b'],
    );
  });
}

await t.test('a scenario that names nobody has no nodes, and what is said of another is not its own', async (t) => {
  const others = [request('rotation', 'probe', 'a', 1_500), presented('rotation', 'a', 1_500, 'one')];
  const window = windowOf(nodes, scenario(during, 'begun'), others);
  t.strictSame(window.nodes, []);
  t.equal(window.judged.size, 0);
});

await t.test('the scenario of a clause is the one whose mark says that it decides it', async (t) => {
  const history = historyOf(scenario('rotation', 'begun'), scenario(during, 'begun'));
  t.equal(scenarioOf(history, shortRecovers.id)?.scenario, during);
  t.equal(scenarioOf(history, 'mesh/partition/long-recovers'), undefined);
  t.equal(scenarioOf(historyOf(scenario(during, 'ended')), shortRecovers.id), undefined);
});

await t.test('a history that has grown since is read again', async (t) => {
  const grown: Entry[] = [...historyOf(scenario(during, 'begun'))];
  const before = scenariosOf(grown);
  t.equal(before[0]?.ended, false);
  t.equal(scenariosOf(grown), before, 'the same reading as long as nothing is added');
  grown.push({ index: 2, atMs: 9, ...scenario(during, 'ended') });
  t.equal(scenariosOf(grown)[0]?.toMs, 9);
});

const begun = [nodes, scenario(during, 'begun')];

await t.test('faults span from the last in force to the first that is undone', async (t) => {
  const window = windowOf(
    begun,
    fault(during, 'a', [1_000, 1_200, 2_000, 2_100]),
    fault(during, 'b', [1_000, 1_300, 1_900, 2_200]),
  );
  t.strictSame(faultSpan(window), {
    targets: new Set(['a', 'b']),
    inForceMs: 1_300,
    healingMs: 1_900,
    healedMs: 2_200,
  });
});

await t.test('a fault of what nodes share keeps those nodes from it', async (t) => {
  const window = windowOf(
    begun,
    fault(during, 'the server', [1_000, 1_200, 2_000, 2_100], { kind: 'server-outage', nodes: ['a', 'b'] }),
  );
  t.strictSame(faultSpan(window)?.targets, new Set(['a', 'b']));
});

await t.test('no span without faults, without a proof, or when they were never in force together', async (t) => {
  t.equal(faultSpan(windowOf(begun)), undefined);
  const [injected, inForce, healing] = fault(during, 'a', [1_000, 1_200, 2_000, 2_100]);
  t.equal(faultSpan(windowOf(begun, injected!, inForce!, healing!)), undefined);
  const apart = windowOf(
    begun,
    fault(during, 'a', [1_000, 1_200, 1_300, 1_400]),
    fault(during, 'b', [1_000, 1_300, 1_900, 2_200]),
  );
  t.equal(faultSpan(apart), undefined);
});
