import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { forgeAuthority, type Change } from '../../src/svid/x509/forge.ts';
import type { SetFiles } from '../svid-set.ts';
import { lookAt, readSet } from './delivered-set.ts';
import { helperPlaces } from './helper-conf.ts';
import { permissionChecks } from './permissions.ts';
import { openPublished } from './published.ts';
import { standingOf } from './standing.ts';
import { readStatus, writeStatus, type HelperStatus } from './status-file.ts';

const trustDomain = 'example.test';
const [authority, other] = await Promise.all([forgeAuthority({ trustDomain }), forgeAuthority({ trustDomain })]);
const now = new Date('2026-03-01T12:00:00Z');
const hourMs = 3_600_000;

async function set(name: string, change?: Change): Promise<SetFiles> {
  const { certificatePem, privateKeyPem } = await authority.issue({
    ...{ spiffeId: `spiffe://${trustDomain}/${name}`, notBefore: now, notAfter: new Date(now.getTime() + hourMs) },
    ...(change && { change }),
  });
  return { svid: certificatePem, key: privateKeyPem, bundle: authority.certificatePem };
}

function placesOf(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'assay-test-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return helperPlaces(join(dir, 'certs'));
}

/** The checks that do not hold. */
const broken = (files: SetFiles, wanted: string | undefined = trustDomain, at = now) =>
  lookAt(files, wanted, at)
    .checks.filter(({ held }) => held === false)
    .map(({ name }) => name);

await t.test('a set is right, or told what is wrong with it', async (t) => {
  const [right, another] = [await set('api'), await set('web')];
  t.strictSame(broken(right), []);
  t.strictSame(broken({ ...right, key: another.key }), ['key'], 'halves of two sets');
  t.strictSame(broken({ ...right, bundle: other.certificatePem }), ['chain']);
  t.strictSame(broken(right, 'other.test'), ['trust-domain']);
  t.strictSame(broken(right, undefined, new Date(now.getTime() + 2 * hourMs)), ['validity']);
  t.strictSame(broken(right, undefined, new Date(now.getTime() - hourMs)), ['validity'], 'a clock that is off');
  t.strictSame(broken(await set('api', { uriSans: [] })), ['spiffe-id', 'trust-domain']);
  const two = ['spiffe://example.test/a', 'spiffe://example.test/b'];
  t.strictSame(broken(await set('api', { uriSans: two })), ['spiffe-id']);
  t.strictSame(broken({ ...right, svid: '' }), ['certificates'], 'a file that is being written');
  t.strictSame(broken({ ...right, key: right.key.slice(0, 40) }), ['key']);
});

await t.test('who reads finds one set or the other, and a key that is its owner alone', async (t) => {
  const places = placesOf(t);
  const published = openPublished(places);
  t.equal(readSet(places.directory), undefined, 'there is nothing before the first');
  const [first, second, third] = [await set('a'), await set('b'), await set('c')];
  published.publish(first);
  t.strictSame(readSet(places.directory), first);
  t.equal(statSync(places.key).mode & 0o777, 0o600);
  t.ok(published.holds(first));
  published.publish(second);
  t.strictSame(readSet(places.directory), second);
  published.publish(third);
  t.strictSame(readdirSync(places.sets).toSorted(), ['2', '3'], 'the one before is kept for who has begun to read it');
  t.ok(permissionChecks(places).every(({ held }) => held));
});

await t.test('what somebody puts in its place is seen, and no file of others is replaced', async (t) => {
  const places = placesOf(t);
  const published = openPublished(places);
  const right = await set('a');
  published.publish(right);
  writeFileSync(places.key, 'other', { mode: 0o600 });
  t.notOk(published.holds(right));
  published.publish(right);
  t.ok(published.holds(right));
  rmSync(places.svid);
  t.notOk(published.holds(right));
  published.publish(right);
  t.ok(published.holds(right));
  rmSync(places.svid);
  symlinkSync('/nowhere', places.svid);
  published.publish(right);
  t.ok(published.holds(right));
  rmSync(places.svid);
  writeFileSync(places.svid, 'mine');
  t.throws(() => openPublished(places), { message: /svid\.pem: is there, and is not what this command made/ });
  t.equal(readFileSync(places.svid, 'utf8'), 'mine');
});

await t.test('a set that is taken away leaves no key, and a next one comes as the first did', async (t) => {
  const places = placesOf(t);
  const published = openPublished(places);
  t.notOk(published.withdraw());
  const right = await set('a');
  published.publish(right);
  t.ok(published.withdraw());
  t.strictSame([readSet(places.directory), readdirSync(places.sets)], [undefined, []]);
  t.notOk(existsSync(places.current));
  published.publish(right);
  t.ok(openPublished(places).holds(right), 'also for one that is started later');
});

await t.test('who else can write is told, of files and of what they lie in', async (t) => {
  const places = placesOf(t);
  openPublished(places).publish(await set('a'));
  const wrong = () => permissionChecks(places).filter(({ held }) => held === false);
  t.strictSame(wrong(), []);
  chmodSync(places.sets, 0o777);
  t.match(wrong(), [{ says: /others can write to .*sets/ }]);
  chmodSync(places.sets, 0o755);
  chmodSync(places.bundle, 0o1666);
  t.match(wrong(), [{ says: /others can write to .*svid_bundle\.pem/ }]);
});

await t.test('status says of files what is wrong with them, and that they are gone when they are', async (t) => {
  const [right, another] = [await set('api'), await set('web')];
  const status: HelperStatus = {
    ...{ schema: 1, owner: '1:1', startedAt: now.toISOString(), lookedAt: now.toISOString(), state: 'held' },
    ...{ deliveredAt: now.toISOString(), rotations: 0, bundleConfirmedAt: now.toISOString(), fruitless: 0 },
    ...{ lastTrouble: undefined, alarms: [], renewalIntervalMs: 1_000, rotationThreshold: 0.8, trustDomain },
  };
  const wrong = (files: SetFiles | undefined, at = now, of = status) =>
    standingOf({ status: of, files, runs: true }, at).wrong;
  t.strictSame(wrong(right), []);
  t.match(wrong({ ...right, key: another.key }), [/key does not fit/]);
  t.match(wrong(right, now, { ...status, trustDomain: 'other.test' }), [/and not of other\.test/]);
  const early = new Date(now.getTime() - hourMs);
  t.match(wrong(right, early, { ...status, lookedAt: early.toISOString() }), [/it begins at/]);
  t.match(wrong(undefined), [/was delivered here at .*not all there any more/]);
});

await t.test('the status is not written through a link, and one that is none is told', async (t) => {
  const places = placesOf(t);
  openPublished(places);
  const letter = join(places.directory, 'letter');
  writeFileSync(letter, 'mine');
  symlinkSync(letter, `${places.status}.draft`);
  writeStatus(places.status, { schema: 1 } as HelperStatus);
  t.equal(readFileSync(letter, 'utf8'), 'mine');
  t.throws(() => readStatus(places.status), { message: /is no status of a helper/ });
});

const publishing = `
  const { openPublished } = await import('${new URL('./published.ts', import.meta.url).href}');
  const { places, files } = JSON.parse(process.env.PUBLISHED);
  openPublished(places).publish(files);
`;
const killedBefore = fileURLToPath(new URL('../../test/killed-before.ts', import.meta.url));

await t.test('one that is killed before any change of a file leaves a whole set, and the next goes on', async (t) => {
  const [first, second, third] = [await set('a'), await set('b'), await set('c')];
  const found = new Set<string>();
  for (let nth = 1; ; nth++) {
    const places = placesOf(t);
    openPublished(places).publish(first);
    const args = ['--import', killedBefore, '--input-type=module', '-e', publishing];
    const { signal, status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: {
        ...process.env,
        ...{ PUBLISHED: JSON.stringify({ places, files: second }) },
        ...{ KILLED_BELOW: places.directory, KILLED_BEFORE: String(nth) },
      },
    });
    const left = readSet(places.directory);
    const which = [first, second].findIndex((one) => one.svid === left?.svid);
    t.strictSame(left, [first, second][which], `before change ${nth}`);
    found.add(`${which}`);
    const next = openPublished(places);
    next.publish(third);
    t.ok(next.holds(third));
    t.strictSame(
      readdirSync(places.sets).filter((name) => !/^\d+$/.test(name)),
      [],
    );
    if (signal !== null) continue;
    t.equal(status, 0, stderr);
    t.ok(nth > 6, `it was killed ${nth - 1} times`);
    t.strictSame([...found], ['0', '1']);
    break;
  }
});
