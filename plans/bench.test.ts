import t from 'tap';
import { benchPlan, usualShape, whyImpossible, type BenchSpec } from './bench.ts';

const own = { generator: 'assay', loop: 'open', verifies: 'all' } as const;
const spec: BenchSpec = {
  nodes: [{ command: 'node-a', implementation: 'node a' }],
  shapes: [usualShape, { ...usualShape, resumed: true }],
  phases: ['steady', 'storm'],
  generators: [own, { generator: 'k6', loop: 'open', verifies: 'nothing', mostAtOnce: 100 }],
  arrivals: 'constant',
  perSecond: 200,
  seconds: 15,
  capacity: false,
  shards: 1,
};
const idsOf = ({ phases }: ReturnType<typeof benchPlan>) => phases.flatMap(({ rows }) => rows.map(({ row }) => row));

await t.test('each phase measures the machine too, and the first what others than ours make of its first row', (t) => {
  const plan = benchPlan(spec);
  t.strictSame(idsOf(plan), [
    ...['steady/yardstick', 'steady/full', 'steady/resumed', 'steady/full/k6'],
    ...['storm/yardstick', 'storm/full', 'storm/resumed'],
  ]);
  t.equal(plan.meshes.length, 1);
  t.end();
});

await t.test('rows of ours are in rounds, of which there are as many as time allows, and six or none', (t) => {
  const roundsAt = (seconds: number) => benchPlan({ ...spec, seconds }).phases[0]!.rows.map(({ rounds }) => rounds);
  t.strictSame(roundsAt(15), [30, 30, 30, undefined]);
  t.strictSame(roundsAt(7), [14, 14, 14, undefined]);
  t.strictSame(roundsAt(2), [undefined, undefined, undefined, undefined]);
  const [authority] = benchPlan({ ...spec, phases: ['authority'] }).phases;
  t.strictSame(
    authority!.rows.map(({ row, rounds }) => [row, rounds]),
    [
      ['authority/full', undefined],
      ['authority/resumed', undefined],
      ['authority/full/k6', undefined],
    ],
    'an authority is replaced once',
  );
  t.end();
});

await t.test('each kind of SVID has a mesh of its own, in which every node is', (t) => {
  const shapes = [usualShape, { ...usualShape, key: 'RSA-2048', chain: 3 }, { ...usualShape, group: 'P-256' }] as const;
  const nodes = [
    { id: 'a', command: 'node-a', implementation: 'node a' },
    { id: 'b', command: 'node-b', implementation: 'node b' },
  ] as const;
  const { meshes, phases } = benchPlan({ ...spec, shapes, nodes, phases: ['steady'], generators: [own] });
  t.strictSame(
    meshes.map(({ name, svidKeyType, upstreamAuthority, nodes: all }) => [
      ...[name, svidKeyType, upstreamAuthority],
      all.map((node) => node.name),
    ]),
    [
      ['bench', undefined, undefined, ['node-001', 'node-002']],
      ['bench-2', 'rsa-2048', 'nested', ['node-003', 'node-004']],
    ],
  );
  t.strictSame(
    phases[0]!.rows.slice(0, 2).map(({ row, node, yardstick }) => [row, node, yardstick]),
    [
      ['steady/yardstick', 'yardstick', 'beside'],
      ['steady/yardstick,key=RSA-2048,chain=3', 'yardstick', 'beside'],
    ],
  );
  t.strictSame(
    phases[0]!.rows.slice(2).map(({ row, node, implementation }) => [row, node, implementation]),
    [
      ['steady/full,node=a', 'node-001', 'node a'],
      ['steady/full,node=b', 'node-002', 'node b'],
      ['steady/full,node=a,key=RSA-2048,chain=3', 'node-003', 'node a'],
      ['steady/full,node=b,key=RSA-2048,chain=3', 'node-004', 'node b'],
      ['steady/full,node=a,group=P-256', 'node-001', 'node a'],
      ['steady/full,node=b,group=P-256', 'node-002', 'node b'],
    ],
  );
  t.end();
});

await t.test('beside nodes of each kind of program a yardstick of that kind is measured', (t) => {
  const nodes = [
    { id: 'a', command: './node-a', implementation: 'node a' },
    { id: 'b', command: 'exec node b.js', implementation: 'node b' },
    { id: 'c', command: 'exec node c.js', implementation: 'node c' },
  ] as const;
  const { phases } = benchPlan({ ...spec, shapes: [usualShape], nodes, phases: ['steady'], generators: [own] });
  t.strictSame(
    phases[0]!.rows.map(({ row, node, on }) => [row, node, on]),
    [
      ['steady/yardstick', 'yardstick', undefined],
      ['steady/yardstick,on=Node.js', 'yardstick on Node.js', 'Node.js'],
      ['steady/full,node=a', 'node-001', undefined],
      ['steady/full,node=b', 'node-002', 'Node.js'],
      ['steady/full,node=c', 'node-003', 'Node.js'],
    ],
  );
  t.end();
});

await t.test('what is measured at the yardstick is so once, and needs no mesh', (t) => {
  const shape = { ...usualShape, at: 'yardstick', key: 'P-384', serverOnly: true } as const;
  const plan = benchPlan({ ...spec, shapes: [shape], generators: [own] });
  t.strictSame(idsOf(plan), ['steady/full,at=yardstick,key=P-384,server-only']);
  t.match(plan.phases[0]!.rows[0], { yardstick: 'alone', key: 'EC P-384', serverOnly: true });
  t.strictSame(plan.meshes, []);
  t.end();
});

await t.test('of a mesh that runs already nothing is started, and its rows name its nodes', (t) => {
  const plan = benchPlan({
    ...spec,
    nodes: [{ ofOthers: true, runsAs: 'backend', implementation: 'not started by Assay, at host:8443' }],
    phases: ['steady'],
    generators: [own],
  });
  t.strictSame(plan.meshes, []);
  t.match(plan.phases[0]!.rows[1], { row: 'steady/full', node: 'backend', key: 'keys as they are there' });
  t.end();
});

await t.test('what no mesh can show is said with what can', (t) => {
  t.equal(whyImpossible(usualShape, ['steady', 'authority']), undefined);
  t.match(whyImpossible({ ...usualShape, serverOnly: true }, []), /takes no caller that shows no SVID/);
  t.match(whyImpossible({ ...usualShape, key: 'P-384' }, []), /issues the SVIDs of workloads on P-256/);
  t.match(whyImpossible({ ...usualShape, chain: 2 }, ['authority']), /which SPIRE cannot replace/);
  t.equal(whyImpossible({ ...usualShape, at: 'yardstick', key: 'P-384', serverOnly: true }, []), undefined);
  t.end();
});
