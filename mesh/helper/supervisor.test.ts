import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../../fixtures/run/eventually.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { fileNames, type SetFiles } from '../svid-set.ts';
import { readSet } from './delivered-set.ts';
import { helperPlaces } from './helper-conf.ts';
import { readSettings } from './settings.ts';
import { HelperSupervisor } from './supervisor.ts';

const trustDomain = 'example.test';
const authority = await forgeAuthority({ trustDomain });
const withinMs = 10_000;

async function set(): Promise<SetFiles> {
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  const spiffeId = `spiffe://${trustDomain}/api`;
  const { certificatePem, privateKeyPem } = await authority.issue({ spiffeId, notBefore, notAfter });
  return { svid: certificatePem, key: privateKeyPem, bundle: authority.certificatePem };
}

/** A supervisor of a program that says, of spiffe-helper's words, what it is told to. */
async function supervised(t: Test, settings: string) {
  const dir = mkdtempSync(join(tmpdir(), 'assay-supervised-'));
  const [places, mouth] = [helperPlaces(join(dir, 'certs')), join(dir, 'mouth')];
  const program = 'while :; do if mv "$1" "$1.said" 2>/dev/null; then cat "$1.said"; fi; sleep 0.05; done';
  const events: string[] = [];
  const supervisor = new HelperSupervisor({
    ...{ places, settings: readSettings(settings, 'helper.conf'), giveUp: false, owner: '' },
    environment: {
      ...{ socketPath: '/nowhere', isBarePath: false, isUsualSocket: false, trustDomain, serviceMeshMode: undefined },
    },
    spiffeHelper: ['sh', '-c', program, 'sh', mouth],
    say: (_level, event) => void events.push(event),
    onDelivered: () => undefined,
  });
  const stopping = new AbortController();
  const running = supervisor.run(stopping.signal);
  t.teardown(async () => {
    stopping.abort();
    await running;
    rmSync(dir, { recursive: true });
  });
  const says = (words: string) => {
    writeFileSync(`${mouth}.draft`, `${words}\n`);
    renameSync(`${mouth}.draft`, mouth);
  };
  const told = (event: string) => eventually(`${event} is told`, () => events.includes(event), { withinMs });
  const deliver = async () => {
    const files = await set();
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(places.staging, fileNames[name as keyof SetFiles]), text, { mode: 0o600 });
    says('level=info msg="X.509 certificates updated"');
    await told('delivered');
    return files;
  };
  return { places, says, told, deliver };
}

await t.test('an SVID that is withdrawn is not put back where somebody took its files away before', async (t) => {
  const { places, says, told, deliver } = await supervised(t, 'renewal_interval = "2s"\n');
  await deliver();
  rmSync(places.current);
  says('level=error msg="Error while watching x509 context: code = PermissionDenied"');
  await told('withdrawn');
  t.equal(readSet(places.directory), undefined);
});

await t.test('files are put back also where all that is beside them was taken away', async (t) => {
  const { places, told, deliver } = await supervised(t, 'renewal_interval = "200ms"\n');
  const files = await deliver();
  for (const path of [places.svid, places.key, places.bundle, places.current, places.sets])
    rmSync(path, { recursive: true });
  await told('restored');
  t.strictSame(readSet(places.directory), files);
});
