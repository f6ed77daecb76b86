import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

t.setTimeout(3_600_000);

// The shortest run that stands up a mesh.
const brief = ['--only', 'mesh/planes/spire-server'];

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
      /--only nonsense\/\*: no clause or scenario of that name; see `assay list clauses`/,
    ],
    ['an empty glob', ['gate', '--only', ''], /--only .*no clause or scenario/],
    [
      'a seed that is no number',
      ['gate', '--seed', 'abc'],
      /--seed <n>' argument 'abc' is invalid. a whole number from 0 on is wanted/,
    ],
    ['an empty seed', ['gate', '--seed', ''], /a whole number from 0 on is wanted/],
    ['a node without a command', ['gate', '--node', ''], /--node: wants the command that starts your node, as in/],
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
    ['a directory that holds no run', ['report', 'render', '/nowhere'], /\/nowhere\/history\.jsonl: cannot be read/],
  ];
  for (const [title, args, says] of inputs) {
    void t.test(title, { buffered: true }, async (t) => {
      await using place = makePlace();
      const takesJson = args[0] === 'gate' || args[0] === 'list';
      for (const flags of takesJson ? [[], ['--json']] : [[]]) {
        const ended = await assay(place, [...args, ...flags]);
        assertEnded(place, ended, { code: 2, says: [says], withinMs: 10_000 });
        t.equal(ended.stdout, '', 'nothing on standard output');
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
  const killed: [title: string, command: RegExp, codes: number[], says: RegExp][] = [
    [
      'the SPIRE server',
      /spire-server run/,
      [3],
      /spire-server on steady-spire: it was ended by SIGKILL while it was needed; its last words: .*look at: \S+spire-server\.log/,
    ],
    ['an agent', /spire-agent run/, [3], /spire-agent on node-00\d: it was ended by SIGKILL while it was needed/],
    ['toxiproxy', /-host 127\S+ -port/, [3], /toxiproxy on steady-links: it was ended by SIGKILL while it was needed/],
    // It is what is judged: that its peers found it gone is held against it.
    ['a mesh node', /node\/main\.ts/, [1, 3], /node node-00\d \(.*\): it was ended by SIGKILL while it was judged/],
  ];
  for (const [title, command, codes, says] of killed) {
    void t.test(title, { buffered: true }, async (t) => {
      await using place = makePlace();
      const cli = startCli(place, ['gate', '--only', 'partition-short,pin/*', '--json']);
      await cli.until('the partition', (entry) => entry.kind === 'fault' && entry.state === 'in-force');
      const victim = processesWith(`TMPDIR=${place.dir}`).find((found) => command.test(found.command));
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
      recorder.history.map(({ kind }) => kind),
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
    ['takes connections and never answers', node('hangs'), '*', 3, [/neither answered nor closed within 5000 ms/]],
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
      assertEnded(place, ended, { code, says, withinMs: 90_000 });
      t.equal(assertRecord(ended).verdict, ['pass', 'fail', '', 'inconclusive'][code]);
      await assertNothingRuns(place);
    });
  }
});

/** A file system that is soon full. */
function tinyDisk(place: Place, bytes: number): { readonly path: string } & Disposable {
  const path = join(place.dir, 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', path]);
    },
  };
}

const mayMount = (() => {
  try {
    // In a mount namespace of its own, so that the look leaves nothing.
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

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
