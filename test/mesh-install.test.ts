import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { assay, makePlace, project, type Ended } from './cli-run.ts';

// `assay mesh install`, `upgrade` and `uninstall` in the tree of an image. test/mesh-install-systemd.test.ts installs on a machine, and starts it.

t.setTimeout(600_000);

const run = promisify(execFile);
const { 'spire-agent': real } = await locateTools(['spire-agent'], { onProgress() {} });
await using place = makePlace();

const bundle = join(place.dir, 'bundle.pem');
await run('openssl', [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=authority'],
  ...['-days', '2', '-keyout', join(place.dir, 'key.pem'), '-out', bundle],
]);
const digest = createHash('sha256').update(readFileSync(bundle)).digest('hex');
// What is put in its place need not be started here, where each byte of it is written often.
const program = (name: string, says: string) => {
  const path = join(place.dir, name);
  writeFileSync(path, `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
  return path;
};
const [first, second] = [program('agent-1', '1'), program('agent-2', '2')];

const tree = (name: string) => {
  const path = join(place.dir, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
};

const flags = ['--node-id', 'node-001', '--trust-domain', 'x0tta6bl4.mesh', '--server', 'spire.example:8081'];
const install = (root: string, ...more: readonly string[]) =>
  mesh(
    'install',
    ...flags,
    '--bundle',
    bundle,
    '--bundle-sha256',
    digest,
    '--root',
    root,
    '--spire-agent',
    first,
    ...more,
  );

const mesh = (...args: readonly string[]) => assay(place, ['mesh', ...args]);

function isDone(t: Test, { code, stdout, stderr }: Ended): string {
  t.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

function isRefused(t: Test, { code, stdout, stderr }: Ended, says: RegExp): void {
  t.equal(code, 2, `${stdout}${stderr}`);
  t.match(stderr.replaceAll(/\s+/g, ' '), says);
  t.notMatch(stderr, /at file:|a defect/);
}

/** All that lies below a directory: path, mode and content of each. */
function all(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
      return `${path.slice(root.length)} ${(lstatSync(path).mode & 0o7777).toString(8)} ${content}`;
    })
    .toSorted();
}

const at = {
  agent: 'usr/local/lib/assay/spire-agent',
  config: 'etc/spire/agent/agent.conf',
  unit: 'etc/systemd/system/spire-agent.service',
  tmpfiles: 'etc/tmpfiles.d/spire-agent.conf',
  data: 'var/lib/spire/agent',
};

await t.test('what would be installed is shown, and nothing is made', async (t) => {
  const root = tree('dry');
  const shown = isDone(t, await install(root, '--dry-run'));
  t.match(shown, /would make .*agent\.conf \(644\)\n {2}\+ agent \{\n/);
  t.match(shown, /would make .*lib\/assay\/spire-agent \(755\)/);
  t.match(shown, / {2}\+ NoNewPrivileges=yes/);
  t.strictSame(readdirSync(root), []);
  const told = JSON.parse(isDone(t, await install(root, '--dry-run', '--json'))) as { files: unknown[] };
  t.match(told, { node: 'spiffe://x0tta6bl4.mesh/node/node-001', dryRun: true });
  t.equal(told.files.length, 7);
});

await t.test('an agent in an image, whatever the umask; a second call changes nothing', async (t) => {
  const root = tree('image');
  const mask = process.umask(0o077);
  const made = await install(root, '--spire-agent', real.path).finally(() => process.umask(mask));
  t.match(isDone(t, made), /made .*spire-agent\.service[^]*Then:\n {2}1\. boot a machine/);
  const mode = (path: string) => (statSync(join(root, path)).mode & 0o7777).toString(8);
  t.strictSame([at.agent, at.config, at.unit, 'etc/spire/agent', 'usr/local/lib/assay', at.data].map(mode), [
    '755',
    '644',
    '644',
    '755',
    '755',
    '700',
  ]);
  const config = readFileSync(join(root, at.config), 'utf8');
  t.notMatch(config, /insecure|join_token =|join_token_file/);
  const bundled = config.replaceAll('/etc/spire/agent', join(root, 'etc/spire/agent'));
  writeFileSync(join(place.dir, 'agent.conf'), bundled);
  const { stdout } = await run(real.path, ['validate', '-config', join(place.dir, 'agent.conf')]);
  t.match(stdout, /valid/i, 'SPIRE takes the configuration');
  const before = all(root);
  const again = isDone(t, await install(root, '--spire-agent', real.path));
  t.equal(again.match(/^unchanged /gm)?.length, 7);
  t.strictSame(all(root), before);
});

await t.test(
  'systemd takes the unit, and finds little that it could still be denied',
  { skip: findOnPath('systemd-analyze', process.env) === undefined && 'no systemd-analyze' },
  async (t) => {
    const root = join(place.dir, 'image');
    const own = { HOME: place.dir, PATH: process.env.PATH };
    // What the unit names has to be there, so it is looked at as if it named the image.
    const unit = join(place.dir, 'spire-agent.service');
    const text = readFileSync(join(root, at.unit), 'utf8');
    writeFileSync(unit, text.replaceAll('/usr/local/lib/assay', join(root, 'usr/local/lib/assay')));
    const verified = await run('systemd-analyze', ['verify', '--man=no', unit], { env: own });
    t.notMatch(verified.stderr, /spire-agent/, 'nothing to say of it');
    const looked = await run('systemd-analyze', ['security', '--offline=yes', '--threshold=25', unit], { env: own });
    const exposure = Number(/exposure level for spire-agent\.service: ([\d.]+)/.exec(looked.stdout)?.[1]);
    t.ok(exposure > 0 && exposure <= 2.5, `exposure ${exposure}\n${looked.stdout}`);
    t.notMatch(text, /^PrivateTmp=yes|^ProtectProc=(invisible|ptraceable)|^PrivateUsers=yes/m);
  },
);

await t.test(
  'systemd makes the user and the directories of the socket, as the snippets say',
  { skip: findOnPath('systemd-sysusers', process.env) === undefined && 'no systemd-sysusers' },
  async (t) => {
    const root = join(place.dir, 'image');
    await run('systemd-sysusers', ['--root', root, join(root, 'etc/sysusers.d/spire-agent.conf')]);
    const [, , uid, , , , shell] = readFileSync(join(root, 'etc/passwd'), 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([name]) => name === 'spire-agent')!;
    t.match(shell, /nologin/);
    const make = () => run('systemd-tmpfiles', ['--root', root, '--create', join(root, at.tmpfiles)]);
    await make();
    const owner = (path: string) => {
      const { uid, mode } = statSync(join(root, path));
      return `${uid} ${(mode & 0o7777).toString(8)}`;
    };
    t.strictSame(['tmp/spire-agent', 'tmp/spire-agent/public'].map(owner), ['0 755', `${uid} 755`]);
    isDone(t, await install(root, '--spire-agent', real.path));
    t.equal(String(statSync(join(root, at.data)).uid), uid, 'whom the image knows, the data is given');
    rmSync(join(root, 'tmp/spire-agent'), { recursive: true });
    mkdirSync(join(root, 'tmp/spire-agent'), { mode: 0o700 });
    await run('chown', ['12345', join(root, 'tmp/spire-agent')]);
    await make().catch(() => undefined);
    t.equal(
      owner('tmp/spire-agent'),
      '12345 700',
      'what is somebody else’s is not taken over, so that the unit can refuse it',
    );
  },
);

await t.test('what somebody changed is kept, and what is nobody’s of ours is not overwritten', async (t) => {
  const root = tree('changed');
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  writeFileSync(join(root, at.unit), '[Service]\nExecStart=/bin/true\n');
  isRefused(t, await install(root), /spire-agent\.service: is there, and no installation of ours has made it/);
  t.strictSame(readdirSync(join(root, 'etc')), ['systemd']);
  rmSync(join(root, at.unit));
  isDone(t, await install(root));
  appendFileSync(join(root, at.config), '# ours\n');
  const again = isDone(t, await install(root, '--server', 'other.example:8081'));
  t.match(again, /^! kept .*agent\.conf: was changed since it was made; move it away to have it made anew$/m);
  t.match(readFileSync(join(root, at.config), 'utf8'), /spire\.example[^]*# ours/);
  rmSync(join(root, at.config));
  t.match(isDone(t, await install(root, '--server', 'other.example:8081')), /^made .*agent\.conf$/m);
  const dry = isDone(t, await install(root, '--dry-run'));
  t.match(
    dry,
    /would replace .*agent\.conf \(644\)\n {2}- {3}server_address = "other\.example"\n {2}\+ {3}server_address = "spire\.example"\n/,
  );
  chmodSync(join(root, at.unit), 0o666);
  t.match(isDone(t, await install(root)), /^replaced .*spire-agent\.service$/m);
  t.equal(statSync(join(root, at.unit)).mode & 0o777, 0o644);
  appendFileSync(join(root, at.config), '# ours\n');
  const gone = await mesh('uninstall', '--root', root);
  t.match(isDone(t, gone), /^! kept .*agent\.conf: was changed since it was made; remove it by hand$/m);
  t.strictSame(
    all(root)
      .filter((one) => !one.endsWith(' '))
      .map((one) => one.split(' ')[0]),
    [`/${at.config}`],
  );
  t.ok(existsSync(join(root, 'etc/systemd/system')), 'a directory that was there before stays');
});

await t.test('an upgrade puts a new program in place, and nothing else', async (t) => {
  const root = tree('upgrade');
  isRefused(
    t,
    await mesh('upgrade', '--root', root, '--spire-agent', second),
    /`assay mesh install` was not called yet/,
  );
  isDone(t, await install(root));
  const before = all(root);
  const upgraded = isDone(t, await mesh('upgrade', '--root', root, '--spire-agent', second));
  t.match(upgraded, /^replaced .*lib\/assay\/spire-agent$/m);
  t.equal(upgraded.match(/^unchanged /gm)?.length, 6);
  t.strictSame(readFileSync(join(root, at.agent)), readFileSync(second));
  const changed = all(root).filter((one) => !before.includes(one));
  t.strictSame(changed.map((one) => one.split(' ')[0]).toSorted(), ['/etc/spire/agent/installed.json', `/${at.agent}`]);
  isRefused(t, await mesh('upgrade', '--root', root, '--restart'), /--restart: no systemd runs there/);
  appendFileSync(join(root, 'etc/spire/agent/bundle.pem'), 'more');
  isRefused(
    t,
    await mesh('upgrade', '--root', root, '--spire-agent', first),
    /bundle\.pem: is not what `assay mesh install` was told to believe/,
  );
});

await t.test('another prefix takes the programs of the one before away', async (t) => {
  const root = tree('prefix');
  isDone(t, await install(root));
  t.match(isDone(t, await install(root, '--prefix', '/opt/mesh/')), /^removed .*usr\/local\/lib\/assay\/spire-agent$/m);
  t.ok(existsSync(join(root, 'opt/mesh/lib/assay/spire-agent')));
  t.notOk(existsSync(join(root, at.agent)));
  t.match(readFileSync(join(root, at.unit), 'utf8'), /ExecStart=\/opt\/mesh\/lib\/assay\/spire-agent run/);
  isDone(t, await mesh('uninstall', '--root', root));
  t.strictSame(readdirSync(root), []);
});

await t.test(
  'another user of the agent has its keys, too',
  { skip: process.getuid?.() !== 0 && 'wants root, to give files away' },
  async (t) => {
    const root = tree('other-user');
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'one:x:4001:4001::/:/bin/false\ntwo:x:4002:4002::/:/bin/false\n');
    isDone(t, await install(root, '--user', 'one'));
    const [data, key] = [join(root, at.data), join(root, at.data, 'keys.json')];
    writeFileSync(key, '{}', { mode: 0o600 });
    chownSync(key, 4001, 4001);
    isDone(t, await install(root, '--user', 'two'));
    t.strictSame(
      [data, key].map((path) => statSync(path).uid),
      [4002, 4002],
    );
  },
);

await t.test('data is kept until it is purged', async (t) => {
  const root = tree('data');
  isDone(t, await install(root));
  writeFileSync(join(root, at.data, 'keys.json'), '{}');
  t.match(isDone(t, await mesh('uninstall', '--root', root, '--dry-run')), /would remove .*agent\.conf/);
  t.match(
    isDone(t, await mesh('uninstall', '--root', root)),
    /^! kept .*var\/lib\/spire\/agent, with the keys of the agent/m,
  );
  t.ok(existsSync(join(root, at.data, 'keys.json')));
  t.notOk(existsSync(join(root, at.unit)));
  t.match(JSON.parse(isDone(t, await mesh('uninstall', '--root', root, '--purge', '--json'))), { data: 'removed' });
  t.strictSame(readdirSync(root), []);
  t.match(isDone(t, await mesh('uninstall', '--root', root)), /nothing is installed there/);
});

await t.test(
  'what is no part of an image is not taken away, by a link or by a record that leads out of it',
  async (t) => {
    const [root, outside] = [tree('leads-out'), tree('outside')];
    isDone(t, await install(root));
    mkdirSync(join(outside, 'agent'));
    writeFileSync(join(outside, 'agent/keys.json'), 'of this machine');
    rmSync(join(root, 'var/lib/spire'), { recursive: true });
    symlinkSync(outside, join(root, 'var/lib/spire'));
    isRefused(t, await mesh('uninstall', '--purge', '--root', root), /\/var\/lib\/spire is a link there/);
    t.ok(existsSync(join(outside, 'agent/keys.json')));
    t.ok(existsSync(join(root, at.unit)), 'nor is half of it');
    rmSync(join(root, 'var/lib/spire'));
    const recordFile = join(root, 'etc/spire/agent/installed.json');
    const record = JSON.parse(readFileSync(recordFile, 'utf8')) as { files: Record<string, string[]> };
    const theirs = '/../outside/agent/keys.json';
    record.files[theirs] = [createHash('sha256').update('of this machine').digest('hex')];
    writeFileSync(recordFile, JSON.stringify(record));
    isRefused(
      t,
      await mesh('uninstall', '--root', root),
      /is no record of an installation .* an absolute path without/,
    );
    t.ok(existsSync(join(outside, 'agent/keys.json')));
  },
);

await t.test('what makes no sense is refused, and nothing is made', async (t) => {
  const root = tree('nonsense');
  isRefused(
    t,
    await install(
      root,
      '--bundle-sha256',
      digest.replace(/^./, (one) => (one === '0' ? '1' : '0')),
    ),
    /its SHA-256 is/,
  );
  isRefused(t, await install(root, '--node-id', 'a/b'), /is no segment of a SPIFFE ID/);
  isRefused(t, await install(root, '--prefix', 'lib'), /--prefix lib: wants an absolute path/);
  isRefused(t, await install(root, '--prefix', '/opt/a b'), /--prefix \/opt\/a b: wants an absolute path/);
  isRefused(t, await install(root, '--user', 'root'), /name a user of its own/);
  isRefused(t, await install(root, '--user', 'a:b'), /is no name of a user/);
  isRefused(t, await install(root, '--health-port', '9989'), /is that of the metrics, too/);
  isRefused(t, await install(root, '--metrics-port', '70000'), /a port from 1 to 65535/);
  isRefused(t, await install(join(root, 'none')), /ENOENT.*wanted is the directory of an image/);
  isRefused(t, await install(''), /--root: is empty/);
  t.strictSame(readdirSync(root), []);
  symlinkSync('/etc', join(root, 'etc'));
  isRefused(t, await install(root), /\/etc is a link there, and what it leads to on the node is not known here/);
  const others = tree('others');
  chmodSync(others, 0o777);
  isRefused(t, await install(others), /can be written to by others/);
  const damaged = tree('damaged');
  mkdirSync(join(damaged, 'etc/spire/agent'), { recursive: true });
  writeFileSync(join(damaged, 'etc/spire/agent/installed.json'), '{');
  isRefused(t, await mesh('uninstall', '--root', damaged), /is no record of an installation that this Assay/);
});

await t.test('killed before any change of a file, the same command finishes it', { timeout: 500_000 }, async (t) => {
  // Each change takes a second: ASSAY_KILLS=all, while working on it.
  const stride = process.env.ASSAY_KILLS === 'all' ? 1 : 4;
  const clean = tree('clean');
  isDone(t, await install(clean));
  const whole = all(clean);
  const killed = async (nth: number, root: string, args: readonly string[]) =>
    assay(place, ['mesh', ...args, '--root', root], {
      env: {
        NODE_OPTIONS: `--import ${join(project, 'test', 'killed-before.ts')}`,
        ...{ KILLED_BELOW: root, KILLED_BEFORE: String(nth) },
      },
    });
  const installing = ['install', ...flags, '--bundle', bundle, '--bundle-sha256', digest, '--spire-agent', first];
  let kills = 0;
  for (let nth = 1; nth < 200; nth += stride) {
    const root = tree('killed');
    const ended = await killed(nth, root, installing);
    if (ended.signal === null) break;
    kills++;
    // Now and then it is not finished, but taken away.
    if (kills % 4 !== 0) {
      isDone(t, await install(root));
      t.strictSame(all(root), whole, `install, before change ${nth}`);
    }
    isDone(t, await mesh('uninstall', '--root', root));
    t.strictSame(readdirSync(root), [], `nothing is left of an install that was killed before change ${nth}`);
  }
  t.ok(kills >= 8, `an install was killed ${kills} times`);
  kills = 0;
  for (let nth = 1; nth < 200; nth += stride) {
    const root = tree('killed');
    isDone(t, await install(root));
    const ended = await killed(nth, root, ['uninstall']);
    if (ended.signal === null) break;
    kills++;
    isDone(t, await mesh('uninstall', '--root', root));
    t.strictSame(readdirSync(root), [], `uninstall, before change ${nth}`);
  }
  t.ok(kills >= 3, `an uninstall was killed ${kills} times`);
  const root = tree('killed');
  isDone(t, await install(root));
  for (let nth = 1; nth < 200; nth += stride) {
    const ended = await killed(nth, root, ['upgrade', '--spire-agent', nth % 2 === 0 ? first : second]);
    if (ended.signal === null) break;
    t.ok(
      [first, second].some((one) => readFileSync(join(root, at.agent)).equals(readFileSync(one))),
      'a whole program is there',
    );
    isDone(t, await mesh('upgrade', '--root', root, '--spire-agent', first));
    t.strictSame(all(root), whole, `upgrade, before change ${nth}`);
  }
});
