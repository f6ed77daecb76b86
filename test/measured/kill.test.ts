import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from '../../src/history.ts';
import {
  assay,
  assertEnded,
  assertNothingRuns,
  assertRecord,
  containersOf,
  makePlace,
  processesWith,
  project,
  readHistory,
  readReport,
  startCli,
  type Cli,
  type Place,
} from '../cli-run.ts';

t.setTimeout(3_600_000);

const goneWithinMs = 10_000;

/** A moment of a run: so long after its start, or when its history has such an entry. */
type Moment = number | ((entry: Entry) => boolean);

async function reach(cli: Cli, moment: Moment): Promise<void> {
  if (typeof moment === 'number') await sleep(moment);
  else await cli.until('the moment', moment);
}

const fault = (state: string) => (entry: Entry) => entry.kind === 'fault' && entry.state === state;
const begins = (phase: string) => (entry: Entry) =>
  entry.kind === 'phase' && entry.phase === phase && entry.state === 'begun';

await t.test('a signal heals and reports', { jobs: 2 }, async (t) => {
  const moments: [title: string, moment: (entry: Entry) => boolean, signal: NodeJS.Signals, entry?: string][] = [
    ['while the mesh is stood up', begins('mesh steady'), 'SIGINT'],
    ['as the first SVID is delivered', (entry) => entry.kind === 'svid', 'SIGTERM'],
    ['as a link is cut', fault('injected'), 'SIGINT'],
    ['in a partition', fault('in-force'), 'SIGINT'],
    ['after a partition', fault('healed'), 'SIGTERM'],
    ['while the authority rotates', (entry) => entry.kind === 'authority' && entry.state === 'activated', 'SIGHUP'],
    ['by way of bin.js', fault('in-force'), 'SIGINT', 'cli/bin.js'],
  ];
  for (const [title, moment, signal, entry] of moments) {
    void t.test(`${signal} ${title}`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--json'], entry === undefined ? {} : { entry });
      await reach(cli, moment);
      const sentAt = performance.now();
      cli.child.kill(signal);
      const ended = await cli.ended;
      assertEnded(place, ended, {
        code: 130,
        says: [/stopping: healing what is broken and writing the report; once more to leave at once/],
      });
      t.ok(performance.now() - sentAt < 10_000, `took ${((performance.now() - sentAt) / 1000).toFixed(1)} s`);
      const report = assertRecord(ended);
      t.equal(report.run.aborted, `stopped by ${signal}`);
      t.equal(report.verdict, 'inconclusive');
      t.strictSame(
        report.clauses
          .filter(({ verdict }) => verdict === 'pass' || verdict === 'fail')
          .map(({ id, reason }) => `${id}: ${reason}`),
        [],
        'nothing is held for or against the mesh',
      );
      t.strictSame(JSON.parse(ended.stdout), report);
      await assertNothingRuns(place);
    });
  }

  for (const scenario of ['server-killed', 'server-hung']) {
    void t.test(`SIGINT while the SPIRE server is out, in ${scenario}`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--only', scenario]);
      await reach(cli, fault('in-force'));
      cli.child.kill('SIGINT');
      const ended = await cli.ended;
      assertEnded(place, ended, { code: 130, says: [/stopped by SIGINT: all faults healed, all programs ended/] });
      const [told] = assertRecord(ended).scenarios;
      t.ok(
        told?.faults.every(({ healedProvenBy }) => healedProvenBy),
        'it was seen to be back',
      );
      await assertNothingRuns(place);
    });
  }

  void t.test('two at once, as npm makes of one, are one', { buffered: true }, async (t) => {
    await using place = makePlace();
    const cli = startCli(place, ['gate'], { entry: 'cli/bin.js' });
    await reach(cli, fault('in-force'));
    cli.child.kill('SIGINT');
    cli.child.kill('SIGINT');
    await sleep(50);
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    assertEnded(place, ended, { code: 130 });
    t.equal(ended.stderr.match(/stopping:/g)?.length, 1);
    assertRecord(ended);
    await assertNothingRuns(place);
  });

  void t.test('a second one, later, leaves at once, and the guardian cleans up', { buffered: true }, async (t) => {
    await using place = makePlace();
    // A node that does not stop when asked to keeps the run from ending for its 1.5 s.
    const cli = startCli(place, [
      'gate',
      '--only',
      'partition-short',
      '--node',
      `trap '' TERM; ${process.execPath} ${join(project, 'mesh/node/main.ts')} & while :; do wait; done`,
    ]);
    await reach(cli, fault('in-force'));
    cli.child.kill('SIGINT');
    await sleep(900);
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    t.equal(ended.code, 130, ended.stderr);
    await assertNothingRuns(place, goneWithinMs);
    t.strictSame(place.scratch(), []);
  });

  void t.test('a signal while the report is written', { buffered: true }, async (t) => {
    await using place = makePlace();
    const cli = startCli(place, ['gate', '--only', 'mesh/planes/spire-server']);
    await reach(cli, (entry) => entry.kind === 'run-ended');
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    // Too late to change what was found out, or even to be heard; the record is whole.
    t.ok(ended.code === 130 || ended.code === 0, `exit ${ended.code ?? ended.signal}`);
    assertRecord(ended);
    await assertNothingRuns(place);
  });
});

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
}

function guardianIn(place: Place): number | undefined {
  return processesWith(`TMPDIR=${place.dir}`).find(({ command }) => command.includes('/guardian/watch.ts'))?.pid;
}

type Victims = 'the process' | 'its process group' | 'it and its guardian';

function kill(place: Place, cli: Cli, victims: Victims): void {
  const pid = cli.child.pid!;
  const guardian = guardianIn(place);
  assert.match(commandOf(pid), /cli\/(assay\.ts|bin\.js) gate/);
  if (victims === 'it and its guardian' && guardian !== undefined) process.kill(guardian, 'SIGKILL');
  process.kill(victims === 'its process group' ? -pid : pid, 'SIGKILL');
}

/** After a kill: in time nothing runs; the record is what it was; a next run removes the scratch directory if the guardian did not. */
async function assertGone(place: Place, cli: Cli, victims: Victims): Promise<void> {
  assert.equal((await cli.ended).signal, 'SIGKILL');
  await assertNothingRuns(place, goneWithinMs);
  if (victims !== 'it and its guardian')
    assert.deepEqual(place.scratch(), [], 'the guardian removed the scratch directory');
  const history = readHistory(cli.out);
  if (history.length > 0) {
    assert.equal(history[0]?.kind, 'run-started');
    const judged = await assay(place, ['report', 'render', cli.out]);
    assert.equal(judged.code, 0, judged.stderr);
    assert.notEqual(readReport(cli.out).verdict, 'pass');
    assert.equal(readReport(cli.out).run.aborted, 'its history has no end, so it was killed');
  }
}

await t.test('kill -9 leaves nothing', { jobs: 2 }, async (t) => {
  const moments: Moment[] = [300, 700, 1_000, 2_500, fault('in-force'), 5_000];
  for (const victims of ['the process', 'its process group', 'it and its guardian'] as const) {
    for (const moment of moments) {
      void t.test(
        `${victims}, ${typeof moment === 'number' ? `after ${moment / 1000} s` : 'in a partition'}`,
        { buffered: true },
        async (t) => {
          await using place = makePlace();
          const cli = startCli(place, ['gate']);
          await reach(cli, moment);
          t.doesNotThrow(() => kill(place, cli, victims));
          await t.resolves(assertGone(place, cli, victims));
          if (place.scratch().length === 0) return;
          const next = await assay(place, ['gate', '--only', 'mesh/planes/spire-server']);
          t.doesNotThrow(() => assertEnded(place, next, { code: 0 }));
        },
      );
    }
  }

  const family = `${process.execPath} ${join(project, 'mesh/node/main.ts')} & setsid sleep 1000 & wait`;
  for (const victims of ['the process', 'its process group'] as const) {
    void t.test(`${victims}, with a node that has children and a daemon`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--node', family]);
      await reach(cli, fault('in-force'));
      t.doesNotThrow(() => kill(place, cli, victims));
      await t.resolves(assertGone(place, cli, victims));
    });
  }

  void t.test('a run that ends by itself takes such a daemon with it, too', { buffered: true }, async (t) => {
    await using place = makePlace();
    await t.resolves(async () =>
      assertEnded(place, await assay(place, ['gate', '--node', family, '--only', 'mesh/planes/spire-server']), {
        code: 0,
      }),
    );
    await t.resolves(assertNothingRuns(place));
  });

  void t.test(
    'a scratch directory without an owner is left alone while it may be in the making, and one that is not of a run always',
    { buffered: true },
    async (t) => {
      await using place = makePlace();
      for (const name of ['assay-20260101-000000-abcd', 'assay-of-somebody-else']) mkdirSync(join(place.dir, name));
      const ended = await assay(place, ['gate', '--only', 'mesh/planes/spire-server']);
      t.equal(ended.code, 0, ended.stderr);
      t.strictSame(place.scratch(), ['assay-20260101-000000-abcd', 'assay-of-somebody-else']);
    },
  );
});

const noEngine = await containersOf('none').then(
  () => false,
  (error: Error) => `needs a container engine: ${error.message.split('\n')[0]}`,
);

await t.test('containers', { skip: noEngine }, async (t) => {
  const killed: [Victims, Moment][] = [
    ['the process', 1_200],
    ['the process', fault('in-force')],
    ['its process group', 2_000],
    ['its process group', fault('in-force')],
  ];
  for (const [victims, moment] of killed) {
    await t.test(
      `kill -9 of ${victims}, ${typeof moment === 'number' ? `after ${moment / 1000} s` : 'in a partition'}`,
      async (t) => {
        await using place = makePlace();
        const cli = startCli(place, ['gate', '--runtime', 'container']);
        await reach(cli, moment);
        const started = cli.history()[0];
        assert.equal(started?.kind, 'run-started');
        kill(place, cli, victims);
        const killedAt = performance.now();
        let left = await containersOf(started.id);
        while (left.length > 0 && performance.now() - killedAt < goneWithinMs) {
          await sleep(100);
          left = await containersOf(started.id);
        }
        t.strictSame(left, []);
        // What the engine was still making when it was killed would show up now.
        await sleep(Math.max(0, 3_000 - (performance.now() - killedAt)));
        t.strictSame(await containersOf(started.id), []);
        await assertGone(place, cli, victims);
      },
    );
  }

  await t.test('SIGINT in a partition', async (t) => {
    await using place = makePlace();
    const cli = startCli(place, ['gate', '--runtime', 'container', '--only', 'partition-short', '--json']);
    await reach(cli, fault('in-force'));
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    assertEnded(place, ended, { code: 130 });
    const report = assertRecord(ended);
    t.strictSame(await containersOf(report.run.id), []);
    await assertNothingRuns(place);
  });

  await t.test('a run whose guardian was killed too is swept by the next one', async (t) => {
    await using place = makePlace();
    const cli = startCli(place, ['gate', '--runtime', 'container', '--only', 'mesh/planes/spire-server']);
    await reach(cli, begins('mesh steady'));
    await sleep(1_000);
    const started = cli.history()[0];
    assert.equal(started?.kind, 'run-started');
    kill(place, cli, 'it and its guardian');
    await cli.ended;
    const next = await assay(place, ['gate', '--runtime', 'container', '--only', 'mesh/planes/spire-server']);
    assertEnded(place, next, { code: 0 });
    t.strictSame(await containersOf(started.id), []);
    await assertNothingRuns(place);
  });
});
