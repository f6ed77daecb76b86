import t from 'tap';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { held, type Held } from '../node/held.ts';
import { certificateHealth, meshHealth, policyHealth, type HasIdentity } from './health.ts';

const trustDomain = 'example.test';
const id = (name: string) => `spiffe://${trustDomain}/${name}`;
const [authority, stranger] = await Promise.all([forgeAuthority({ trustDomain }), forgeAuthority({ trustDomain })]);
const now = new Date();
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1_000);

/** Somebody who holds an SVID of `api` that began 60 s ago. */
async function holding({ endsIn = 60, by = authority, authorityEnds = false } = {}): Promise<HasIdentity> {
  const issuer = authorityEnds
    ? await forgeAuthority({ trustDomain, notBefore: inSeconds(-120), notAfter: inSeconds(-1) })
    : by;
  const { chain, privateKeyDer: privateKeyPkcs8 } = await issuer.issue({
    ...{ spiffeId: id('api'), notBefore: inSeconds(-60), notAfter: inSeconds(endsIn) },
  });
  const trusted = authorityEnds ? issuer : authority;
  const of = held({
    svids: [{ spiffeId: id('api'), chain, privateKeyPkcs8, hint: '' }],
    bundles: new Map([[trustDomain, [trusted.certificate.der]]]),
  })!;
  return { getIdentity: (): Held => of };
}

const none: HasIdentity = {
  getIdentity() {
    throw new Error('no SVID is held: it was withdrawn');
  },
};

await t.test('a certificate is well when it is valid, its own, and vouched for', async (t) => {
  t.match(certificateHealth(await holding(), id('api'), now), { ok: true, late: false, spiffeId: id('api') });
  t.match(certificateHealth(await holding({ endsIn: 10 }), id('api'), now), { ok: true, late: true, reason: /late/ });
  t.match(certificateHealth(await holding({ endsIn: -1 }), id('api'), now), { ok: false, reason: /expired/ });
  t.match(certificateHealth(await holding({ by: stranger }), id('api'), now), { ok: false, reason: /refuses/ });
  t.match(certificateHealth(await holding(), id('backend'), now), { ok: false, reason: /is of .*\/api, and not of/ });
  t.match(certificateHealth(none, id('api'), now), { ok: false, reason: 'no SVID is held: it was withdrawn' });
});

await t.test('a policy is well when everyone whom it names can be judged', async (t) => {
  const policy = { allow: [id('backend')], calls: [], cipherSuites: ['TLS_AES_256_GCM_SHA384'] };
  t.match(policyHealth(await holding(), id('api'), policy), { ok: true, ...policy });
  const foreign = { ...policy, allow: ['spiffe://other.test/backend'] };
  t.match(policyHealth(await holding(), id('api'), foreign), {
    ok: false,
    reason: /no bundle to judge spiffe:\/\/other/,
  });
  t.match(policyHealth(await holding(), id('backend'), policy), { ok: false, reason: /was to be/ });
  t.match(policyHealth(none, id('api'), policy), { ok: false, reason: /nobody can be judged: no SVID/ });
});

await t.test('a mesh is well when its authorities live, and each peer has answered', async (t) => {
  t.match(meshHealth(await holding(), [], now), { ok: true, authorities: 1 });
  t.match(meshHealth(await holding(), [{ peer: id('db') }], now), { ok: true });
  t.match(meshHealth(await holding(), [{ peer: id('db') }, { peer: id('db2'), why: 'ECONNREFUSED' }], now), {
    ...{ ok: false, reason: `${id('db2')}: ECONNREFUSED` },
  });
  t.match(meshHealth(await holding({ authorityEnds: true }), [], now), { ok: false, reason: /every authority/ });
  t.match(meshHealth(none, [], now), { ok: false, reason: /no SVID/ });
});
