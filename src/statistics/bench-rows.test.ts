import assert from 'node:assert/strict';
import t from 'tap';
import { arrivals } from '../bench/arrivals.ts';
import type { BenchRow, BenchSample, Entry, Happening, History } from '../history.ts';
import { rowBenches } from './bench-rows.ts';
import { seeded } from './seeded.ts';

const row: BenchRow = {
  kind: 'bench-row',
  row: 'steady/full',
  generator: 'assay',
  loop: 'open',
  verifies: 'all',
  node: 'node-001',
  implementation: 'a node',
  phase: 'steady',
  resumed: false,
  key: 'EC P-256',
  chain: 1,
  atMost: 1_000,
  arrivals: 'constant',
  wantedPerSecond: 200,
  seconds: 60,
};

function historyOf(samples: readonly BenchSample[], more: readonly Happening[] = []): History {
  const last = samples.at(-1)?.[0] ?? 0;
  const happenings: readonly Happening[] = [
    row,
    { kind: 'bench-window', row: row.row, state: 'begun' },
    { kind: 'bench-samples', row: row.row, samples },
    ...more,
    { kind: 'bench-window', row: row.row, state: 'ended', cpuMs: samples.length / 2, wallMs: last / 1000, inFlight: 3 },
  ];
  return happenings.map((happening, at): Entry => ({ index: at + 1, atMs: at, ...happening }));
}

/** A server on a virtual clock that has one processor: it takes 1 ms of TCP and serves one connection after the other, but for stalls. */
function served(dues: readonly number[], stalls: readonly (readonly [number, number])[], serviceUs: () => number) {
  let freeUs = 0;
  return dues.map((due): BenchSample => {
    let from = Math.max(due + 1_000, freeUs);
    for (const [begin, end] of stalls) if (from >= begin && from < end) from = end;
    freeUs = from + serviceUs();
    return [due, due, 1_000, freeUs - due, freeUs - due + 200, 0];
  });
}

const percentileOf = (values: readonly number[], share: number) =>
  values.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(share * values.length - 1e-9) - 1)]!;

const chance = seeded(5);
const dues = arrivals({ kind: 'poisson', perSecond: 200, seconds: 60, fromUs: 0, chance });
const stalls = [
  ...Array.from({ length: 60 }, (_, second) => [second * 1e6 + 300_000, second * 1e6 + 350_000] as const),
  [31_000_000, 32_400_000] as const,
];
const samples = served(dues, stalls, () => Math.round(800 + 800 * chance()));

await t.test('each percentile is that of the samples, within a thousandth', async (t) => {
  const [bench] = rowBenches(historyOf(samples));
  assert.ok(bench?.row);
  const truth = samples.map(([due, begun, , tls]) => (begun - due + tls) / 1000);
  t.strictSame(
    bench.row.fromDue.map(({ percentile }) => percentile),
    [50, 90, 99, 99.9],
  );
  for (const { percentile, ms, interval, beyond } of bench.row.fromDue) {
    const wanted = percentileOf(truth, percentile / 100);
    t.ok(Math.abs(ms - wanted) <= wanted / 1000, `p${percentile}: ${ms} for ${wanted}`);
    assert.ok(interval);
    t.ok(interval.lowMs <= ms * 1.001 && ms <= interval.highMs * 1.001, `p${percentile} lies in its interval`);
    t.ok(beyond >= 10);
  }
});

await t.test('what a closed loop hides is seen', async (t) => {
  const [open] = rowBenches(historyOf(samples));
  // One caller, who asks again when he was answered: in a stall of 1.4 s he waits once, where 280 came.
  let nowUs = 0;
  const closed: BenchSample[] = [];
  while (nowUs < 60e6) {
    const [sample] = served([nowUs], stalls, () => 1_200);
    closed.push(sample!);
    nowUs += sample![4];
  }
  const [hidden] = rowBenches(historyOf(closed));
  const at = (bench: typeof open) => bench?.row?.fromDue.find(({ percentile }) => percentile === 99)?.ms ?? 0;
  t.ok(at(open) > 1_000, `${at(open)} ms in an open loop`);
  t.ok(at(hidden) < 60, `${at(hidden)} ms in a closed one`);
});

await t.test('a generator that is late says so, and its lateness counts', async (t) => {
  const late = samples.map(([due, begun, ...rest]): BenchSample => [due, begun + 80_000, ...rest]);
  const [bench] = rowBenches(historyOf(late));
  t.match(bench?.row?.late.join(), /the generator itself was late: p\d+ is 8\d\.\d+ ms/);
  t.ok((bench?.fromDueP50Ms ?? 0) > 80);
  t.ok((bench?.p50Ms ?? 99) < 3, 'TLS alone is as it was');
});

await t.test('a rate that was not reached is no figure of that rate', async (t) => {
  const [bench] = rowBenches(historyOf(samples.filter((_, nth) => nth % 10 !== 0)));
  t.match(bench?.row?.less.join(), /of 200 connections a second were reached/);
  t.strictSame(rowBenches(historyOf(samples))[0]?.row?.less, []);
  t.strictSame(rowBenches(historyOf(samples))[0]?.row?.late, []);
});

await t.test('too few samples beyond a percentile, and it is not told', async (t) => {
  const [bench] = rowBenches(historyOf(samples.slice(0, 999)));
  t.strictSame(
    bench?.row?.fromDue.map(({ percentile }) => percentile),
    [50, 90],
  );
  t.equal(bench?.p99Ms, null);
});

await t.test('what was lost is counted apart, and is no latency', async (t) => {
  const lost: Happening[] = [7, 8, 9].map((dueMs) => ({
    ...{ kind: 'bench-lost', row: row.row, dueMs, begunMs: dueMs, tookMs: 10_000 },
    detail: dueMs === 9 ? 'handshake: EOF' : 'connect: refused',
  }));
  const [bench] = rowBenches(historyOf(samples, lost));
  t.equal(bench?.errors, 3);
  t.equal(bench?.count, samples.length);
  t.equal(bench?.fromDueMaxMs, rowBenches(historyOf(samples))[0]?.fromDueMaxMs);
  t.strictSame(bench?.row?.lost, [
    { detail: 'connect: refused', count: 2 },
    { detail: 'handshake: EOF', count: 1 },
  ]);
});

await t.test('the slowest are listed with what happened then', async (t) => {
  const [bench] = rowBenches([
    ...historyOf(samples),
    { index: 90, atMs: 31_050, kind: 'authority', mesh: 'm', state: 'activated', authority: 'a' },
  ]);
  const slowest = bench?.row?.slowest ?? [];
  t.equal(slowest.length, 10);
  t.ok(slowest.every(({ atMs }) => atMs > 30_990 && atMs < 31_400));
  t.ok(slowest.some(({ beside }) => beside.includes('an authority was activated')));
});

await t.test('a row that was planned and never measured is there, and empty', async (t) => {
  const [bench] = rowBenches([{ index: 1, atMs: 0, ...row }]);
  t.equal(bench?.row?.state, 'missing');
  t.equal(bench?.count, 0);
});

await t.test('a node that is slower by the second does not bear the rate', async (t) => {
  const overloaded = served(dues, [], () => 6_000);
  const [bench] = rowBenches(historyOf(overloaded));
  t.match(bench?.row?.less.join(), /latency grew all the while, from .* ms: the node does not bear that rate/);
});

await t.test('sessions that were not resumed are left out, and that is said', async (t) => {
  const resumed: BenchRow = { ...row, resumed: true };
  const mixed = samples.map(
    (sample, at): BenchSample => [...sample.slice(0, 5), at % 3 === 0 ? 0 : 1] as unknown as BenchSample,
  );
  const of = (all: readonly BenchSample[]) =>
    rowBenches(historyOf(all).map((entry) => (entry.kind === 'bench-row' ? { ...entry, ...resumed } : entry)))[0];
  t.match(of(mixed)?.row?.less.join(), /\d+ of \d+ sessions were resumed, and the others are left out/);
  t.equal(of(samples)?.row?.state, 'unresumed', 'a node need not give tickets');
});

await t.test('connections of which nobody knows what became of them are told', async (t) => {
  const [bench] = rowBenches(
    historyOf(samples).map((entry) => (entry.kind === 'bench-window' ? { ...entry, due: samples.length + 7 } : entry)),
  );
  t.match(bench?.row?.less.join(), /7 were not seen to end/);
});
