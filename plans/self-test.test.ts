import t from 'tap';
import { impostors } from '../impostors/catalogue.ts';
import { decidesAny } from '../engine/skips.ts';
import { narrowed } from './plan.ts';
import { conformers } from '../impostors/conformers.ts';
import { conformerBatches, rightNode, selfTestBatches } from './self-test.ts';

const batches = selfTestBatches(impostors, ({ id }) => `/stand-ins/${id}`);
const crowds = batches.filter(({ kind }) => kind === 'crowd');

await t.test('each impostor is judged in one batch, and its clause is chosen there', async (t) => {
  t.strictSame(
    batches.flatMap((batch) => batch.impostors.map(({ id }) => id)).sort(),
    impostors.map(({ id }) => id).sort(),
  );
  for (const { id, impostors: some, chosen } of batches)
    t.ok(
      some.every(({ breaks }) => chosen.has(breaks)),
      id,
    );
});

await t.test('batches have names of their own', async (t) => {
  t.equal(new Set(batches.map(({ id }) => id)).size, batches.length);
});

await t.test('what runs on a mesh is what decides the clauses of its impostors, and no more', async (t) => {
  for (const { id, part, chosen } of batches) {
    const [left] = narrowed({ id, parts: [part] }, chosen).parts;
    t.strictSame([left?.suites, left?.scenarios], [part.suites, part.scenarios], id);
  }
});

await t.test('in a crowd each impostor is a node under test, and a right node stands beside them', async (t) => {
  for (const { id, impostors: some, part } of crowds) {
    const judged = part.mesh.nodes.filter((node) => node.judged).map(({ name }) => name);
    t.strictSame([...judged].sort(), [...some.map((one) => one.id), rightNode].sort(), id);
    t.equal(new Set(part.mesh.nodes.map(({ service }) => service)).size, part.mesh.nodes.length, id);
  }
});

await t.test(
  'where a scenario runs, each node under test has a peer that is not, and shares none with the right node',
  async (t) => {
    for (const { id, part } of crowds.filter(({ part: { scenarios } }) => scenarios.length > 0)) {
      const { nodes } = part.mesh;
      const own = nodes.find(({ name }) => name === rightNode)?.peers;
      for (const { name, peers } of nodes.filter(({ judged }) => judged)) {
        t.equal(peers?.length, 1, `${id}: ${name}`);
        t.equal(nodes.find((node) => node.name === peers?.[0])?.judged, false, `${id}: ${name}`);
        if (name !== rightNode) t.notSame(peers, own, `${id}: ${name}`);
      }
    }
  },
);

await t.test('a stand-in of an agent is that of its own node alone', async (t) => {
  for (const { impostors: some, part } of crowds) {
    for (const { name, agent } of part.mesh.nodes)
      t.equal(
        agent,
        some.some(({ id, kind }) => id === name && kind === 'spire-agent') ? `/stand-ins/${name}` : undefined,
      );
  }
});

await t.test('a sabotaged experiment and what belongs to no node have a run of their own', async (t) => {
  const alone = batches.filter(({ kind }) => kind !== 'crowd');
  for (const { impostors: some } of alone) t.equal(some.length, 1);
  // A node that leaves something open leaves it open of itself alone.
  const sabotaged = impostors.filter(
    ({ kind, verdict }) => !['issuer', 'node'].includes(kind) && verdict === 'inconclusive',
  );
  for (const { id } of sabotaged)
    t.ok(
      alone.some((batch) => batch.id === id),
      id,
    );
});

await t.test('a node is always in a crowd, also one that leaves its clause open', async (t) => {
  const crowded = new Set(batches.filter(({ kind }) => kind === 'crowd').flatMap(({ impostors: some }) => some));
  for (const impostor of impostors.filter(({ kind }) => kind === 'node')) t.ok(crowded.has(impostor), impostor.id);
});

await t.test('conformers stand in crowds of their own, each with all that is decided of a node there', async (t) => {
  for (const by of ['suites', 'rotation', 'partition-short', 'partition-long'] as const) {
    const all = conformers.filter((one) => one.judgedBy.includes(by));
    const own = conformerBatches(all, by, (name) => `/tools/${name}`);
    t.strictSame(own.flatMap((batch) => batch.conformers.map(({ id }) => id)).sort(), all.map(({ id }) => id).sort());
    t.equal(new Set(own.map(({ id }) => id)).size, own.length, by);
    for (const { id, part, chosen, conformers: some } of own) {
      t.strictSame(
        part.mesh.nodes.filter(({ judged }) => judged).map(({ name }) => name),
        some.map((one) => one.id),
        id,
      );
      t.equal(new Set(some.map(({ mesh }) => mesh)).size, 1, `${id}: one style of mesh`);
      const [left] = narrowed({ id, parts: [part] }, chosen).parts;
      t.strictSame([left?.suites, left?.scenarios], [part.suites, part.scenarios], id);
    }
  }
});

await t.test('what a conformer needs of its mesh and of its entries is there', async (t) => {
  const all = conformers.filter((one) => one.judgedBy.includes('suites'));
  const own = conformerBatches(all, 'suites', (name) => `/tools/${name}`);
  for (const { id, mesh, node } of all) {
    const batch = own.find(({ conformers: some }) => some.some((one) => one.id === id));
    t.match(batch?.part.mesh, mesh?.spec ?? {}, id);
    t.match(
      batch?.part.mesh.nodes.find(({ name }) => name === id),
      node ?? {},
      id,
    );
  }
});

await t.test('a crowd is as large as it may be, and no larger', async (t) => {
  const nodes = impostors.filter(({ kind }) => kind === 'node');
  for (const { impostors: some } of selfTestBatches(nodes, () => '', 3)) t.ok(some.length <= 3);
});

await t.test('nothing is judged by what a mesh that is stood up for it lacks', async (t) => {
  for (const { id, part, chosen } of batches) {
    const lacks = { 'late-authority': 'its authority was there from the beginning' };
    t.ok(
      [...part.suites, ...part.scenarios].every((one) => decidesAny(one, { lacks }, chosen)),
      id,
    );
  }
});
