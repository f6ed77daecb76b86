import assert from 'node:assert/strict';
import { test } from 'node:test';
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

await test('a scenario is what stands between its marks', () => {
  const window = windowOf(
    nodes,
    [1_000, scenario(during, 'begun', { early: 5 })],
    fault(during, 'a', [1_100, 1_200, 1_300, 1_400]),
    request(during, 'probe', 'a', 1_500),
    request('rotation', 'probe', 'z', 1_600),
    [2_000, scenario(during, 'ended', { recovers: 3_000 })],
  );
  assert.equal(window.scenario, during);
  assert.equal(window.hypothesis, 'it holds');
  assert.deepEqual(window.clauses, ['mesh/partition/short-requests-survive', 'mesh/partition/short-recovers']);
  assert.deepEqual([window.fromMs, window.toMs, window.ended, window.index], [1_000, 2_000, true, 4]);
  assert.deepEqual(window.boundsMs, { early: 5, recovers: 3_000 });
  assert.deepEqual(
    window.requests.map(({ to }) => to),
    ['a'],
  );
  assert.deepEqual(
    window.faults.map(({ target, missing }) => [target, missing.length]),
    [['a', 0]],
  );
  assert.deepEqual(
    window.nodes.map((one) => one.node),
    ['a', 'b'],
  );
  assert.deepEqual([...window.judged], ['a']);
});

await test('a scenario that never ended goes on, and one that never began is none', () => {
  const open = windowOf(scenario(during, 'begun'));
  assert.deepEqual([open.toMs, open.ended], [Infinity, false]);
  assert.deepEqual(scenariosOf(historyOf(scenario(during, 'ended'))), []);
  assert.deepEqual(scenariosOf(historyOf()), []);
});

await test('scenarios stand in the order in which they began, each once', () => {
  const history = historyOf(
    scenario('rotation', 'begun'),
    scenario(during, 'begun'),
    scenario('rotation', 'begun'),
    scenario(during, 'ended'),
    scenario('rotation', 'ended'),
  );
  assert.deepEqual(
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
];
for (const [by, step] of named) {
  await test(`the nodes are those of the meshes that a ${by} names`, () => {
    const window = windowOf(nodes, scenario(during, 'begun'), step);
    assert.deepEqual(
      window.nodes.map((one) => one.node),
      ['a', 'b'],
    );
  });
}

await test('a scenario that names nobody has no nodes, and what is said of another is not its own', () => {
  const others = [request('rotation', 'probe', 'a', 1_500), presented('rotation', 'a', 1_500, 'one')];
  const window = windowOf(nodes, scenario(during, 'begun'), others);
  assert.deepEqual(window.nodes, []);
  assert.equal(window.judged.size, 0);
});

await test('the scenario of a clause is the one whose mark says that it decides it', () => {
  const history = historyOf(scenario('rotation', 'begun'), scenario(during, 'begun'));
  assert.equal(scenarioOf(history, shortRecovers.id)?.scenario, during);
  assert.equal(scenarioOf(history, 'mesh/partition/long-recovers'), undefined);
  assert.equal(scenarioOf(historyOf(scenario(during, 'ended')), shortRecovers.id), undefined);
});

await test('a history that has grown since is read again', () => {
  const grown: Entry[] = [...historyOf(scenario(during, 'begun'))];
  const before = scenariosOf(grown);
  assert.equal(before[0]?.ended, false);
  assert.equal(scenariosOf(grown), before, 'the same reading as long as nothing is added');
  grown.push({ index: 2, atMs: 9, ...scenario(during, 'ended') });
  assert.equal(scenariosOf(grown)[0]?.toMs, 9);
});

const begun = [nodes, scenario(during, 'begun')];

await test('faults span from the last in force to the first that is undone', () => {
  const window = windowOf(
    begun,
    fault(during, 'a', [1_000, 1_200, 2_000, 2_100]),
    fault(during, 'b', [1_000, 1_300, 1_900, 2_200]),
  );
  assert.deepEqual(faultSpan(window), {
    targets: new Set(['a', 'b']),
    inForceMs: 1_300,
    healingMs: 1_900,
    healedMs: 2_200,
  });
});

await test('no span without faults, without a proof, or when they were never in force together', () => {
  assert.equal(faultSpan(windowOf(begun)), undefined);
  const [injected, inForce, healing] = fault(during, 'a', [1_000, 1_200, 2_000, 2_100]);
  assert.equal(faultSpan(windowOf(begun, injected!, inForce!, healing!)), undefined);
  const apart = windowOf(
    begun,
    fault(during, 'a', [1_000, 1_200, 1_300, 1_400]),
    fault(during, 'b', [1_000, 1_300, 1_900, 2_200]),
  );
  assert.equal(faultSpan(apart), undefined);
});
