import t from 'tap';
import type { BenchNode } from './bench.ts';
import { quietRows, quietSeconds } from './quiet-window.ts';

const node: BenchNode = { runsAs: 'node-001', ofOthers: false, implementation: 'a node' };
const spec = {
  ...{ nodes: [node] as const, perSecond: 200, seconds: quietSeconds, beside: false },
  generator: { generator: 'assay', loop: 'open', verifies: 'all' },
} as const;

await t.test('the window of a gate is one short row, without rounds', (t) => {
  const rows = quietRows(spec);
  t.match(rows, [
    { row: 'steady/full', node: 'node-001', key: 'EC P-256', chain: 1, seconds: quietSeconds, wantedPerSecond: 200 },
  ]);
  t.equal(rows[0]?.rounds, undefined);
  t.equal(rows[0]?.resumed, false);
  t.end();
});

await t.test('what is to be compared is measured in rounds, in turn with a yardstick', (t) => {
  const rows = quietRows({ ...spec, seconds: 6, beside: true });
  t.strictSame(
    rows.map(({ row, rounds, yardstick }) => [row, rounds, yardstick]),
    [
      ['steady/yardstick', 12, 'beside'],
      ['steady/full', 12, undefined],
    ],
  );
  t.end();
});

await t.test('what a mesh of others shows is not claimed', (t) => {
  const [row] = quietRows({ ...spec, nodes: [{ ...node, ofOthers: true }] });
  t.equal(row?.key, 'keys as they are there');
  t.equal(row?.chain, undefined);
  t.end();
});
