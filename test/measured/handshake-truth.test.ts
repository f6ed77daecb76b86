import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ownGenerator } from '../../fixtures/bench/own-generator.ts';
import { inGo, startPlantedServer, type Planted } from '../../fixtures/bench/planted-server.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { openRecorder } from '../../fixtures/run/recorder.ts';
import { newRunId } from '../../fixtures/run/run-id.ts';
import { openRun } from '../../fixtures/run/run.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import type { BenchRow } from '../../src/history.ts';
import { rowBenches } from '../../src/statistics/bench-rows.ts';
import { seeded } from '../../src/statistics/seeded.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';

t.setTimeout(120_000);

const { 'assay-generator': program } = await locateTools(['assay-generator'], { onProgress() {} });
const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
const recorder = openRecorder(out);
const run = openRun(newRunId(new Date()), out, recorder, new AbortController().signal);
t.after(() => {
  recorder.close();
  for (const dir of [out, run.dir]) rmSync(dir, { recursive: true, force: true });
});

const authority = await forgeAuthority({ trustDomain: 'example.test' });
const serverId = 'spiffe://example.test/server';
const callerId = 'spiffe://example.test/caller';
const [server, caller] = await Promise.all([serverId, callerId].map((id) => issueIdentity(authority, id)));

const usual: BenchRow = {
  ...{ kind: 'bench-row', row: 'usual', generator: 'assay', loop: 'open', verifies: 'all', node: 'planted' },
  ...{ implementation: 'planted', phase: 'steady', resumed: false, key: 'EC P-256', chain: 1, atMost: 1_000 },
  ...{ arrivals: 'poisson', wantedPerSecond: 60, seconds: 20 },
};

async function measured(change: Partial<BenchRow> & { readonly row: string }, planted: (nowUs: number) => Planted) {
  const row = { ...usual, ...change };
  await using target = await startPlantedServer(
    run,
    inGo(program.path),
    server!,
    { authorities: authority.certificatePem, expect: callerId },
    planted(Math.round(recorder.now() * 1000)),
  );
  recorder.record(row);
  await using measuring = ownGenerator(program.path).measure(
    {
      ...{ run, row, address: target.address, spiffeId: serverId, identity: caller!, seed: 1, shards: 1 },
      ...{ authorities: [authority.certificatePem], cut: new AbortController().signal },
    },
    (happening) => recorder.record(happening),
  );
  await measuring.begun;
  recorder.record({ kind: 'bench-window', row: row.row, state: 'begun' });
  recorder.record({ kind: 'bench-window', row: row.row, state: 'ended', ...(await measuring.done) });
  const bench = rowBenches(recorder.history).find(({ id }) => id === `handshake/${row.row}`);
  assert.ok(bench?.row);
  return { bench, row: bench.row, served: await target.served() };
}

const percentileOf = (values: readonly number[], share: number) =>
  values.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(share * values.length) - 1)]!;

const within = (got: number, wanted: number) => Math.abs(got - wanted) <= 0.02 * wanted;

await t.test('stalls of a server are told as long as they were, to all that came in them', async (t) => {
  // Half a second after the first is due, and from then on one each second.
  const { bench, row, served } = await measured({ row: 'stalls' }, (nowUs) => ({
    stalls: [
      ...Array.from({ length: 20 }, (_, at) => [nowUs + (at + 1) * 1e6, nowUs + (at + 1) * 1e6 + 150_000] as const),
      [nowUs + 6_000_000, nowUs + 7_400_000],
    ],
  }));
  t.equal(bench.errors, 0);
  t.equal(served.length, bench.count, 'each was served, and each was seen');
  const truth = percentileOf(
    served.map(({ accepted, met }) => (met - accepted) / 1000),
    0.99,
  );
  t.ok(truth > 1_000, `p99 is ${truth} ms by the server's log`);
  const told = row.fromDue.find(({ percentile }) => percentile === 99)?.ms ?? 0;
  t.ok(within(told, truth), `${told} ms are told, ${truth} ms were`);
});

await t.test('a distribution of delays is told as it is', async (t) => {
  const chance = seeded(9);
  // From 100 ms on, with a long tail.
  const delays = Array.from({ length: 500 }, () => Math.round(100_000 - 60_000 * Math.log(1 - chance())));
  const { row, served } = await measured({ row: 'delays' }, () => ({ delays, seed: 3 }));
  const spans = served.map(({ accepted, met }) => (met - accepted) / 1000);
  for (const percentile of [50, 90, 99]) {
    const [told, truth] = [
      row.fromDue.find((one) => one.percentile === percentile)?.ms ?? 0,
      percentileOf(spans, percentile / 100),
    ];
    t.ok(within(told, truth), `p${percentile}: ${told} ms are told, ${truth} ms were`);
  }
});

await t.test('a session is resumed with the same server, and told apart from the first', async (t) => {
  const { bench, row } = await measured({ row: 'resumed', resumed: true, seconds: 3 }, () => ({}));
  t.ok((row.resumedShare ?? 0) > 0.9, `${row.resumedShare} were resumed`);
  t.ok(bench.count > 150);
  t.equal(bench.errors, 0);
});

await t.test('shards keep the schedule together, and what they saw is one distribution', async (t) => {
  const row: BenchRow = { ...usual, row: 'shards', seconds: 5, arrivals: 'constant' };
  await using target = await startPlantedServer(
    run,
    inGo(program.path),
    server!,
    { authorities: authority.certificatePem, expect: callerId },
    {},
  );
  recorder.record(row);
  await using measuring = ownGenerator(program.path).measure(
    {
      ...{ run, row, address: target.address, spiffeId: serverId, identity: caller!, seed: 1, shards: 3 },
      ...{ authorities: [authority.certificatePem], cut: new AbortController().signal },
    },
    (happening) => recorder.record(happening),
  );
  await measuring.done;
  const bench = rowBenches(recorder.history).find(({ id }) => id === 'handshake/shards');
  t.equal(bench?.count, 300);
  t.equal((await target.served()).length, 300);
});

await t.test('a server that is another, or nobody, is an error and no latency', async (t) => {
  await using target = await startPlantedServer(
    run,
    inGo(program.path),
    caller!,
    { authorities: authority.certificatePem, expect: callerId },
    {},
  );
  for (const [name, address, wrong] of [
    ['another', target.address, /handshake: it showed \[spiffe:\/\/example.test\/caller\]/],
    ['nobody', '127.0.0.1:1', /connect: .*refused/],
  ] as const) {
    const row: BenchRow = { ...usual, row: name, seconds: 1 };
    recorder.record(row);
    await using measuring = ownGenerator(program.path).measure(
      {
        ...{ run, row, address, spiffeId: serverId, identity: caller!, seed: 1, shards: 1 },
        ...{ authorities: [authority.certificatePem], cut: new AbortController().signal },
      },
      (happening) => recorder.record(happening),
    );
    await measuring.done;
    const bench = rowBenches(recorder.history).find(({ id }) => id === `handshake/${name}`);
    t.equal(bench?.count, 0);
    t.ok((bench?.errors ?? 0) > 30);
    t.match(bench?.row?.lost[0]?.detail, wrong);
  }
});
