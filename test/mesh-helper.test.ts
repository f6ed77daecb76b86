import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { startSpireAgent } from '../fixtures/spire/spire-agent.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import type { HelperEvent } from '../mesh/helper/events.ts';
import { documented } from '../mesh/helper/documented-conf.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { assay, assertNothingRuns, makePlace, startCli, type Ended } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';
import { mayMount, tinyDisk } from './tiny-disk.ts';

// The real spiffe-helper at a real agent, under the settings of the document, through all that goes wrong around it.

t.setTimeout(180_000);

const { trustDomain } = usualServer;
const id = (path: string) => `spiffe://${trustDomain}${path}`;
// Half of its life with the ten seconds that SPIRE puts before it: a newer one comes after three.
const svidTtlSeconds = 16;

const tools = await locateTools(['spire-server', 'spire-agent', 'spiffe-helper'], { onProgress() {} });
await using place = makePlace();
await using runtime = startProcesses(join(place.dir, 'run'));
const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
const host = await runtime.startHost({ name: 'node-001', ports: [], innerPorts: ['metrics'] });
const token = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('/node/node-001') });
const agent = await startSpireAgent(runtime, tools['spire-agent'].path, host, {
  ...{ trustDomain, serverAddress: spire.host.address('api'), requirePqKem: false, syncIntervalMs: 200 },
  bootstrapBundlePem: (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join(''),
  joinToken: token.value,
});
const env = { SPIFFE_ENDPOINT_SOCKET: join(host.dir, 'agent.sock'), SPIFFE_TRUST_DOMAIN: trustDomain };

const register = () =>
  spire.api.createEntries([
    {
      ...{ spiffeId: id('/service/api'), parentId: id('/node/node-001'), x509TtlSeconds: svidTtlSeconds },
      selectors: [{ type: 'unix', value: `uid:${process.getuid!()}` }],
    },
  ]);
let entries = await register();

function configOf(name: string, settings: string): string {
  const path = join(place.dir, `${name}.conf`);
  writeFileSync(path, settings);
  return path;
}

const brief = documented
  .replace('renewal_interval = "30s"', 'renewal_interval = "1s"')
  .replace('retry_interval = "5s"', 'retry_interval = "500ms"');

/** A helper that runs, and what it has told. */
function startHelper(
  name: string,
  settings: string,
  more: readonly string[] = [],
  options = { env: {}, dir: join(place.dir, name) },
) {
  const { dir } = options;
  const flags = ['mesh', 'helper', 'run', '--config', configOf(name, settings), '--dir', dir, ...more];
  const cli = startCli(place, flags, { env: { ...env, ...options.env } });
  let said = '';
  cli.child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const events = () => {
    const lines = said.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as HelperEvent);
  };
  /** Waits for an event that comes after so many others. */
  const until = (wanted: string, after = 0, is: (event: HelperEvent) => boolean = () => true) =>
    eventually(
      `${name} tells of ${wanted}`,
      () =>
        events()
          .slice(after)
          .find((one) => one.event === wanted && is(one)),
      {
        withinMs: 40_000,
        unless: () =>
          cli.child.exitCode === null ? undefined : `it ended with ${cli.child.exitCode}; it said: ${said}`,
      },
    );
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    cli.child.kill(signal);
    return cli.ended;
  };
  return { dir, ended: cli.ended, child: cli.child, events, until, stop, told: () => events().length };
}

type Helper = ReturnType<typeof startHelper>;
const overOf = (alarm: string) => (event: HelperEvent) => event.alarm === alarm;
const status = (helper: Pick<Helper, 'dir'>) =>
  assay(place, ['mesh', 'helper', 'status', '--dir', helper.dir, '--json'], { env });
const verify = (helper: Pick<Helper, 'dir'>) =>
  assay(place, ['mesh', 'helper', 'verify', '--dir', helper.dir], { env });

async function holds(t: Test, helper: Pick<Helper, 'dir'>, when: string): Promise<void> {
  const { code, stdout, stderr } = await verify(helper);
  t.equal(code, 0, `${when}: ${stdout}${stderr}`);
}

function isRefused(t: Test, { code, stdout, stderr }: Ended, says: RegExp, wanted = 2): void {
  t.equal(code, wanted, `${stdout}${stderr}`);
  t.match(stderr.replaceAll(/\s+/g, ' '), says);
  t.notMatch(stderr, /at file:|a defect/);
}

await t.test('the file of the document is understood here, and by spiffe-helper itself it is not', async (t) => {
  const config = configOf('documented', documented);
  const check = (...more: readonly string[]) =>
    assay(place, ['mesh', 'helper', 'check', '--config', config, ...more], {
      env: { ...env, SPIFFE_ENDPOINT_SOCKET: '/run/spiffe/workload/workload_api.sock', SERVICE_MESH_MODE: 'istio' },
    });
  const [words, strict, machine] = await Promise.all([check(), check('--strict'), check('--json', '--svid-ttl', '5m')]);
  t.equal(words.code, 0, words.stderr);
  t.match(
    words.stdout,
    /danger: max_retries \(line 8\)\n {2}read literally: after 3 retries, which is 15s, nobody tries again/,
  );
  t.match(words.stdout, /warning: SPIFFE_ENDPOINT_SOCKET\n.*has no scheme/);
  t.match(words.stdout, /note: SERVICE_MESH_MODE\n.*is istio\n/);
  t.match(words.stdout, /note: service_mesh_port \(line 15\)/);
  t.equal(strict.code, 1, strict.stderr);
  const { findings, generated } = JSON.parse(machine.stdout) as {
    findings: { key: string; severity: string }[];
    generated: string;
  };
  t.strictSame(
    findings.filter(({ severity }) => severity === 'danger').map(({ key }) => key),
    ['min_rotation_interval', 'max_retries'],
  );
  const run = async (file: string) => {
    const once = ['-config', file, '-daemon-mode=false'];
    const failed = await promisify(execFile)(tools['spiffe-helper'].path, once, { timeout: 30_000 }).catch(
      (error: unknown) => error,
    );
    return String((failed as { stderr?: string }).stderr);
  };
  t.match(await run(config), /unknown top level key\(s\): max_retries,min_rotation_interval,/);
  const asked = await run(configOf('generated', generated));
  t.notMatch(asked, /configuration"/);
  t.match(asked, /workload_api\.sock/, 'it asks for an agent, which is not there');
  const wrong = configOf('wrong', 'renewal_intervall = "30s"\n');
  isRefused(
    t,
    await assay(place, ['mesh', 'helper', 'check', '--config', wrong], { env }),
    /wrong\.conf:1: renewal_intervall is no key of this file; is renewal_interval meant\?/,
  );
});

const said = join(place.dir, 'said');
const program = `trap 'echo renewed >> ${said}' HUP; echo started >> ${said}; while :; do sleep 0.1; done`;

await agent.stop();
const helper = startHelper('service', brief, ['--', 'sh', '-c', program]);
const asking = startHelper('asking', brief.replace('"1h"', '"2s"'), ['--', 'sleep', '600']);

await t.test('an agent that is away is waited for, and got to', async (t) => {
  await helper.until('retries-exceeded');
  t.notOk(existsSync(said), 'nothing is started before there is an SVID');
  const waiting = await status(helper);
  t.equal(waiting.code, 1, waiting.stderr);
  t.match(JSON.parse(waiting.stdout), {
    state: 'waiting',
    wrong: [/no SVID was delivered here yet: .*Unavailable/, /It goes on/],
  });
  isRefused(t, await verify(helper), /are not all there, so that nothing can be verified/, 3);
  const tries = helper.events().filter(({ event }) => event === 'fruitless');
  t.ok(tries.length >= 5, `${tries.length} tries`);
  t.ok(tries.some(({ level, says }) => level === 'warn' && says.includes('Unavailable')));
  await agent.start();
  t.match(await helper.until('delivered'), { spiffeId: id('/service/api') });
  await helper.until('alarm-over', 0, overOf('retries-exceeded'));
  await eventually('the program was started', () => existsSync(said), { withinMs: 5_000 });
});

await t.test('a newer SVID is handed on as it comes, whatever the least interval is', async (t) => {
  await helper.until('rotated');
  t.match(await helper.until('overruled'), { key: 'min_rotation_interval', outlasts: true });
  await helper.until('signalled');
  await eventually('the program took the signal', () => readFileSync(said, 'utf8').includes('renewed'), {
    withinMs: 5_000,
  });
  t.match(await asking.until('not-signalled'), { says: /does not handle SIGHUP, which would end it/ });
  await holds(t, helper, 'after a rotation');
  const right = await status(helper);
  t.equal(right.code, 0, `${right.stdout}${right.stderr}`);
  const { state, svid, bundle, wrong } = JSON.parse(right.stdout) as Record<string, never>;
  t.match(
    { state, svid, bundle, wrong },
    { state: 'held', svid: { spiffeId: id('/service/api') }, bundle: { authorities: 1 }, wrong: [] },
  );
  const words = await assay(place, ['mesh', 'helper', 'status', '--dir', helper.dir], { env });
  t.match(words.stdout, /api\n {2}SVID {6}ends in \d+ s, at .*; \d+ % of its life are over; serial number [0-9a-f]+\n/);
  t.match(
    words.stdout,
    /rotation {2}the last \d+ s ago; \d+ in this run\n {2}bundle {4}1 authority, confirmed \d+ s ago\n {2}helper {4}held\n$/,
  );
  t.equal(statSync(join(helper.dir, 'svid_key.pem')).mode & 0o777, 0o600);
  t.notMatch(readFileSync(join(helper.dir, 'status.json'), 'utf8'), /PRIVATE KEY/);
  isRefused(
    t,
    await assay(place, ['mesh', 'helper', 'run', '--config', configOf('second', brief), '--dir', helper.dir], { env }),
    /another helper goes on there, of process \d+/,
  );
});

await t.test('files that somebody takes away are put back', async (t) => {
  const before = helper.told();
  rmSync(join(helper.dir, 'svid_key.pem'));
  await eventually('it is put back', () => existsSync(join(helper.dir, 'svid_key.pem')), { withinMs: 10_000 });
  t.ok(
    helper
      .events()
      .slice(before)
      .some(({ event }) => ['restored', 'rotated'].includes(event)),
  );
});

await t.test(
  'a disk that is full leaves the files before it whole, and is got over',
  { skip: mayMount ? false : 'needs the right to mount a tmpfs of some kilobytes' },
  async (t) => {
    using disk = tinyDisk(place, 200_000);
    const filled = startHelper('filled', brief, [], { env: {}, dir: join(disk.path, 'certs') });
    await filled.until('delivered');
    const filler = join(disk.path, 'filler');
    const sets = join(filled.dir, 'sets');
    const fill = () => {
      try {
        // The one before is room that it would make for itself.
        const current = Number(basename(readlinkSync(join(filled.dir, 'current'))));
        rmSync(join(sets, String(current - 1)), { recursive: true, force: true });
        for (;;) appendFileSync(filler, Buffer.alloc(512));
      } catch (error) {
        if (!['ENOSPC', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    };
    await eventually(
      'a set finds no room',
      () => {
        fill();
        return filled.events().some(({ event }) => event === 'not-published');
      },
      { withinMs: 30_000, everyMs: 5 },
    );
    t.match(await filled.until('not-published'), { level: 'alarm', says: /no space left on device.*stay, whole/i });
    await holds(t, filled, 'on the full disk');
    const before = filled.told();
    rmSync(filler);
    await filled.until('alarm-over', before, overOf('not-published'));
    await holds(t, filled, 'when there is room again');
    const ended = await filled.stop();
    t.equal(ended.code, 0, ended.stderr);
    t.match(JSON.parse((await status(filled)).stdout), { state: 'stopped', wrong: [/runs no more/] });
  },
);

await t.test(
  'the bundle is confirmed in time, and where no agent does it is an alarm; its restart is got over',
  async (t) => {
    await asking.until('asked-anew');
    const [before, beforeAsking] = [helper.told(), asking.told()];
    await agent.stop();
    await helper.until('fruitless', before);
    t.match(await asking.until('bundle-unconfirmed', beforeAsking), { says: /for 2s \(refresh_interval\)/ });
    await holds(t, helper, 'while the agent is away');
    const away = [helper.told(), asking.told()] as const;
    await agent.start();
    await helper.until('rotated', away[0]);
    t.notOk(
      helper
        .events()
        .slice(before)
        .some(({ event }) => event === 'withdrawn'),
      'an agent that restarts withdraws nothing',
    );
    await asking.until('alarm-over', away[1], overOf('bundle-unconfirmed'));
    t.equal((await asking.stop('SIGINT')).code, 0);
  },
);

await t.test('an SVID of another trust domain is not handed on', async (t) => {
  const elsewhere = startHelper('elsewhere', brief, [], {
    env: { SPIFFE_TRUST_DOMAIN: 'example.org' },
    dir: join(place.dir, 'elsewhere'),
  });
  t.match(await elsewhere.until('set-refused'), {
    level: 'alarm',
    says: /it is of x0tta6bl4\.mesh, and not of example\.org/,
  });
  t.notOk(existsSync(join(elsewhere.dir, 'svid.pem')));
  t.equal((await elsewhere.stop()).code, 130);
});

await t.test('what is not renewed by its threshold is an alarm, until it is', async (t) => {
  const before = helper.told();
  spire.signal('SIGSTOP');
  try {
    t.match(await helper.until('expiring', before), {
      level: 'alarm',
      says: /80 % of its life are over \(rotation_threshold\)/,
    });
    const late = await status(helper);
    t.equal(late.code, 1, late.stderr);
    t.match(JSON.parse(late.stdout), { alarms: [{ kind: 'expiring' }], wrong: [/no newer SVID has come/] });
  } finally {
    spire.signal('SIGCONT');
  }
  await helper.until('alarm-over', before, overOf('expiring'));
});

await t.test('an SVID that is withdrawn is taken away, and comes again with its entry', async (t) => {
  const before = helper.told();
  await spire.api.deleteEntries(entries);
  t.match(await helper.until('withdrawn', before), { level: 'alarm', says: /PermissionDenied/ });
  t.notOk(existsSync(join(helper.dir, 'svid_key.pem')));
  t.strictSame(readdirSync(join(helper.dir, 'sets')), []);
  const gone = await status(helper);
  t.equal(gone.code, 1, gone.stderr);
  t.match(JSON.parse(gone.stdout), { state: 'withdrawn' });
  isRefused(t, await verify(helper), /are not all there/, 3);
  const withdrawn = helper.told();
  entries = await register();
  await helper.until('delivered', withdrawn);
  await holds(t, helper, 'with its entry');
});

await t.test('whoever wants it read literally may give up, and a command that ends is the end', async (t) => {
  const none = `unix://${join(place.dir, 'no.sock')}`;
  const literal = brief.replace('max_retries = 3', 'max_retries = 1');
  const givesUp = startHelper('gives-up', literal, ['--give-up', '--workload-api', none]);
  const silent = createServer(() => undefined).listen(join(place.dir, 'silent.sock'));
  await once(silent, 'listening');
  const unanswered = startHelper('unanswered', brief, ['--workload-api', `unix://${join(place.dir, 'silent.sock')}`]);
  const fails = startHelper('fails', brief, ['--', 'sh', '-c', 'exit 7']);
  isRefused(t, await givesUp.ended, /gives up, as --give-up says: no fruit after max_retries \(1\)/, 3);
  isRefused(t, await fails.ended, /the command ended with exit code 7/, 3);
  // As a terminal does, whose Ctrl-C both get.
  const interrupted = startHelper('interrupted', brief, ['--', 'sh', '-c', 'kill -INT $PPID; exit 7']);
  const { code, stderr } = await interrupted.ended;
  t.equal(code, 0, stderr);
  t.match(await unanswered.until('fruitless'), { says: /the agent has not answered within 500ms/ });
  t.equal((await unanswered.stop()).code, 130);
  silent.close();
  mkdirSync(join(place.dir, 'taken'));
  writeFileSync(join(place.dir, 'taken', 'svid.pem'), 'mine');
  isRefused(t, await startHelper('taken', brief).ended, /svid\.pem: is there, and is not what this command made/);
  isRefused(t, await startHelper('signal', brief, ['--renew-signal', 'HUP']).ended, /--renew-signal HUP: is no signal/);
  isRefused(t, await status({ dir: join(place.dir, 'nowhere') }), /ENOENT/);
});

await t.test('nothing outlives a helper that is killed, and who looks is told', async (t) => {
  t.ok(
    place.processes().some((one) => one.includes(`${helper.dir}/.helper/helper.conf`)),
    'spiffe-helper runs',
  );
  helper.child.kill('SIGKILL');
  await helper.ended;
  await t.resolves(assertNothingRuns(place));
  const gone = await status(helper);
  t.equal(gone.code, 1, gone.stderr);
  t.match(JSON.parse(gone.stdout), { state: 'gone', wrong: [/the helper runs no more: nobody renews these files/] });
  await holds(t, helper, 'after it was killed');
});
