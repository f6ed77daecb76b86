import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { mintIdentity } from '../fixtures/probes/issue-identity.ts';
import { startSpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import type { CaStatus } from '../mesh/ca/status.ts';
import { pem, pemBlocks } from '../src/svid/x509/pem.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import { verifyX509Svid } from '../src/svid/x509/verify.ts';
import { assay, makePlace, project, type Ended } from './cli-run.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// A ceremony by the command, and a real SPIRE server below it, through a whole rotation of the root.

t.setTimeout(500_000);

const run = promisify(execFile);
const { trustDomain } = usualServer;
const passphrase = 'correct horse battery staple';

await using place = makePlace();
const file = (name: string, text: string) => {
  const path = join(place.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const [offline, server] = [join(place.dir, 'vault', 'ca'), join(place.dir, 'spire-ca')];
const passphraseFile = file('passphrase', `${passphrase}\n`);
const places = ['--offline', offline, '--server', server];
const opened = [...places, '--passphrase-file', passphraseFile, '--forced', 'servers of other tests run here'];
const create = ['create', '--trust-domain', trustDomain];

async function ca(...args: readonly string[]): Promise<Ended> {
  const ended = await assay(place, ['mesh', 'ca', ...args]);
  assert.doesNotMatch(`${ended.stdout}${ended.stderr}`, new RegExp(`${passphrase}|PRIVATE KEY-----\n|at file:`));
  return ended;
}

async function status(t: Test, code: number, ...args: readonly string[]): Promise<CaStatus> {
  const ended = await ca('status', ...(args.length > 0 ? args : places), '--json');
  t.equal(ended.code, code, ended.stderr);
  return JSON.parse(ended.stdout) as CaStatus;
}

async function done(t: Test, ...args: readonly string[]): Promise<Ended> {
  const ended = await ca(...args);
  t.equal(ended.code, 0, `${ended.stderr}${ended.stdout}`);
  return ended;
}

async function refused(t: Test, says: RegExp, ...args: readonly string[]): Promise<void> {
  const ended = await ca(...args);
  t.equal(ended.code, 2, ended.stdout);
  t.match(ended.stderr.replaceAll(/\s+/g, ' '), says);
}

const filesBelow = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

await t.test('where a SPIRE server runs, no root is made', async (t) => {
  const program = join(place.dir, 'spire-server');
  copyFileSync('/bin/sleep', program);
  chmodSync(program, 0o755);
  const standIn = spawn(program, ['60'], { stdio: 'ignore' });
  await once(standIn, 'spawn');
  await eventually('the stand-in runs', () => readFileSync(`/proc/${standIn.pid}/comm`, 'utf8') === 'spire-server\n', {
    withinMs: 5_000,
  });
  await refused(
    t,
    /a spire-server runs here, as process \d+, and the key of a root is not to be where a server is/,
    ...[...create, ...places, '--passphrase-file', passphraseFile],
  );
  standIn.kill('SIGKILL');
  t.notOk(readdirSync(place.dir).includes('vault'));
});

await t.test('what makes no sense is refused, and nothing is made', async (t) => {
  const with_ = (path: string) => [...places, '--passphrase-file', path, '--forced', 'a test'];
  await refused(t, /is too short; at least 16/, ...create, ...with_(file('short', 'secret\n')));
  await refused(t, /on one line/, ...create, ...with_(file('lines', 'one line of a passphrase\nanother')));
  await refused(t, /is no name of a trust domain/, 'create', '--trust-domain', 'spiffe://x', ...opened);
  await refused(
    t,
    /one lies in the other/,
    ...[...create, '--offline', join(server, 'root'), '--server', server],
    ...['--passphrase-file', passphraseFile, '--forced', 'a test'],
  );
  await refused(t, /holds no root; `assay mesh ca create` makes one/, 'renew', ...opened);
  await refused(t, /wanted is one of prepare, activate, retire/, 'rotate-root', 'replace', ...opened);
  const dry = await done(t, ...create, ...opened, '--dry-run');
  t.match(dry.stdout, /would make a root of x0tta6bl4\.mesh: EC P-384[^]*would make an intermediate below the root/);
  t.strictSame(
    readdirSync(place.dir).filter((name) => name === 'vault' || name === 'spire-ca'),
    [],
  );
});

await t.test('a root and its intermediate', async (t) => {
  // As a run left it that was ended in the middle.
  mkdirSync(join(offline, '.draft-1'), { recursive: true });
  const made = await done(t, ...create, ...opened);
  t.match(made.stdout, /✓ make a root[^]*✓ make an intermediate below the root[^]*Then:/);
  const { root, intermediate, wrong } = await status(t, 0);
  t.strictSame(wrong, []);
  t.notOk(readdirSync(offline).some((name) => name.startsWith('.draft')));
  const text = (name: string) => readFileSync(join(server, 'current', name), 'utf8');
  const [upstream] = pemBlocks(text('upstream.pem'), 'CERTIFICATE').map((der) => readCertificate(der));
  t.match(upstream, { serial: intermediate!.serial, pathLength: 1, isCa: true, keyUsage: ['keyCertSign', 'cRLSign'] });
  const rootText = readFileSync(join(offline, 'root', 'root.pem'), 'utf8');
  t.match(readCertificate(pemBlocks(rootText, 'CERTIFICATE')[0]!), { serial: root!.serial, pathLength: 2 });

  // openssl is the second opinion: on both certificates, and on the key.
  const verified = await run('openssl', [
    ...['verify', '-x509_strict', '-CAfile', join(offline, 'root', 'root.pem')],
    join(server, 'current', 'upstream.pem'),
  ]);
  t.match(verified.stdout, /upstream\.pem: OK/);
  const shown = await run('openssl', ['x509', '-noout', '-text', '-in', join(offline, 'root', 'root.pem')]);
  t.match(shown.stdout, /ecdsa-with-SHA384[^]*P-384/);
  const keyFile = join(offline, 'root', 'root.key');
  const pass = (words: string) =>
    run('openssl', ['pkey', '-in', keyFile, '-passin', `pass:${words}`, '-noout', '-text']);
  t.match((await pass(passphrase)).stdout, /P-384/);
  await t.rejects(pass('correct horse battery stapler'));
  t.equal(statSync(keyFile).mode & 0o777, 0o600);
  t.equal(statSync(join(server, 'current', 'upstream.key')).mode & 0o777, 0o600);
  const plain = filesBelow(join(place.dir, 'vault')).filter((path) =>
    /-----BEGIN (EC )?PRIVATE KEY/.test(readFileSync(path, 'latin1')),
  );
  t.strictSame(plain, []);
  for (const path of [...filesBelow(offline), ...filesBelow(server)])
    t.notMatch(readFileSync(path, 'latin1'), passphrase, path);
});

await t.test('what is there stays, and what was interrupted is finished', async (t) => {
  // Its notes tell of every SPIRE server of this machine: other tests have theirs.
  const standing = async () => ({ ...(await status(t, 0)), notes: [] });
  const before = await standing();
  t.match((await done(t, ...create, ...opened)).stdout, /nothing to do/);
  t.match((await done(t, 'renew', ...opened)).stdout, /nothing to do: the intermediate is not a quarter old yet/);
  t.strictSame(await standing(), before);
  await refused(
    t,
    /cannot be opened by this passphrase/,
    ...[...create, ...places, '--passphrase-file', file('other', 'another passphrase'), '--forced', 'a test'],
  );
  await refused(
    t,
    /holds a root of x0tta6bl4\.mesh, not of example\.org/,
    'create',
    '--trust-domain',
    'example.org',
    ...opened,
  );
  rmSync(server, { recursive: true });
  await done(t, ...create, ...opened);
  const after = await status(t, 0);
  t.strictSame(after.root, before.root);
  t.not(after.intermediate!.serial, before.intermediate!.serial);
});

await t.test('status finds what has no business on a server, and a log that was changed', async (t) => {
  const copied = join(server, 'root.key');
  copyFileSync(join(offline, 'root', 'root.key'), copied);
  t.match((await status(t, 1, '--server', server)).wrong, [
    /root\.key holds a private key under a passphrase, which may be that of a root/,
  ]);
  const { stdout } = await run('openssl', ['pkey', '-in', copied, '-passin', `pass:${passphrase}`]);
  writeFileSync(copied, stdout);
  t.match((await status(t, 1, '--server', server)).wrong, [/root\.key holds the key of a root/]);
  rmSync(copied);
  const key = join(server, 'current', 'upstream.key');
  chmodSync(key, 0o644);
  t.match((await status(t, 1, '--server', server)).wrong, [/can be read by others: chmod 600/]);
  chmodSync(key, 0o600);
  t.strictSame((await status(t, 0)).wrong, []);
  const log = join(offline, 'ceremony.jsonl');
  const [first, second, ...more] = readFileSync(log, 'utf8').split('\n');
  writeFileSync(log, [first, second!.replace('is kept', 'is seen'), ...more].join('\n'));
  await refused(t, /ceremony\.jsonl:3: does not follow from the line before/, 'status', ...places);
  writeFileSync(log, [first, second, ...more].join('\n'));
  // As a disk that was full, or a kill, leaves it.
  appendFileSync(log, '{"at":');
  await status(t, 0);
  await done(t, 'renew', '--early', ...opened);
  t.match(readFileSync(log, 'utf8'), /"did":"a line was cut off in the middle, and taken out"/);
  const key2 = join(offline, 'root', 'root.key');
  chmodSync(key2, 0o644);
  t.match((await status(t, 1)).wrong, [/root\.key can be read by others: chmod 600/]);
  chmodSync(key2, 0o600);
  const sealed = readFileSync(key2, 'utf8');
  writeFileSync(key2, stdout);
  t.match((await status(t, 1)).wrong, [/root\.key is no key under a passphrase/]);
  writeFileSync(key2, sealed);
  const whole = readFileSync(log, 'utf8');
  writeFileSync(log, '');
  t.match((await status(t, 1)).wrong, [/the ceremony log knows nothing of the root in/]);
  writeFileSync(log, whole);
  await status(t, 0);
});

await t.test('what a server was handed may be lost or damaged, and is made anew', async (t) => {
  const { intermediate } = await status(t, 0);
  const generation = join(server, readlinkSync(join(server, 'current')));
  writeFileSync(join(generation, 'roots.pem'), '');
  t.match((await status(t, 1)).wrong, [
    /what the server was handed is damaged: .*roots\.pem: holds no certificate/,
    /holds a private key/,
  ]);
  await done(t, 'renew', ...opened);
  const renewed = await status(t, 0);
  t.not(renewed.intermediate!.serial, intermediate!.serial);
  rmSync(join(server, readlinkSync(join(server, 'current'))), { recursive: true });
  await status(t, 1);
  await done(t, ...create, ...opened);
  await status(t, 0);
});

await t.test('two ceremonies at once are kept apart', async (t) => {
  const ended = await Promise.all([1, 2, 3].map(() => ca('renew', '--early', ...opened)));
  const refused_ = ended.filter(({ code }) => code !== 0);
  for (const { code, stderr } of refused_) {
    t.equal(code, 2);
    t.match(stderr, /another ceremony goes on there, of process \d+/);
  }
  t.ok(refused_.length < 3);
  await status(t, 0);
});

await t.test('a rotation that is interrupted anywhere is finished', async (t) => {
  const vault = join(place.dir, 'often-vault');
  const conf = join(place.dir, 'often');
  const often = ['--offline', vault, '--server', conf, '--passphrase-file', passphraseFile, '--forced', 'a test'];
  const at = ['--offline', vault, '--server', conf];
  const rotate = (step: string) => done(t, 'rotate-root', step, '--without-overlap', 'a test', ...often);
  await done(t, ...create, ...often);
  await rotate('prepare');
  // Between the two moves of an activation.
  renameSync(join(vault, 'root'), join(vault, 'before'));
  t.match((await status(t, 1, ...at)).wrong, [
    /a rotation of the root was interrupted: `assay mesh ca rotate-root activate` finishes it/,
  ]);
  for (const args of [['renew', '--early'], ['rotate-root', 'prepare'], ['rotate-root', 'retire'], create])
    await refused(t, /was interrupted; finish it by `assay mesh ca rotate-root activate`/, ...args, ...often);
  // And the directory that was meant to be copied was moved.
  renameSync(conf, `${conf}-moved`);
  await rotate('activate');
  t.strictSame((await status(t, 0, ...at)).wrong, []);
  renameSync(conf, `${conf}-moved-too`);
  await rotate('activate');
  await status(t, 0, ...at);
  // After the moves, and before anything was handed over.
  const { root } = await status(t, 0, ...at);
  await rotate('retire');
  await rotate('retire');
  await rotate('prepare');
  renameSync(join(vault, 'root'), join(vault, 'before'));
  renameSync(join(vault, 'next'), join(vault, 'root'));
  t.match((await status(t, 1, ...at)).wrong, [/was interrupted/]);
  await refused(t, /was interrupted; finish it/, 'renew', ...often);
  await rotate('activate');
  t.not((await status(t, 0, ...at)).root!.serial, root!.serial);
});

await t.test(
  'a ceremony that is killed before any change of a file is finished by the same command',
  { timeout: 400_000 },
  async (t) => {
    const flags = ['--without-overlap', 'a test'];
    const steps = [
      create,
      ['rotate-root', 'prepare', ...flags],
      ['rotate-root', 'activate', ...flags],
      ['rotate-root', 'retire', ...flags],
    ];
    // Each change takes a second: ASSAY_KILLS=all, while working on ceremonies.
    const stride = process.env.ASSAY_KILLS === 'all' ? 1 : 5;
    const from = join(place.dir, 'from');
    mkdirSync(from);
    const in_ = (base: string) => ['--offline', join(base, 'vault'), '--server', join(base, 'conf')];
    const rest = ['--passphrase-file', passphraseFile, '--forced', 'a test'];
    for (const step of steps) {
      let kills = 0;
      for (let nth = 1; nth < 60; nth += stride) {
        const base = join(place.dir, 'killed');
        rmSync(base, { recursive: true, force: true });
        cpSync(from, base, { recursive: true, verbatimSymlinks: true });
        const killed = await assay(place, ['mesh', 'ca', ...step, ...in_(base), ...rest], {
          env: {
            NODE_OPTIONS: `--import ${join(project, 'test', 'killed-before.ts')}`,
            ...{ KILLED_BELOW: base, KILLED_BEFORE: String(nth) },
          },
        });
        if (killed.signal === null) {
          t.equal(killed.code, 0, killed.stderr);
          break;
        }
        kills++;
        await done(t, ...step, ...in_(base), ...rest);
        t.strictSame((await status(t, 0, ...in_(base))).wrong, [], `${step.join(' ')}, before change ${nth}`);
        const left = filesBelow(base).filter((path) => !path.includes('/current/') && /\.draft|\.key$/.test(path));
        t.equal(left.length, step.includes('prepare') || step.includes('activate') ? 3 : 2, left.join(' '));
        rmSync(base, { recursive: true });
      }
      t.ok(kills >= 3, `${step.join(' ')} was killed ${kills} times`);
      await done(t, ...step, ...in_(from), ...rest);
    }
  },
);

await t.test('places and passphrases that would be a mistake', async (t) => {
  const other = ['--offline', join(place.dir, 'other-vault'), '--server', server];
  const as = (path: string) => ['--passphrase-file', path, '--forced', 'a test'];
  await refused(t, /it is of another authority; name another place/, ...create, ...other, ...as(passphraseFile));
  await refused(t, /is too long/, ...create, ...places, ...as(file('long', 'x'.repeat(1_025))));
  await refused(t, /ends as lines do here \(LF\)/, ...create, ...places, ...as(file('crlf', `${passphrase}\r\n`)));
  await refused(t, /is too short/, ...create, ...places, ...as(file('blank', ' '.repeat(40))));
  const latin = join(place.dir, 'latin');
  writeFileSync(latin, Buffer.from('passwörd passwörd passwörd', 'latin1'), { mode: 0o600 });
  await refused(t, /is no text in UTF-8/, ...create, ...places, ...as(latin));
  const within = join(server, 'passphrase');
  writeFileSync(within, passphrase);
  await refused(t, /would go where the key goes/, ...create, ...places, ...as(within));
  rmSync(within);
  await refused(
    t,
    /--offline: wants a directory; is the variable that names it empty/,
    ...create,
    '--offline',
    '',
    '--server',
    server,
    ...as(passphraseFile),
  );
  await refused(t, /one lies in the other/, ...create, '--offline', offline, '--server', '/', ...as(passphraseFile));
  await refused(t, /a root cannot be changed/, ...create, '--tiers', '3', ...opened);
  await refused(
    t,
    /wanted is a directory that `assay mesh ca` has written to/,
    'status',
    '--server',
    join(place.dir, 'nowhere'),
  );
  await refused(t, /an hour is the least|--overlap/, 'rotate-root', 'prepare', '--overlap', '0s', ...opened);
  const taken = file('a-file', 'text');
  await refused(
    t,
    /EEXIST|ENOTDIR|not a directory/,
    ...create,
    '--offline',
    taken,
    '--server',
    join(place.dir, 'fresh'),
    ...as(passphraseFile),
  );
  await status(t, 0);
});

await t.test('through a whole rotation of the root, no SVID of a real SPIRE is refused by anyone', async (t) => {
  const tools = await locateTools(['spire-server'], { onProgress() {} });
  await using runtime = startProcesses(join(place.dir, 'run'));
  const config = readFileSync(join(server, 'current', 'upstream.conf'), 'utf8');
  await using spire = await startSpireServer(runtime, tools['spire-server'].path, {
    ...{ ...usualServer, name: 'spire' },
    upstream: { config },
  });
  const { api } = spire;
  const svids: { readonly when: string; readonly cert: string }[] = [];
  const bundles: { readonly when: string; readonly authorities: readonly Uint8Array[] }[] = [];
  const look = async (when: string) => {
    const { cert } = await mintIdentity(api, `spiffe://${trustDomain}/node/node-001`, () => undefined);
    svids.push({ when, cert });
    const { authorities } = await api.getBundle();
    bundles.push({ when, authorities: authorities.map(({ der }) => der) });
    return authorities.map(({ der }) => readCertificate(der).fingerprint);
  };
  const reload = async () => {
    const { authorityId } = await api.prepareX509Authority();
    await api.activateX509Authority(authorityId);
  };
  const rotate = (step: string) => done(t, 'rotate-root', step, '--without-overlap', 'a test', ...opened);
  const { root: first } = await status(t, 0);
  t.strictSame(await look('at first'), [first!.sha256]);

  await done(t, 'renew', '--early', ...opened);
  await reload();
  t.strictSame(await look('after a renewal'), [first!.sha256], 'the root stays');

  await refused(t, /no root is prepared/, 'rotate-root', 'activate', ...opened);
  await refused(t, /no root was replaced/, 'rotate-root', 'retire', ...opened);
  await rotate('prepare');
  const { next } = await status(t, 0);
  await reload();
  t.strictSame((await look('prepared')).sort(), [first!.sha256, next!.sha256].sort());
  t.match((await done(t, 'rotate-root', 'prepare', ...opened)).stdout, /nothing to do/);

  await refused(
    t,
    /rotate-root activate: is too early: until .*--without-overlap REASON/,
    'rotate-root',
    'activate',
    ...opened,
  );
  await rotate('activate');
  const activated = await status(t, 0);
  t.equal(activated.root!.sha256, next!.sha256);
  t.equal(activated.before!.sha256, first!.sha256);
  await reload();
  await look('activated');
  t.match((await done(t, 'rotate-root', 'activate', ...opened)).stdout, /nothing to do/);
  await refused(t, /the root before is still trusted/, 'rotate-root', 'prepare', ...opened);

  const retired = await rotate('retire');
  t.match(retired.stdout, /✓ take the root of/);
  await reload();
  // As the command says: SPIRE keeps it until it has ended, and can be told to forget none but who signed its authority, which is the intermediate.
  t.strictSame((await look('retired')).sort(), [first!.sha256, next!.sha256].sort());
  const { old, active } = await api.getX509AuthorityState();
  t.strictSame(
    [old, active].map((one) => one?.upstreamSubjectKeyId),
    [activated.intermediate!.subjectKeyId, activated.intermediate!.subjectKeyId],
  );
  t.notOk(readdirSync(offline).includes('before'), 'its key is gone');
  t.strictSame((await status(t, 0)).wrong, []);

  // An SVID is taken at the next step too, as it lives on, and the bundle of the step before takes it, as that may not have been followed yet.
  for (const [at, { when, cert }] of svids.entries()) {
    for (const bundle of bundles.slice(Math.max(0, at - 1), at + 2)) {
      const chain = pemBlocks(cert, 'CERTIFICATE').map((der) => readCertificate(der));
      const authorities = new Map([[trustDomain, bundle.authorities.map((der) => readCertificate(der))]]);
      const ours = verifyX509Svid(chain, authorities, new Date());
      t.ok(ours.ok, `an SVID from when the root was ${when}, by the bundle from when it was ${bundle.when}`);
      const roots = file('roots.pem', bundle.authorities.map((der) => pem('CERTIFICATE', der)).join(''));
      const leaf = file('svid.pem', cert);
      const theirs = await run('openssl', ['verify', '-CAfile', roots, '-untrusted', leaf, leaf]).then(
        () => true,
        () => false,
      );
      t.ok(theirs, 'openssl agrees');
    }
  }
});

await t.test('a root that vouches for its own names alone', async (t) => {
  const [vault, conf] = [join(place.dir, 'narrow-vault'), join(place.dir, 'narrow')];
  const narrow = ['--offline', vault, '--server', conf, '--passphrase-file', passphraseFile, '--forced', 'a test'];
  await done(t, ...create, ...narrow, '--constrain-names', '--tiers', '2');
  const [root] = pemBlocks(readFileSync(join(vault, 'root', 'root.pem'), 'utf8'), 'CERTIFICATE').map((der) =>
    readCertificate(der),
  );
  t.match(root, { pathLength: 3, nameConstraints: { permitted: [{ base: trustDomain }] } });
  const [upstreamKey, upstreamPem] = ['upstream.key', 'upstream.pem'].map((name) => join(conf, 'current', name));
  const outcome = async (id: string) => {
    const [key, request, leaf] = [
      join(place.dir, 'leaf.key'),
      join(place.dir, 'leaf.csr'),
      join(place.dir, 'leaf.pem'),
    ];
    await run('openssl', [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/O=leaf',
      '-keyout',
      key,
      '-out',
      request,
    ]);
    const extensions = file('leaf.ext', `subjectAltName=critical,URI:${id}\n`);
    await run('openssl', [
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      upstreamPem!,
      '-CAkey',
      upstreamKey!,
      '-days',
      '1',
      '-extfile',
      extensions,
      '-out',
      leaf,
    ]);
    return run('openssl', [
      'verify',
      '-CAfile',
      join(vault, 'root', 'root.pem'),
      '-untrusted',
      upstreamPem!,
      leaf,
    ]).then(
      () => 'taken',
      (error: unknown) => String((error as { stderr?: string }).stderr),
    );
  };
  t.equal(await outcome(`spiffe://${trustDomain}/service/api`), 'taken');
  t.match(await outcome('spiffe://elsewhere.example/service/api'), /permitted subtree violation/);
});
