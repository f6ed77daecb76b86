import t from 'tap';
import { certifyPasses } from './certify.ts';
import { gatePlan } from './gate.ts';
import { clausesOf } from './plan.ts';

const decides = (plan: ReturnType<typeof gatePlan>) =>
  plan.parts
    .flatMap(({ suites, scenarios }) => [...suites, ...scenarios].flatMap(clausesOf).map(({ id }) => id))
    .sort();

await t.test('each pass decides all that the gate decides', async (t) => {
  for (const { id, plan } of certifyPasses(true)) {
    const decided = decides(plan);
    t.ok(
      decides(gatePlan()).every((clause) => decided.includes(clause)),
      id,
    );
  }
});

await t.test('a certification decides every clause, and a pass says which it leaves to another', async (t) => {
  const [first, ...later] = certifyPasses(true);
  const ofFirst = new Set(decides(first.plan));
  t.strictSame(
    [...ofFirst].filter((id) => !decides(gatePlan()).includes(id)),
    ['mesh/outage/recovers', 'mesh/outage/requests-survive'],
  );
  t.equal(first.leavesOut, undefined);
  for (const { plan, leavesOut = [], cannotShow } of later) {
    const own = new Set([...decides(plan), ...leavesOut.map(({ id }) => id)]);
    t.strictSame([...own].sort(), [...ofFirst].sort());
    t.match(cannotShow.at(-1), /^The SPIRE server itself was not killed or paused/);
  }
});

await t.test('what was not chosen is in no pass, and left out of none', async (t) => {
  for (const { plan, leavesOut } of certifyPasses(true, undefined, {}, 'pinning'))
    t.strictSame([decides(plan), leavesOut], [decides(gatePlan()), undefined]);
  const [named] = certifyPasses(true, undefined, {}, 'server-killed');
  const ids = named.plan.parts.flatMap(({ scenarios }) => scenarios.map(({ id }) => id));
  t.ok(ids.includes('server-killed') && !ids.includes('server-hung'));
});

await t.test('meshes and nodes have names of their own in each pass, and peers are among them', async (t) => {
  const meshes = certifyPasses(true).flatMap(({ plan }) => plan.parts.map(({ mesh }) => mesh));
  const names = meshes.flatMap(({ name, nodes }) => [name, ...nodes.map((node) => node.name)]);
  t.equal(new Set(names).size, names.length, names.join(', '));
  for (const { nodes } of meshes)
    for (const { peers = [] } of nodes) t.ok(peers.every((peer) => nodes.some(({ name }) => name === peer)));
});

await t.test("one pass has SPIRE's default intervals, and the lives that its scenarios need", async (t) => {
  const [, slow] = certifyPasses(true, undefined, { uptakeMs: 40_000 });
  for (const { mesh } of slow!.plan.parts) {
    t.match(mesh, { syncIntervalMs: 5_000, cacheReloadMs: 5_000 });
    t.ok(mesh.svidTtlSeconds >= 50, 'who may take long to follow is given SVIDs that live longer');
  }
  t.ok(slow!.cannotShow.length > 0);
});

await t.test('of a mesh that runs already nothing is set, so that there is one pass', async (t) => {
  t.equal(certifyPasses(false).length, 1);
});
