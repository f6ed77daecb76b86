import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { pem } from '../src/svid/x509/pem.ts';
import { makePlace, project } from './cli-run.ts';
import { startOwnMachine, whyNoMachine, type OwnMachine, type Ran } from './own-machine.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// A mesh node from nothing to the SVIDs of its workloads, under the unit that is installed, on a machine of its own with a real systemd: `assay mesh install`,
// `bootstrap`, `upgrade`, `uninstall`.

t.setTimeout(300_000);

const skip = whyNoMachine();
const { trustDomain } = usualServer;
const id = (path: string) => `spiffe://${trustDomain}/${path}`;
const unit = 'spire-agent.service';
const socket = '/tmp/spire-agent/public/api.sock';
const [byUid, byPath] = ['/opt/workloads/by-uid', '/opt/workloads/by-path'];
const [workloadUid, otherUid] = [12_345, 12_346];

await t.test('a node as a service', { skip, timeout: 280_000 }, async (t) => {
  const tools = await locateTools(['spire-server', 'spire-agent'], { onProgress() {} });
  await using place = makePlace();
  await using runtime = startProcesses(join(place.dir, 'run'));
  const spire = await startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name: 'spire' });
  const bundle = join(place.dir, 'bundle.pem');
  const authorities = (await spire.api.getBundle()).authorities.map(({ der }) => pem('CERTIFICATE', der)).join('');
  writeFileSync(bundle, authorities);
  const digest = createHash('sha256').update(authorities).digest('hex');
  await using machine = await startOwnMachine(place.dir, [project, dirname(tools['spire-agent'].path)]);
  const cache = join(place.dir, 'cache');
  const env = { ...place.env, ASSAY_CACHE: cache, NODE_COMPILE_CACHE: cache };
  const mesh = (...args: readonly string[]) =>
    machine.run([process.execPath, join(project, 'cli/assay.ts'), 'mesh', ...args], env);
  const [metrics, health] = [await freePort(), await freePort()];
  const install = (...more: readonly string[]) =>
    mesh(
      ...['install', '--node-id', 'node-001', '--trust-domain', trustDomain, '--server', spire.host.address('api')],
      ...['--bundle', bundle, '--bundle-sha256', digest, '--spire-agent', tools['spire-agent'].path],
      ...['--metrics-port', String(metrics), '--health-port', String(health), ...more],
    );
  const tokenFile = async () => {
    const { value } = await spire.api.createJoinToken({ ttlSeconds: 300, agentId: id('node/node-001') });
    const file = join(place.dir, 'token');
    writeFileSync(file, `${value}\n`, { mode: 0o600 });
    return file;
  };
  const register = (spiffeId: string, value: string) =>
    spire.api.createEntries([{ spiffeId, parentId: id('node/node-001'), selectors: [{ type: 'unix', value }] }]);
  const prepareWorkloads = async (t: Test) => {
    for (const words of [
      ['mkdir', '-p', '/opt/workloads'],
      ['cp', tools['spire-agent'].path, byUid],
      ['cp', tools['spire-agent'].path, byPath],
      // Nobody but its user can read it, or what it runs.
      ['chown', String(otherUid), byPath],
      ['chmod', '0700', byPath],
    ])
      isDone(t, await machine.run(words));
  };

  await t.test('installed: a user, and the directory of the socket', async (t) => {
    isRefused(
      t,
      await mesh('bootstrap', '--node-id', 'node-001'),
      /no agent was installed here by `assay mesh install`/,
    );
    await machine.run(['mkdir', '/tmp/spire-agent']);
    await machine.run(['chown', String(workloadUid), '/tmp/spire-agent']);
    isRefused(
      t,
      await install(),
      /\/tmp\/spire-agent: is a directory of user 12345, who could take the place of the agent there/,
    );
    t.not((await machine.run(['id', 'spire-agent'])).code, 0, 'nothing was made');
    await machine.run(['rmdir', '/tmp/spire-agent']);
    await machine.run(['ln', '-s', '/run', '/tmp/spire-agent']);
    isRefused(t, await install(), /\/tmp\/spire-agent: is no directory/);
    await machine.run(['rm', '/tmp/spire-agent']);
    const dry = isDone(t, await install('--dry-run'));
    t.match(dry, /would make \/etc\/systemd\/system\/spire-agent\.service/);
    t.strictSame(await machine.changed(), []);
    t.match(isDone(t, await install()), /Then:\n {2}1\. once: assay mesh bootstrap --node-id node-001/);
    const owners = await machine.run([
      'stat',
      '-c',
      '%a %U',
      '/tmp/spire-agent',
      '/tmp/spire-agent/public',
      '/var/lib/spire/agent',
    ]);
    t.equal(owners.stdout, '755 root\n755 spire-agent\n700 spire-agent\n');
    t.equal(isDone(t, await install()).match(/^unchanged /gm)?.length, 7);
    const started = await machine.run(['systemctl', 'start', unit]);
    t.not(started.code, 0, 'without an identity of its own there is nothing to start');
  });

  await t.test('attested once, by a token that its service never sees', async (t) => {
    await register(id('node/node-001'), 'uid:0');
    isRefused(t, await mesh('bootstrap', '--node-id', 'node-002'), /--node-id node-002: this is node-001/);
    isRefused(
      t,
      await mesh('bootstrap', '--node-id', 'node-001', '--server', 'other:8081'),
      /--trust-domain, --bundle, --bundle-sha256: wanted, too/,
    );
    isRefused(t, await mesh('bootstrap', '--node-id', 'node-001'), /wants the file of a join token/);
    const told = isDone(t, await mesh('bootstrap', '--node-id', 'node-001', '--token-file', await tokenFile()));
    t.match(
      told,
      /^spiffe:\/\/x0tta6bl4\.mesh\/node\/node-001\n[^]*start it by: systemctl enable --now spire-agent\.service/m,
    );
    const left = await machine.run(['find', '/var/lib/spire/agent', '-not', '-user', 'spire-agent']);
    t.equal(left.stdout, '', 'what it left is its user’s');
    t.equal((await machine.run(['find', '/var/lib/spire/agent', '-name', '.token*'])).stdout, '');
  });

  await t.test('under its unit: SVIDs by uid and by path', async (t) => {
    await prepareWorkloads(t);
    await register(id('service/by-uid'), `uid:${workloadUid}`);
    await register(id('service/by-path'), `path:${byPath}`);
    isDone(t, await machine.run(['systemctl', 'enable', '--now', unit]));
    t.strictSame(await svidOf(t, machine, byUid, workloadUid), id('service/by-uid'));
    t.strictSame(await svidOf(t, machine, byPath, otherUid), id('service/by-path'));
    const ready = await eventually(
      'it is healthy',
      () => fetch(`http://127.0.0.1:${health}/ready`).then(({ ok }) => ok),
      { withinMs: 10_000 },
    );
    t.ok(ready);
    t.match(
      await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
      /spire_agent|process_start_time_seconds/,
    );

    const pid = isDone(t, await machine.run(['systemctl', 'show', '-P', 'MainPID', unit])).trim();
    const status = isDone(t, await machine.run(['cat', `/proc/${pid}/status`]));
    const ptrace = (1n << 19n).toString(16).padStart(16, '0');
    t.match(status, new RegExp(`^CapBnd:\\t${ptrace}$`, 'm'), 'it can have no capability but CAP_SYS_PTRACE');
    t.match(status, new RegExp(`^CapEff:\\t${ptrace}$`, 'm'));
    t.match(status, /^NoNewPrivs:\t1$/m);
    t.match(status, /^Seccomp:\t2$/m);
    t.notMatch(status, /^Uid:\t0\t/m);
    const mounts = isDone(t, await machine.run(['cat', `/proc/${pid}/mounts`]));
    const mountOf = (path: string) =>
      mounts
        .split('\n')
        .findLast((line) => line.split(' ')[1] === path)
        ?.split(' ')[3];
    t.match(mountOf('/'), /^ro/, 'it writes nowhere');
    t.match(mountOf('/tmp/spire-agent/public'), /^rw/, 'but here');
    t.match(mountOf('/var/lib/spire/agent'), /^rw/);
  });

  await t.test(
    'a directory of somebody else in the place of that of its socket is refused, with the reason',
    async (t) => {
      isDone(t, await machine.run(['systemctl', 'stop', unit]));
      isDone(t, await machine.run(['rm', '-r', '/tmp/spire-agent']));
      const asOther = ['setpriv', '--reuid', String(otherUid), '--clear-groups', '--'];
      isDone(t, await machine.run([...asOther, 'mkdir', '-p', '/tmp/spire-agent/public']));
      // What it says goes to the journal, which this machine has not.
      const said = await machine.run(['/usr/local/lib/assay/spire-agent-socket-directory', 'spire-agent']);
      t.not(said.code, 0);
      t.match(
        said.stderr,
        /spire-agent: \/tmp\/spire-agent belongs to user .*12346.* and not to uid 0, so that somebody else could take the place/,
      );
      await machine.run(['systemctl', 'start', '--no-block', unit]);
      await eventually(
        'its start has failed',
        async () => /^[1-9]/.test((await machine.run(['systemctl', 'show', '-P', 'NRestarts', unit])).stdout),
        { withinMs: 20_000, everyMs: 200 },
      );
      t.not((await machine.run(['test', '-e', socket])).code, 0);
      isDone(t, await machine.run(['rm', '-r', '/tmp/spire-agent']));
      t.strictSame(await svidOf(t, machine, byUid, workloadUid), id('service/by-uid'), 'it tries again by itself');
    },
  );

  await t.test('upgraded, and restarted with another program', async (t) => {
    const newer = join(place.dir, 'newer');
    isDone(
      t,
      await machine.run([
        'sh',
        '-c',
        `cat ${tools['spire-agent'].path} > ${newer}; echo newer >> ${newer}; chmod 755 ${newer}`,
      ]),
    );
    const upgraded = isDone(t, await mesh('upgrade', '--spire-agent', newer, '--restart'));
    t.match(upgraded, /^replaced .*lib\/assay\/spire-agent$/m);
    t.strictSame(await svidOf(t, machine, byPath, otherUid), id('service/by-path'));
    const pid = isDone(t, await machine.run(['systemctl', 'show', '-P', 'MainPID', unit])).trim();
    t.equal((await machine.run(['cmp', `/proc/${pid}/exe`, newer])).code, 0, 'the new one runs');
  });

  await t.test('uninstalled: nothing of it is left', async (t) => {
    t.match(isDone(t, await mesh('uninstall')), /^! kept .*\/var\/lib\/spire\/agent, with the keys of the agent/m);
    t.not((await machine.run(['test', '-e', socket])).code, 0, 'its agent was ended');
    t.equal((await machine.run(['id', 'spire-agent'])).code, 0);
    isDone(t, await mesh('uninstall', '--purge'));
    t.not((await machine.run(['id', 'spire-agent'])).code, 0);
    // The lists of users are written anew, and programs that make users keep the ones before.
    const others =
      /^\/opt\/workloads\/|^\/etc\/(passwd|group|shadow|gshadow)-?$|^\/etc\/(subuid|subgid)-?$|^\/etc\/\.pwd\.lock$|^\/var\/lib\/systemd\//;
    t.strictSame(
      (await machine.changed()).filter((path) => !others.test(path)),
      [],
    );
    for (const path of ['/tmp/spire-agent', '/etc/spire', '/var/lib/spire', '/usr/local/lib/assay'])
      t.not((await machine.run(['test', '-e', path])).code, 0, `${path} is gone`);
  });
});

function isDone(t: Test, { code, stdout, stderr }: Ran): string {
  t.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

function isRefused(t: Test, { code, stdout, stderr }: Ran, says: RegExp): void {
  t.equal(code, 2, `${stdout}${stderr}`);
  t.match(stderr.replaceAll(/\s+/g, ' '), says);
}

/** The SPIFFE ID that a workload is handed, by SPIRE's own client, when it is one. */
async function svidOf(t: Test, machine: OwnMachine, program: string, uid: number): Promise<string> {
  let last = '';
  const found = await eventually(
    `${program} of uid ${uid} has an SVID`,
    async () => {
      const fetch = [program, 'api', 'fetch', 'x509', '-socketPath', socket, '-timeout', '5s'];
      const { stdout, stderr } = await machine.run([
        'setpriv',
        '--reuid',
        String(uid),
        '--clear-groups',
        '--',
        ...fetch,
      ]);
      last = `${stdout}${stderr}`;
      return /SPIFFE ID:\s+(\S+)/.exec(stdout)?.[1];
    },
    { withinMs: 30_000, everyMs: 200 },
  ).catch(async (error: unknown) => {
    const { stdout } = await machine.run(['systemctl', 'status', '--full', unit]);
    t.fail(`${String(error)}\n${last}\n${stdout}`);
  });
  return String(found);
}
