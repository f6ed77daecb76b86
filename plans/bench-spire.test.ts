import t from 'tap';
import { operations } from '../fixtures/bench/spire/operations.ts';
import { fewestSamples } from '../src/statistics/bench-rows.ts';
import { spireBenchPlan } from './bench-spire.ts';

await t.test('each operation is timed beside each number of entries, which become more', (t) => {
  const { mesh, stages } = spireBenchPlan({ operations, entries: [500, 1], syncMs: 5_000 });
  t.strictSame(
    stages.map(({ entries, rows }) => [entries, rows.map(({ row }) => row.row)]),
    [
      [1, operations.map(({ id }) => `spire/${id},entries=1`)],
      [500, operations.map(({ id }) => `spire/${id},entries=500`)],
    ],
  );
  t.equal(mesh.syncIntervalMs, 5_000);
  t.ok(
    mesh.nodes.every(({ judged }) => !judged),
    'nothing of the nodes is judged',
  );
  t.equal(new Set(mesh.nodes.map(({ name, service }) => `${name} ${service}`)).size, 3);
  t.end();
});

await t.test('each is timed so often that its p90 is told, whatever chance says', (t) => {
  for (const { id, arrivals, perSecond, seconds } of operations) {
    const expected = perSecond * seconds;
    const chance = arrivals === 'poisson' ? 2.5 * Math.sqrt(expected) : 0;
    t.ok(expected - chance >= fewestSamples(90), `${id}: ${expected}`);
  }
  t.end();
});
