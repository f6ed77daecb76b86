import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../../fixtures/run/eventually.ts';
import type { X509Context } from '../../spiffe/workload-api.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { svidFiles } from './svid-files.ts';

const trustDomain = 'example.test';
const spiffeId = `spiffe://${trustDomain}/api`;
const authority = await forgeAuthority({ trustDomain });
const withinMs = 5_000;

const issue = () =>
  authority.issue({ spiffeId, notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 60_000) });

/** A directory of such files, and what a source makes of it. */
function followed(t: Test, directory = emptyDirectory(t)) {
  const heard = { updates: [] as X509Context[], troubles: [] as string[] };
  const source = svidFiles(directory)({
    onUpdate: (context) => void heard.updates.push(context),
    onWithdrawn: () => t.fail('files withdraw nothing'),
    onTrouble: ({ message }) => void heard.troubles.push(message),
  });
  t.teardown(() => source[Symbol.dispose]());
  const write = (files: Partial<Record<'svid' | 'svid_key' | 'svid_bundle', string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, `${name}.pem`), text);
  };
  return { ...heard, directory, write };
}

function emptyDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'assay-files-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

const serialOf = ({ svids }: X509Context) => readCertificate(svids[0]!.chain[0]!).serial;

await t.test('files that come one by one are taken up when they are a set, and again when they change', async (t) => {
  const { updates, troubles, write } = followed(t);
  const [first, second] = [await issue(), await issue()];
  await eventually('it says that there are none', () => troubles.some((one) => /svid\.pem/.test(one)), { withinMs });
  write({ svid: first.certificatePem });
  write({ svid_key: first.privateKeyPem });
  t.equal(updates.length, 0);
  write({ svid_bundle: authority.certificatePem });
  await eventually('the set is taken up', () => updates.length === 1, { withinMs });
  t.strictSame([updates[0]!.svids[0]!.spiffeId, [...updates[0]!.bundles.keys()]], [spiffeId, [trustDomain]]);
  t.equal(serialOf(updates[0]!), first.certificate.serial);

  write({ svid: second.certificatePem });
  await eventually(
    'a key of another certificate is told',
    () => /the key in svid_key\.pem is not that/.test(troubles.at(-1)!),
    {
      withinMs,
    },
  );
  t.equal(updates.length, 1, 'what was held stays');
  write({ svid_key: second.privateKeyPem });
  await eventually('the new set is taken up', () => updates.length === 2, { withinMs });
  t.equal(serialOf(updates[1]!), second.certificate.serial);
});

await t.test('what is broken is passed over, and no trouble quotes a key', async (t) => {
  const { updates, troubles, write } = followed(t);
  const { certificatePem, privateKeyPem } = await issue();
  const whole = { svid: certificatePem, svid_key: privateKeyPem, svid_bundle: authority.certificatePem };
  for (const [broken, told] of [
    [{ svid: '' }, /svid\.pem holds no certificate/],
    [{ svid: authority.certificatePem }, /./],
    [{ svid_key: privateKeyPem.replace(/[A-Za-z0-9]{20}/, 'AAAAAAAAAAAAAAAAAAAA') }, /svid_key\.pem/],
    [{ svid_key: privateKeyPem.slice(0, 90) }, /svid_key\.pem holds no private key that can be read/],
    [{ svid_bundle: 'nothing' }, /svid_bundle\.pem holds no certificate/],
  ] as const) {
    const before = troubles.length;
    write({ ...whole, ...broken });
    await eventually(`${String(told)} is told`, () => troubles.slice(before).some((one) => told.test(one)), {
      withinMs,
    });
  }
  t.equal(updates.length, 0);
  write(whole);
  await eventually('the whole set is taken up', () => updates.length === 1, { withinMs });
  const body = privateKeyPem.split('\n')[1]!;
  t.notOk(troubles.some((one) => one.includes(body) || one.includes('PRIVATE')));
});

await t.test('SIGUSR1 has them read again, also where the directory tells of no change', async (t) => {
  const [shown, kept] = [emptyDirectory(t), emptyDirectory(t)];
  mkdirSync(join(kept, 'files'));
  for (const name of ['svid.pem', 'svid_key.pem', 'svid_bundle.pem'])
    symlinkSync(join(kept, 'files', name), join(shown, name));
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(kept, 'files', name), text);
  };
  const [first, second] = [await issue(), await issue()];
  write({ 'svid.pem': first.certificatePem, 'svid_key.pem': first.privateKeyPem });
  write({ 'svid_bundle.pem': authority.certificatePem });
  const { updates } = followed(t, shown);
  await eventually('the set is taken up', () => updates.length === 1, { withinMs });
  write({ 'svid.pem': second.certificatePem, 'svid_key.pem': second.privateKeyPem });
  process.kill(process.pid, 'SIGUSR1');
  await eventually('the new set is taken up', () => updates.length === 2, { withinMs });
  t.equal(serialOf(updates[1]!), second.certificate.serial);
});

await t.test('an SVID that has ended is waited beyond, and so is a chain that cannot be read', async (t) => {
  const { updates, troubles, write } = followed(t);
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() - 1_000)];
  const ended = await authority.issue({ spiffeId, notBefore, notAfter });
  const { certificatePem, privateKeyPem } = await issue();
  write({ svid: ended.certificatePem, svid_key: ended.privateKeyPem, svid_bundle: authority.certificatePem });
  await eventually('its end is told', () => /svid\.pem ended at /.test(troubles.at(-1) ?? ''), { withinMs });
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  write({ svid: certificatePem + broken, svid_key: privateKeyPem });
  await eventually('that is told', () => /svid\.pem: /.test(troubles.at(-1) ?? ''), { withinMs });
  t.equal(updates.length, 0);
  write({ svid: certificatePem });
  await eventually('the right one is taken up', () => updates.length === 1, { withinMs });
});

await t.test('what else is written beside them all the time does not hold them up', async (t) => {
  const { updates, directory, write } = followed(t);
  const { certificatePem, privateKeyPem } = await issue();
  const busy = setInterval(() => writeFileSync(join(directory, 'busy'), ''), 5);
  t.teardown(() => clearInterval(busy));
  write({ svid: certificatePem, svid_key: privateKeyPem, svid_bundle: authority.certificatePem });
  await t.resolves(eventually('they are taken up', () => updates.length === 1, { withinMs }));
});

await t.test('a pipe in the place of a file is told, and not waited for', async (t) => {
  const { troubles, directory } = followed(t);
  execFileSync('mkfifo', [join(directory, 'svid.pem')]);
  await t.resolves(eventually('it is told', () => /svid\.pem is no file/.test(troubles.at(-1) ?? ''), { withinMs }));
});
