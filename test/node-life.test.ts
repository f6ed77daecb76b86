import { join } from 'node:path';
import t from 'tap';
import { entriesOf } from '../src/history.ts';
import {
  assay,
  assayDecided,
  assertEnded,
  assertNothingRuns,
  assertRecord,
  makePlace,
  project,
  readHistory,
} from './cli-run.ts';

t.setTimeout(600_000);

const nodeIn = (path: string, ...args: string[]) => [process.execPath, join(project, path), ...args].join(' ');
const own = ['mesh/node/*'];

await t.test('right nodes live as they should, however they are made of processes', { jobs: 2 }, async (t) => {
  const reference = nodeIn('mesh/node/main.ts');
  const right: [title: string, command: string][] = [
    ['that drains for a second when it is told to stop', `exec ${nodeIn('test/right-nodes/draining.ts')}`],
    ['behind a shell that becomes it', `exec ${reference}`],
    ['behind a shell that waits for it', `${reference}; true`],
    ['of a supervisor and workers', `exec ${nodeIn('test/right-nodes/workers.ts')}`],
  ];
  for (const [title, command] of right) {
    void t.test(`a node ${title}`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const ended = await assayDecided(place, ['gate', '--node', command, '--only', own.join(',')]);
      t.doesNotThrow(() => assertEnded(place, ended, { code: 0, withinMs: 60_000 }));
      const report = assertRecord(ended);
      t.strictSame(
        report.clauses.filter(({ verdict }) => verdict !== 'pass').map(({ id, reason }) => `${id}: ${reason}`),
        [],
      );
      if (title.includes('drains'))
        t.match(
          report.clauses.find(({ id }) => id === 'mesh/node/stops-on-sigterm')?.reason,
          /exited with code 0 1\.\d s/,
        );
      await assertNothingRuns(place);
    });
  }
});

await t.test('a node that ends of one kind of certificate', async (t) => {
  await using place = makePlace();
  const command = `exec ${nodeIn('impostors/node-main.ts', 'svid-dies-of-two-uri-sans-as-server')}`;
  // What traffic shows in the moments in which a node was away may be too little to tell, and a session of before says nothing after them.
  const only =
    'x509-svid/*,spiffe-id/*,mesh/pinning/*,mesh/tls/version-*,mesh/tls/aead-only,mesh/node/stays-alive,mesh/node/stops-on-sigterm';
  const ended = await assay(place, ['gate', '--node', command, '--only', only]);
  assertEnded(place, ended, { code: 1, says: [/exited with code 70 while it was judged/], withinMs: 90_000 });
  const report = assertRecord(ended);
  t.strictSame(
    report.clauses.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id),
    ['x509-svid/leaf/two-uri-sans', 'mesh/node/stays-alive'],
    'it fails these two',
  );
  t.strictSame(
    report.clauses.filter(({ verdict }) => verdict === 'inconclusive').map(({ id, reason }) => `${id}: ${reason}`),
    [],
    'and everything else is decided by what it showed',
  );
  const lives = entriesOf(readHistory(ended.out), 'life').map(({ state }) => state);
  t.strictSame(lives.filter((state) => state === 'ended').length, lives.filter((state) => state === 'started').length);
  t.equal(lives.at(-1), 'stopped');
  await assertNothingRuns(place);
});
