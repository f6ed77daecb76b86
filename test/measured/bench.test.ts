import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { entriesOf } from '../../src/history.ts';
import { assay, assertEnded, assertNothingRuns, makePlace, readHistory, readReport, startCli } from '../cli-run.ts';

t.setTimeout(600_000);

const documents = ['report.html', 'junit.xml', 'results.tap', 'metrics.prom'];
const bench = ['bench', 'handshake', '--seed', '7'];
const slowedNode = join(import.meta.dirname, '../../scripts/comparison/slowed-node.ts');

await t.test('handshakes are measured while all is calm, while the mesh is cut, and while it rotates', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, [
    ...[...bench, '--json', '--rate', '100', '--seconds', '3', '--row', 'full', '--row', 'resumed,group=P-256'],
    ...['--phases', 'steady,partition,healed,storm'],
  ]);
  assertEnded(place, ended, { code: 0 });
  const report = readReport(ended.out);
  t.strictSame(JSON.parse(ended.stdout), report, 'standard output holds the report and nothing else');
  t.equal(report.verdict, 'pass');
  t.strictSame(
    report.bench.map(({ id }) => id),
    [
      ...['steady', 'partition', 'healed', 'storm'].flatMap((phase) => [
        `handshake/${phase}/yardstick,on=Node.js`,
        `handshake/${phase}/full`,
        `handshake/${phase}/resumed,group=P-256`,
      ]),
    ],
  );
  for (const { id, count, errors, row, fromDueP50Ms, p50Ms } of report.bench) {
    t.equal(errors, 0, `${id}: ${JSON.stringify(row?.lost)}`);
    // Where identities rotate all the time, so do the keys of tickets.
    t.ok(count > (id.includes('storm/resumed') ? 30 : 240), `${id}: ${count} were answered`);
    t.ok(fromDueP50Ms >= p50Ms && p50Ms > 0, id);
    t.ok((row?.generatorCpuMs ?? 0) > 0, id);
    t.ok(row?.yardstick !== undefined || (row?.nodeCpuMs ?? 0) > 0, id);
    t.equal(row?.slowest.length, 10, id);
  }
  const history = readHistory(ended.out);
  const [cut, healed] = ['in-force', 'healed'].map((state) =>
    entriesOf(history, 'fault').find((fault) => fault.state === state),
  );
  const windows = entriesOf(history, 'bench-window').filter(({ row }) => row.startsWith('partition/'));
  t.equal(windows.length, 36, 'three rows in six rounds');
  t.ok(
    windows.every(({ atMs }) => atMs > cut!.atMs && atMs < healed!.atMs),
    'the mesh was cut all the while',
  );
  const storm = entriesOf(history, 'bench-window').filter(({ row }) => row === 'storm/full');
  const rotations = entriesOf(history, 'svid').filter(
    ({ seen, atMs }) => seen === 'delivered' && atMs > storm[0]!.atMs && atMs < storm.at(-1)!.atMs,
  );
  t.ok(rotations.length >= 5, `${rotations.length} SVIDs were delivered in the storm`);

  const before = documents.map((name) => readFileSync(join(ended.out, name)));
  for (const name of documents) rmSync(join(ended.out, name));
  t.equal((await assay(place, ['report', 'render', ended.out])).code, 0);
  documents.forEach((name, at) => t.strictSame(readFileSync(join(ended.out, name)), before[at], name));
  const files = readdirSync(ended.out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files)
    t.notMatch(readFileSync(join(parentPath, name), 'utf8'), /PRIVATE KEY/, name);
});

await t.test(
  'the authority is replaced under a row, and another node in another TLS stack is measured alike',
  async (t) => {
    const { 'assay-go-node': node } = await locateTools(['assay-go-node'], { onProgress() {} });
    await using place = makePlace();
    const ended = await assay(place, [
      ...[...bench, '--node', node.path, '--rate', '50', '--seconds', '15', '--row', 'full', '--phases', 'authority'],
      ...['--shards', '2', '--arrivals', 'poisson'],
    ]);
    assertEnded(place, ended, { code: 0, says: [/MEASURED/, /authority\/full/] });
    const history = readHistory(ended.out);
    const [begun, over] = entriesOf(history, 'bench-window').filter(({ row }) => row === 'authority/full');
    t.strictSame(
      entriesOf(history, 'authority')
        .filter(({ atMs }) => atMs > begun!.atMs && atMs < over!.atMs)
        .map(({ state }) => state),
      ['prepared', 'activated', 'tainted', 'revoked'],
    );
  },
);

await t.test('a bound that all keep is kept, one that none can keep is not', async (t) => {
  await using place = makePlace();
  const args = [...bench, '--rate', '100', '--seconds', '3', '--row', 'full', '--quiet'];
  const kept = await assay(place, [...args, '--slo', 'p50<=5s']);
  assertEnded(place, kept, { code: 0, says: [/p50<=5s held/, /ok +p50<=5s on steady\/full: p50 is/] });
  t.equal(readReport(kept.out).objectives?.[0]?.verdict, 'pass');

  const broken = await assay(place, [...args, '--slo', 'p50<=0.01ms']);
  const { objectives, bench: rows } = readReport(broken.out);
  // What else the machine did excuses it, and in the end the second time decides.
  const of = (name: string) => rows.find(({ id }) => id === `handshake/steady/full${name}`)?.row;
  const calm = of('')?.disturbed.length === 0 && of('/again')?.disturbed.length === 0;
  t.equal(objectives?.[0]?.verdict, calm ? 'fail' : 'inconclusive', objectives?.[0]?.reason ?? '');
  assertEnded(place, broken, { code: calm ? 1 : 3, says: [/p50<=0\.01ms .*steady\/full: p50 is/] });
});

await t.test('the rate is raised until latency bends', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, [
    ...[...bench, '--rate', '60', '--seconds', '2', '--row', 'full', '--capacity', '--quiet'],
  ]);
  assertEnded(place, ended, {
    code: 0,
    says: [/capacity: latency holds up to \d+ connections a second, and bends at \d+/],
  });
  const { capacity } = readReport(ended.out);
  t.ok((capacity?.holdsPerSecond ?? 0) >= 60, capacity?.why ?? 'none');
  t.ok((capacity?.bendsPerSecond ?? 0) > (capacity?.holdsPerSecond ?? 0), capacity?.why ?? 'none');
  t.ok((capacity?.curve.length ?? 0) >= 3);
  t.match(readFileSync(join(ended.out, 'report.html'), 'utf8'), /Latency from the moment due, by the rate/);
});

await t.test('what was measured until it was stopped is told, and told to be cut', async (t) => {
  await using place = makePlace();
  const cli = startCli(place, [...bench, '--rate', '50', '--seconds', '60', '--row', 'full']);
  await cli.until('samples', ({ kind }) => kind === 'bench-samples');
  cli.child.kill('SIGINT');
  const ended = await cli.ended;
  assertEnded(place, ended, { code: 130, says: [/stopped by SIGINT/] });
  const report = readReport(ended.out);
  t.equal(report.verdict, 'inconclusive');
  t.ok(report.bench.every(({ row }) => row?.state === 'cut' || row?.state === 'missing'));
  t.ok((report.bench[0]?.count ?? 0) > 0);
  await assertNothingRuns(place);
});

await t.test('a node that got slower since an earlier run fails, and one that did not does not', async (t) => {
  await using place = makePlace();
  const run = (workMs: number, ...more: readonly string[]) =>
    assay(place, [
      ...[...bench, '--node', `${process.execPath} ${slowedNode} ${workMs}`, '--rate', '100', '--seconds', '4'],
      ...['--row', 'full', '--quiet', ...more],
    ]);
  const before = await run(0);
  assertEnded(place, before, { code: 0 });
  const same = await run(0, '--baseline', before.out, '--tolerance', '50');
  t.notOk(
    readReport(same.out).objectives?.some(({ verdict }) => verdict === 'fail'),
    JSON.stringify(readReport(same.out).objectives),
  );
  const slower = await run(10, '--baseline', before.out, '--tolerance', '50');
  const { objectives = [], bench: rows } = readReport(slower.out);
  t.equal(objectives.length, 2, 'p50 and p90');
  // What the machine did meanwhile, or beside the earlier run, leaves it open; nothing makes a pass of it.
  for (const { verdict, reason } of objectives)
    t.ok(
      verdict === 'fail' || (verdict === 'inconclusive' && / but .*(processors|late|rounds differ)/.test(reason)),
      reason,
    );
  const fails = objectives.some(({ verdict }) => verdict === 'fail');
  if (fails)
    t.ok(
      rows.some(({ id }) => id === 'handshake/steady/full/again'),
      'it was measured again',
    );
  assertEnded(place, slower, { code: fails ? 1 : 3, says: [/p(50|90) like run \S+ .*steady\/full: p(50|90) is/] });
});

await t.test('keys, chains, one side alone, and nodes of other styles are measured side by side', async (t) => {
  await using place = makePlace();
  const short = ['--rate', '100', '--seconds', '2', '--quiet'];
  const axes = await assay(place, [
    ...[...bench, ...short, '--phases', 'steady,storm', '--row', 'full,key=RSA-2048,chain=3', '--row', 'full,chain=2'],
    ...['--row', 'full,at=yardstick,key=P-384,server-only', '--row', 'resumed,at=yardstick,key=RSA-2048,chain=3'],
  ]);
  assertEnded(place, axes, { code: 0 });
  const report = readReport(axes.out);
  t.strictSame(
    report.bench.map(({ id, errors, row }) => [id, errors, row?.key, row?.chain]),
    [
      ['handshake/steady/yardstick,on=Node.js,key=RSA-2048,chain=3', 0, 'RSA-2048', 3],
      ['handshake/steady/yardstick,on=Node.js,chain=2', 0, 'EC P-256', 2],
      ['handshake/steady/full,key=RSA-2048,chain=3', 0, 'RSA-2048', 3],
      ['handshake/steady/full,chain=2', 0, 'EC P-256', 2],
      ['handshake/steady/full,at=yardstick,key=P-384,server-only', 0, 'EC P-384', 1],
      ['handshake/steady/resumed,at=yardstick,key=RSA-2048,chain=3', 0, 'RSA-2048', 3],
      ['handshake/storm/yardstick,on=Node.js,key=RSA-2048,chain=3', 0, 'RSA-2048', 3],
      ['handshake/storm/yardstick,on=Node.js,chain=2', 0, 'EC P-256', 2],
      ['handshake/storm/full,key=RSA-2048,chain=3', 0, 'RSA-2048', 3],
      ['handshake/storm/full,chain=2', 0, 'EC P-256', 2],
    ],
  );
  t.match(report.bench[4]?.method, /in which only the server shows a certificate, EC P-384/);

  const styles = await assay(place, [
    ...[...bench, ...short, '--row', 'full', '--conformer', 'go-tickets,tls-p-384-alone'],
  ]);
  assertEnded(place, styles, { code: 0 });
  t.strictSame(
    readReport(styles.out).bench.map(({ id, errors, count }) => [id, errors, count]),
    [
      ['handshake/steady/yardstick', 0, 200],
      ['handshake/steady/yardstick,on=Node.js', 0, 200],
      ['handshake/steady/full,node=go-tickets', 0, 200],
      ['handshake/steady/full,node=tls-p-384-alone', 0, 200],
    ],
  );
});

await t.test('what SPIRE does is timed, beside few entries and beside more', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, [
    ...['bench', 'spire', '--json', '--seed', '7', '--sync', '0.5', '--seconds', '4', '--entries', '1,40'],
  ]);
  assertEnded(place, ended, { code: 0 });
  const { bench, verdict } = readReport(ended.out);
  t.equal(verdict, 'pass');
  t.strictSame(
    bench.map(({ id }) => id),
    [1, 40].flatMap((entries) =>
      ['mint', 'first-svid', 'attest', 'entry', 'bundle'].map((id) => `spire/${id},entries=${entries}`),
    ),
  );
  for (const { id, count, errors, row, fromDueP50Ms } of bench) {
    t.equal(errors, 0, `${id}: ${JSON.stringify(row?.lost)}`);
    t.ok(count >= 5, `${id}: ${count}`);
    // What waits for the next sync takes a good part of one; nothing else does.
    if (/entry|bundle/.test(id)) t.ok(fromDueP50Ms > 50, `${id}: ${fromDueP50Ms} ms`);
  }
});
