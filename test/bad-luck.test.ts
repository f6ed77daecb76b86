import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../fixtures/load/load.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { writeStandIn } from '../impostors/stand-in.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import type { Target } from '../fixtures/target/target.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import {
  assay,
  assertEnded,
  assertNothingRuns,
  assertRecord,
  makePlace,
  processesWith,
  project,
  readHistory,
  startCli,
  type Place,
} from './cli-run.ts';
import { mayMount, tinyDisk } from './tiny-disk.ts';

t.setTimeout(3_600_000);

// The shortest run that stands up a mesh.
const brief = ['--only', 'mesh/planes/spire-server'];

const files = mkdtempSync(join(tmpdir(), 'assay-bad-input-'));
t.after(() => rmSync(files, { recursive: true }));

function acceptFile(clause: string, until: string): string {
  const path = join(files, `${until}.yaml`);
  writeFileSync(path, `accept:\n  - clause: ${clause}\n    reason: known\n    owner: me\n    until: ${until}\n`);
  return path;
}

const typedKey = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

await t.test('bad input ends with 2 and says what would be right', { jobs: 3 }, async (t) => {
  const inputs: [title: string, args: string[], says: RegExp][] = [
    ['no command', [], /Usage: assay/],
    ['an unknown command', ['gaet'], /unknown command 'gaet'.*Did you mean gate\?/],
    ['an unknown option', ['gate', '--onyl', 'x'], /unknown option '--onyl'.*Did you mean --only\?/],
    ['one argument too many', ['gate', 'everything'], /too many arguments/],
    [
      'an unknown runtime',
      ['gate', '--runtime', 'vm'],
      /--runtime vm: no such runtime; there are process, container, attach/,
    ],
    [
      'a runtime that is not there',
      ['gate', '--runtime', 'kubernetes'],
      /--runtime kubernetes: .* use process, container, or --target FILE/,
    ],
    [
      'a glob that matches nothing',
      ['gate', '--only', 'pin/*,nonsense/*'],
      /--only nonsense\/\*: no clause, scenario or promise of that name\. There are .*mesh\/pinning\/\*, /,
    ],
    ['an empty glob', ['gate', '--only', ''], /--only .*no clause, scenario or promise/],
    [
      'a seed that is no number',
      ['gate', '--seed', 'abc'],
      /--seed <n>' argument 'abc' is invalid. a whole number from 0 on is wanted/,
    ],
    ['an empty seed', ['gate', '--seed', ''], /a whole number from 0 on is wanted/],
    ['a node without a command', ['gate', '--node', ''], /--node: wants the command that starts your node, as in/],
    ['an uptake that is no time', ['gate', '--uptake', '2s'], /seconds from 0\.1 to 60 are wanted/],
    [
      'an uptake of a mesh that runs already',
      ['gate', '--target', 'mesh.yaml', '--uptake', '3'],
      /--uptake: is for nodes/,
    ],
    ['an empty directory', ['gate', '--out', ''], /--out: wants the directory/],
    ['a target file that is not there', ['gate', '--target', '/nowhere/mesh.yaml'], /\/nowhere\/mesh\.yaml/],
    ['attach without a target', ['gate', '--runtime', 'attach'], /--runtime attach: wants --target FILE/],
    [
      'a target and another runtime',
      ['gate', '--runtime', 'process', '--target', 'mesh.yaml'],
      /judged with --runtime attach, not process/,
    ],
    [
      'an unknown list',
      ['list', 'claws'],
      /list claws: no such list; there are clauses, scenarios, impostors, conformers/,
    ],
    ['a bench of nothing', ['bench'], /Usage: assay bench/],
    [
      'an unknown axis',
      ['bench', 'handshake', '--row', 'full,curve=P-256'],
      /--row 'full,curve=P-256': curve=P-256 is unknown; a row is made of full or resumed, at=node\|yardstick, group=X25519\|P-256/,
    ],
    [
      'server-only at a node',
      ['bench', 'handshake', '--row', 'full,server-only'],
      /--row 'full,server-only': a mesh node takes no caller that shows no SVID; .*--row full,server-only,at=yardstick/,
    ],
    [
      'a key that SPIRE issues to no workload',
      ['bench', 'handshake', '--row', 'full', '--row', 'full,key=P-384'],
      /--row 'full,key=P-384': SPIRE issues the SVIDs of workloads on P-256 or as RSA-2048/,
    ],
    [
      'the authority behind a chain',
      ['bench', 'handshake', '--row', 'full,chain=2', '--phases', 'steady,authority'],
      /--row 'full,chain=2': .*which SPIRE cannot replace: leave the phase authority out/,
    ],
    [
      'a conformer that is none',
      ['bench', 'handshake', '--conformer', 'tls-none'],
      /--conformer tls-none: there is none called so; see assay list conformers/,
    ],
    [
      'two nodes in one place',
      ['bench', 'handshake', '--conformer', 'tls-p-384-alone', '--node', 'x'],
      /--conformer: stands in the place of --node/,
    ],
    [
      'a bench of a target file that is not there',
      ['bench', 'handshake', '--target', '/nowhere/mesh.yaml'],
      /\/nowhere\/mesh\.yaml: cannot be read/,
    ],
    [
      'a group that nobody offers',
      ['bench', 'handshake', '--row', 'full,group=P-521'],
      /--row .*group=P-521 is unknown; .*group=X25519\|P-256\|P-384\|X25519MLKEM768/,
    ],
    [
      'a row that a generator cannot make',
      ['bench', 'handshake', '--row', 'resumed', '--generators', 'assay,k6'],
      /--generators k6: k6 keeps no TLS sessions; .*first --row/,
    ],
    [
      'an unknown generator',
      ['bench', 'handshake', '--generators', 'assay,wrk'],
      /--generators assay,wrk: wrk is unknown; there are assay, k6, s_time/,
    ],
    [
      'an unknown phase',
      ['bench', 'handshake', '--phases', 'steady,quake'],
      /--phases steady,quake: quake is unknown; there are steady, partition, healed, storm, authority/,
    ],
    [
      'a bound that is none',
      ['bench', 'handshake', '--slo', 'p95<25'],
      /--slo 'p95<25': wants one of p50, p90, p99, p99\.9, p99\.99 with a bound in ms or s, as in --slo 'p99<=25ms'/,
    ],
    [
      'a row twice',
      ['bench', 'handshake', '--row', 'full', '--row', 'full,concurrent=1000'],
      /--row: steady\/full is wanted twice/,
    ],
    [
      'too few connections',
      ['bench', 'handshake', '--rate', '5', '--seconds', '3'],
      /make 15 connections a row; wanted are 100 to/,
    ],
    [
      'healed, and never cut',
      ['bench', 'handshake', '--phases', 'steady,healed'],
      /healed is what comes after partition/,
    ],
    [
      'too many shards',
      ['bench', 'handshake', '--row', 'full,concurrent=2', '--shards', '3'],
      /--shards 3: wants at most 16/,
    ],
    [
      'a baseline that is no run',
      ['bench', 'handshake', '--baseline', '/nowhere'],
      /--baseline: \/nowhere\/history\.jsonl: cannot be read.*wanted is the directory of a run/,
    ],
    [
      'an unknown operation of SPIRE',
      ['bench', 'spire', '--operations', 'mint,revoke'],
      /--operations mint,revoke: revoke is unknown; there are mint, first-svid, attest, entry, bundle/,
    ],
    [
      'too many entries',
      ['bench', 'spire', '--entries', '1,5000'],
      /--entries 1,5000: wants whole numbers from 1 to 1000, parted by commas/,
    ],
    ['a sync that is none', ['bench', 'spire', '--sync', '0'], /seconds from 0\.2 to 60 are wanted/],
    ['a bound of a gate that is none', ['gate', '--slo', '25ms'], /--slo '25ms': wants one of p50, p90/],
    [
      'a rate of a gate that measures nothing',
      ['gate', '--only', 'tokens/*', '--rate', '100'],
      /--rate 100: nothing is measured where only some clauses are judged.*as by --slo 'p99<=25ms'/,
    ],
    [
      'too high a rate of a gate',
      ['gate', '--rate', '900000'],
      /makes 1350000 connections in 1\.5 s; wanted are 1000000/,
    ],
    [
      'a gate beside no run',
      ['gate', '--baseline', '/nowhere'],
      /--baseline: \/nowhere\/history\.jsonl: cannot be read.*wanted is the directory of a run/,
    ],
    ['a tolerance without bounds', ['bench', 'handshake', '--tolerance', '80'], /percent from 1 to 50 are wanted/],
    ['no rate', ['bench', 'handshake', '--rate', '0'], /a whole number from 1 on is wanted/],
    ['unknown arrivals', ['bench', 'handshake', '--arrivals', 'burst'], /--arrivals burst: wants constant or poisson/],
    ['a bench of a node without a command', ['bench', 'handshake', '--node', ' '], /--node: wants the command/],
    [
      'a diff with no run',
      ['report', 'diff', '/nowhere', '/nowhere'],
      /report diff: \/nowhere\/report\.json: cannot be read/,
    ],
    [
      'a run to be judged that is none',
      ['report', 'judge', '/nowhere'],
      /report judge: \/nowhere\/history\.jsonl: cannot be/,
    ],
    [
      'a run to be verified that is none',
      ['report', 'verify', '/nowhere'],
      /report verify: \/nowhere\/history\.jsonl: cannot be/,
    ],
    [
      'a key that is none',
      ['report', 'verify', '/', '--key', '/dev/null'],
      /--key \/dev\/null: holds no public key; wanted is/,
    ],
    [
      'two that have to have signed',
      ['report', 'verify', '/', '--key', 'a', '--bundle', 'b'],
      /--key and --bundle: each says who has to have signed/,
    ],
    [
      'a bundle of nobody',
      ['report', 'verify', '/', '--bundle', '/dev/null'],
      /--bundle \/dev\/null: holds no authority/,
    ],
    [
      'a signer by no bundle',
      ['report', 'verify', '/', '--signer', 'spiffe://a/b'],
      /--signer: .* wants --bundle FILE/,
    ],
    ['no key to sign with', ['report', 'sign', '/'], /report sign: wants --sign-key FILE/],
    [
      'a key to sign with that is none',
      ['gate', '--sign-key', '/dev/null'],
      /--sign-key \/dev\/null: holds no private key/,
    ],
    [
      'a key in the place of its file',
      ['gate', '--sign-key', typedKey],
      /^assay: --sign-key: wants a file; a key itself goes into ASSAY_SIGN_KEY/,
    ],
    [
      'an index of nothing',
      ['report', 'index', '/dev/null'],
      /report index \/dev\/null: holds no run; wanted is a folder/,
    ],
    ['accepted failures that nobody can read', ['gate', '--accept', '/nowhere'], /--accept \/nowhere: cannot be read/],
    [
      'an accepted failure of no clause',
      ['gate', '--accept', acceptFile('mesh/nothing', '2026-12-31')],
      /\.yaml:2: accept\[0\]\.clause: "mesh\/nothing": there is no such clause/,
    ],
    [
      'an accepted failure without a day',
      ['gate', '--accept', acceptFile('mesh/pinning/case', 'soon')],
      /\.yaml:5: accept\[0\]\.until: "soon" is no day: wanted is a day in UTC, as in until: 2026-12-31/,
    ],
    ['a directory that holds no run', ['report', 'render', '/nowhere'], /\/nowhere\/history\.jsonl: cannot be read/],
  ];
  for (const [title, args, says] of inputs) {
    void t.test(title, { buffered: true }, async (t) => {
      await using place = makePlace();
      const takesJson = args[0] === 'gate' || args[0] === 'list' || (args[0] === 'bench' && args.length > 1);
      for (const flags of takesJson ? [[], ['--json']] : [[]]) {
        const ended = await assay(place, [...args, ...flags]);
        assertEnded(place, ended, { code: 2, says: [says], withinMs: 10_000 });
        t.equal(ended.stdout, '', 'nothing on standard output');
        t.notMatch(ended.stderr, /c2VjcmV0/, 'no key in a message');
        t.strictSame(readHistory(ended.out), [], 'no run began');
      }
    });
  }

  void t.test('a directory with an earlier run is not written to', { buffered: true }, async (t) => {
    await using place = makePlace();
    const history = join(place.dir, 'earlier', 'history.jsonl');
    mkdirSync(join(place.dir, 'earlier'));
    writeFileSync(history, 'kept\n');
    const ended = await assay(place, ['gate', '--json', '--out', join(place.dir, 'earlier')]);
    assertEnded(place, ended, {
      code: 2,
      says: [
        /--out .*earlier: holds the history of an earlier run, which is never overwritten; name a directory without/,
      ],
    });
    t.equal(readFileSync(history, 'utf8'), 'kept\n');
  });

  void t.test('a directory with documents of somebody else is not written to', { buffered: true }, async (t) => {
    await using place = makePlace();
    writeFileSync(join(place.dir, 'summary.md'), 'mine');
    writeFileSync(join(place.dir, 'other.txt'), 'mine, too');
    const ended = await assay(place, ['gate', ...brief, '--out', place.dir], { out: place.dir });
    assertEnded(place, ended, { code: 2, says: [/--out .*: holds summary\.md already, which a run would write over/] });
    t.equal(readFileSync(join(place.dir, 'summary.md'), 'utf8'), 'mine');
  });

  void t.test('a directory that cannot be made or written to', { buffered: true }, async (t) => {
    await using place = makePlace();
    writeFileSync(join(place.dir, 'file'), '');
    for (const out of [join(place.dir, 'file', 'run'), '/proc/assay-run']) {
      await t.resolves(async () =>
        assertEnded(place, await assay(place, ['gate', '--out', out]), {
          code: 2,
          says: [/--out .*history\.jsonl cannot be made: .*name a directory that you can write to/],
        }),
      );
    }
  });

  void t.test('a scratch directory that cannot be made', { buffered: true }, async (t) => {
    await using place = makePlace();
    const ended = await assay(place, ['gate', ...brief], { env: { TMPDIR: '/proc/self' } });
    t.doesNotThrow(() =>
      assertEnded(place, ended, {
        code: 2,
        says: [
          /scratch directory \/proc\/self\/assay-.*: cannot be made: .*set TMPDIR to a directory that you can write to/,
        ],
      }),
    );
  });

  void t.test('who has read enough, as head has, is no error', { buffered: true }, async (t) => {
    await using place = makePlace();
    const { child, ended } = startCli(place, ['list', 'clauses', '--json']);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    t.strictSame([code, stderr], [0, '']);
  });
});

/** A program at a path of its own, to be named by a setting. */
function program(place: Place, name: string, lines: string, mode = 0o755): string {
  const path = join(place.dir, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, mode);
  return path;
}

const settings = [
  ['ASSAY_SPIRE_SERVER', 'spire-server'],
  ['ASSAY_SPIRE_AGENT', 'spire-agent'],
  ['ASSAY_TOXIPROXY', 'toxiproxy'],
] as const;

await t.test('programs that are not there, or that die', { jobs: 3 }, async (t) => {
  for (const [setting, name] of settings) {
    void t.test(`${setting} names nothing, or nothing that can be run`, { buffered: true }, async (t) => {
      await using place = makePlace();
      for (const path of ['/nowhere', program(place, name, 'true', 0o644)]) {
        const ended = await assay(place, ['gate', '--json'], { env: { [setting]: path } });
        assertEnded(place, ended, {
          code: 2,
          says: [
            new RegExp(`${setting}=${path} does not name a program that can be run. Set it to an existing ${name}`),
          ],
          withinMs: 15_000,
        });
        t.equal(ended.stdout, '');
        // So that the same command works once the setting is right.
        t.throws(() => readFileSync(join(ended.out, 'history.jsonl')), /ENOENT/, 'no empty record is left');
      }
    });

    void t.test(`a ${name} that dies at start`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const path = program(place, name, 'echo "the moon is in the wrong quarter" >&2; exit 7');
      const ended = await assay(place, ['gate', ...brief, '--json'], { env: { [setting]: path } });
      assertEnded(place, ended, {
        code: 3,
        says: [
          new RegExp(
            `${name} on \\S+: it exited with code 7 while it was needed; its last words: the moon is in the wrong quarter ; look at: \\S+${name}\\.log`,
          ),
        ],
        withinMs: 40_000,
      });
      const report = assertRecord(ended);
      t.strictSame(JSON.parse(ended.stdout), report);
      t.equal(report.verdict, 'inconclusive');
      await assertNothingRuns(place);
    });
  }

  void t.test('a SPIRE server that hangs', { buffered: true }, async (t) => {
    await using place = makePlace();
    const path = program(place, 'spire-server', 'sleep 1000');
    const ended = await assay(place, ['gate', ...brief, '--quiet'], { env: { ASSAY_SPIRE_SERVER: path } });
    t.doesNotThrow(() =>
      assertEnded(place, ended, {
        code: 3,
        says: [
          /SPIRE server of steady-spire is healthy: not within 30\.0 s; last seen: it has not made its socket \S+; look at: \S+spire-server\.log/,
        ],
        withinMs: 60_000,
      }),
    );
    t.doesNotThrow(() => assertRecord(ended));
    await t.resolves(assertNothingRuns(place));
  });

  void t.test('Ctrl-C does not wait for a SPIRE server that hangs', { buffered: true }, async (t) => {
    await using place = makePlace();
    const cli = startCli(place, ['gate', ...brief], {
      env: { ASSAY_SPIRE_SERVER: program(place, 'spire-server', '[ "$1" = run ] && sleep 1000') },
    });
    await cli.until('the mesh is being stood up', (entry) => entry.kind === 'phase');
    await sleep(500);
    const stoppedAt = performance.now();
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    assertEnded(place, ended, { code: 130 });
    t.ok(performance.now() - stoppedAt < 8_000, 'at once');
    assertRecord(ended);
    await assertNothingRuns(place);
  });
});

await t.test('links that do not do as they are told', async (t) => {
  const runWith = async (place: Place, id: string) => {
    const { toxiproxy } = await locateTools(['toxiproxy'], { onProgress() {} });
    const path = writeStandIn(place.dir, { id, kind: 'toxiproxy' }, toxiproxy.path);
    const only = ['--only', 'partition-short,mesh/planes/spire-server', '--json'];
    return assay(place, ['gate', ...only], { env: { ASSAY_TOXIPROXY: path } });
  };

  await t.test(
    'what cannot be healed ends with 4, says what is left and which command removes it, and the mesh is taken down',
    async (t) => {
      await using place = makePlace();
      const ended = await runWith(place, 'links-heal-nothing');
      const says = ['node-001', 'node-002'].map(
        (node) =>
          new RegExp(
            `assay: .*partition of ${node} is healed: not within 10\\.0 s; last seen: the link closes every connection; left: link ${node}, cut for as long as its toxiproxy runs, which ends with the mesh of this run; remove it by hand with: curl -X POST -d '\\{"enabled": true\\}' http://127\\S+/proxies/${node}`,
          ),
      );
      assertEnded(place, ended, { code: 4, says, withinMs: 60_000 });
      const report = assertRecord(ended);
      t.strictSame(JSON.parse(ended.stdout), report);
      t.equal(report.verdict, 'inconclusive');
      for (const { id, verdict, reason } of report.clauses.filter(({ id }) => id.startsWith('mesh/partition/short')))
        t.strictSame([id, verdict, reason], [id, 'inconclusive', 'the partition was not proven in force and gone']);
      const states = readHistory(ended.out).flatMap((entry) => (entry.kind === 'fault' ? [entry.state] : []));
      t.strictSame([...new Set(states)], ['injected', 'in-force', 'healing'], 'nothing is said to be healed');
      await assertNothingRuns(place);
    },
  );

  await t.test('what was never in force is healed and proven gone all the same', async (t) => {
    await using place = makePlace();
    const ended = await runWith(place, 'links-cut-nothing');
    assertEnded(place, ended, {
      code: 3,
      says: [/partition of node-00[12]: the link node-00[12] was cut, but still lets through to the server/],
      withinMs: 60_000,
    });
    assertRecord(ended);
    const states = readHistory(ended.out).flatMap((entry) => (entry.kind === 'fault' ? [entry.state] : []));
    t.strictSame(states, ['injected', 'injected', 'healing', 'healing', 'healed', 'healed']);
    await assertNothingRuns(place);
  });
});

await t.test('a program that is killed while a mesh is judged', { jobs: 2 }, async (t) => {
  const killed: [title: string, command: RegExp, codes: number[], says: RegExp, host?: string][] = [
    [
      'the SPIRE server',
      /spire-server run/,
      [3],
      /spire-server on steady-spire: it was ended by SIGKILL while it was needed; its last words: .*look at: \S+spire-server\.log/,
    ],
    ['an agent', /spire-agent run/, [3], /spire-agent on node-00\d: it was ended by SIGKILL while it was needed/],
    ['toxiproxy', /-host 127\S+ -port/, [3], /toxiproxy on steady-links: it was ended by SIGKILL while it was needed/],
    // It is what is judged: that its peers found it gone is held against it.
    ['the node under test', /node\/main\.ts/, [1, 3], /node-001 was ended by SIGKILL while it was judged/, 'node-001'],
    ['its peer', /node\/main\.ts/, [3], /service on node-002: it was ended by SIGKILL while it was needed/, 'node-002'],
  ];
  for (const [title, command, codes, says, host = ''] of killed) {
    void t.test(title, { buffered: true }, async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--only', 'partition-short,pin/*', '--json']);
      await cli.until('the partition', (entry) => entry.kind === 'fault' && entry.state === 'in-force');
      const victim = processesWith(`TMPDIR=${place.dir}`).find(
        ({ pid, command: its }) =>
          command.test(its) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`/${host}`),
      );
      assert.ok(victim !== undefined, place.processes().join('\n'));
      process.kill(victim.pid, 'SIGKILL');
      const ended = await cli.ended;
      t.ok(codes.includes(ended.code ?? -1), `exit ${ended.code}: ${ended.stderr}`);
      assertEnded(place, ended, { code: ended.code ?? -1, says: [says], withinMs: 60_000 });
      const report = assertRecord(ended);
      t.not(report.verdict, 'pass');
      if (ended.code === 3)
        t.strictSame(
          report.clauses.filter(({ verdict }) => verdict === 'fail').map(({ id, reason }) => `${id}: ${reason}`),
          [],
          'not held against the mesh',
        );
      await assertNothingRuns(place);
    });
  }

  void t.test(
    'the SPIRE server is stopped in a partition: whether the heal came is unknown, and nothing is left',
    { buffered: true },
    async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--only', 'partition-short,mesh/planes/metrics-loopback', '--json']);
      await cli.until('the partition', (entry) => entry.kind === 'fault' && entry.state === 'in-force');
      const victim = processesWith(`TMPDIR=${place.dir}`).find((found) => /spire-server run/.test(found.command));
      assert.ok(victim !== undefined, place.processes().join('\n'));
      process.kill(victim.pid, 'SIGSTOP');
      const ended = await cli.ended;
      const says = [/whether it is gone cannot be seen: the link was healed, but the server itself does not answer/];
      assertEnded(place, ended, { code: 3, says, withinMs: 60_000 });
      const report = assertRecord(ended);
      const verdictOf = (id: string) => report.clauses.find((clause) => clause.id === id)?.verdict;
      t.equal(verdictOf('mesh/planes/metrics-loopback'), 'pass', 'what it does not concern keeps its verdict');
      t.equal(verdictOf('mesh/partition/short-recovers'), 'inconclusive');
      await assertNothingRuns(place);
    },
  );

  void t.test('the thread of the load', { buffered: true }, async (t) => {
    await using place = makePlace();
    const recorder = openRecorder(place.dir);
    const authority = await forgeAuthority({ trustDomain: 'x.mesh' });
    const svid = await authority.issue({
      spiffeId: 'spiffe://x.mesh/probe',
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
    });
    let authorities = [authority.certificatePem];
    const target = {
      name: 'broken',
      harnessHost: '127.0.0.1',
      nodes: [],
      authorities: () => Promise.resolve(authorities),
      probeIdentity: () =>
        Promise.resolve({ spiffeId: 'spiffe://x.mesh/probe', cert: svid.certificatePem, key: svid.privateKeyPem }),
    } as unknown as Target;
    {
      await using load = await startLoad(target, recorder, {
        perSecond: { toNode: 1, betweenNodes: 0, fromNode: 0 },
        keptPerSecond: 0,
        resume: 0,
        seed: 1,
      });
      authorities = ['no certificate at all'];
      await t.rejects(load.refresh(), /load source of broken: /);
      await t.rejects(load.refresh(), /load source of broken: /, 'also later');
    }
    t.strictSame(
      recorder.history.map(({ kind }) => kind).filter((kind) => kind !== 'machine'),
      ['trouble'],
    );
  });
});

await t.test('nodes that break the node contract', { jobs: 3 }, async (t) => {
  const node = (way: string) => `exec ${process.execPath} ${join(project, 'test/broken-nodes/node.ts')} ${way}`;
  const ready = /node node-001: GET \/ready at 127\S+ answers 200: /;
  const cases: [title: string, command: string, only: string, codes: number | number[], says: RegExp[]][] = [
    [
      'exits at once',
      'echo "no licence found" >&2; exit 9',
      'mesh/planes/spire-server',
      3,
      [
        ready,
        /the node exited with code 9 before it was ready; its last words: no licence found ; look at: \S+node-001-service\.log/,
      ],
    ],
    [
      'is not there',
      '/nowhere/my-node',
      'mesh/planes/spire-server',
      3,
      [/the node exited with code 127 before it was ready; its last words: .*\/nowhere\/my-node: not found/],
    ],
    [
      'finds its port in use',
      node('port-taken'),
      'mesh/planes/spire-server',
      3,
      [
        /the node exited with code 1 before it was ready; its last words: .*listen EADDRINUSE: address already in use 127/,
      ],
    ],
    [
      'is never ready',
      node('never-ready'),
      'mesh/planes/spire-server',
      3,
      [ready, /not within 30\.6 s; last seen: it answered 503; look at: \S+node-001-service\.log/],
    ],
    [
      'has its admin listener elsewhere',
      node('admin-elsewhere'),
      'mesh/planes/spire-server',
      3,
      [ready, /not within 30\.6 s; last seen: connect ECONNREFUSED 127/],
    ],
    [
      'is ready and does not listen',
      node('no-listener'),
      'mesh/planes/spire-server',
      3,
      [
        /node node-001: its mTLS listener at 127\S+ \(ASSAY_LISTEN\) takes connections, as GET \/ready promises: not within 2\.0 s; last seen: connect ECONNREFUSED/,
      ],
    ],
    // It loses healthy traffic, where any was asked of it before it was given up.
    ['takes connections and never answers', node('hangs'), '*', [1, 3], [/neither answered nor closed within 5000 ms/]],
    [
      'answers /dial with something else',
      node('dial-garbage'),
      'pin/*',
      3,
      [/POST \/dial answered 200 "\{\\"outcome\\":\\"perhaps\\"\}"; the node contract wants 200/],
    ],
    [
      'answers /dial without end',
      node('dial-endless'),
      'pin/*',
      3,
      [/POST \/dial failed: the answer to POST \/dial has no end in 64 KiB/],
    ],
    ['does not offer /dial', node('dial-not-offered'), 'pin/*', 0, [/PASS/]],
    [
      'answers /hello with something that is no JSON',
      node('hello-garbage'),
      'mesh/pinning/exact-id',
      3,
      [/answered 200 with something that is no JSON: "\{nonsense!\}"/],
    ],
    [
      'answers /hello without end',
      node('hello-endless'),
      'mesh/pinning/exact-id,mesh/rotation/connections-survive',
      [1, 3],
      [/the answer to \/hello has no end in 64 KiB/],
    ],
  ];
  for (const [title, command, only, codes, says] of cases) {
    void t.test(`a node that ${title}`, { buffered: true }, async (t) => {
      await using place = makePlace();
      const ended = await assay(place, ['gate', '--node', command, '--only', only]);
      const code = [codes].flat().find((one) => one === ended.code) ?? [codes].flat()[0]!;
      // Two more gates run beside it; one that waits for a node that never answers waits in each suite and each scenario.
      assertEnded(place, ended, { code, says, withinMs: 120_000 });
      t.equal(assertRecord(ended).verdict, ['pass', 'fail', '', 'inconclusive'][code]);
      await assertNothingRuns(place);
    });
  }
});

await t.test(
  'a disk that is full',
  { skip: mayMount ? false : 'needs the right to mount a tmpfs of some kilobytes' },
  async (t) => {
    for (const bytes of [110_000, 60_000, 4_096]) {
      await t.test(`under the record of the run, ${bytes} bytes`, async (t) => {
        await using place = makePlace();
        using disk = tinyDisk(place, bytes);
        const out = join(disk.path, 'run');
        const ended = await assay(place, ['gate', '--only', 'pin/*', '--out', out], { out });
        t.doesNotThrow(() =>
          assertEnded(place, ended, {
            code: 3,
            says: [
              /ENOSPC: no space left on device, write.*(free some space or choose another directory with --out|write the other reports with: assay report render)/,
            ],
            withinMs: 60_000,
          }),
        );
        // Parsed line by line.
        if (bytes > 10_000) t.equal(readHistory(out)[0]?.kind, 'run-started');
        await t.resolves(assertNothingRuns(place));
      });
    }

    await t.test('under the scratch directory', async (t) => {
      await using place = makePlace();
      using disk = tinyDisk(place, 100_000);
      const ended = await assay(place, ['gate', ...brief], {
        env: { TMPDIR: disk.path, NODE_COMPILE_CACHE: join(place.dir, 'compiled') },
      });
      assertEnded(place, ended, { code: 3, says: [/full|no space left/i], withinMs: 60_000 });
      assertRecord(ended);
      for (
        const deadline = Date.now() + 3_000;
        processesWith(`TMPDIR=${disk.path}`).length > 0 && Date.now() < deadline;
      )
        await sleep(50);
      t.strictSame(processesWith(`TMPDIR=${disk.path}`), []);
    });
  },
);

await t.test('no container engine', async (t) => {
  await using place = makePlace();
  // Too little to tell, not a wrong command line: the same one is right on a machine where an engine runs.
  const ended = await assay(place, ['gate', '--runtime', 'container', '--json'], {
    env: { DOCKER_HOST: 'unix:///nonexistent.sock' },
  });
  assertEnded(place, ended, {
    code: 3,
    says: [
      /a container engine: none answers on \/nonexistent\.sock: .*start Docker \(see: assay doctor\), name its socket in DOCKER_HOST=unix:\/\/…, or use --runtime process/,
    ],
    withinMs: 10_000,
  });
  const history = readHistory(ended.out);
  t.ok((history.at(-1)?.atMs ?? Infinity) < 3_000, 'said within 3 s');
  t.strictSame(JSON.parse(ended.stdout), assertRecord(ended));
});

await t.test('two runs at once do not know of each other', async (t) => {
  await using place = makePlace();
  const both = await Promise.all([assay(place, ['gate', ...brief]), assay(place, ['gate', ...brief])]);
  for (const ended of both) t.doesNotThrow(() => assertEnded(place, ended, { code: 0 }));
  await t.resolves(assertNothingRuns(place));
});
