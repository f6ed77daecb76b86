import assert from 'node:assert/strict';
import t from 'tap';

import { trustBundles } from '../bundle.ts';
import { forgeAuthority, type Authority, type AuthorityOptions, type Change } from './forge.ts';
import { readCertificate, type Certificate } from './read.ts';
import { rememberSignatures } from './signature.ts';
import { verifyX509Svid, type VerifyFailure } from './verify.ts';

const trustDomain = 'example.test';
const spiffeId = 'spiffe://example.test/web';
const at = new Date('2026-03-01T12:00:00Z');
const notBefore = new Date('2026-03-01T11:00:00Z');
const notAfter = new Date('2026-03-01T13:00:00Z');
const hour = 3_600_000;

const [ec, rsa, foreign] = await Promise.all([
  forgeAuthority({ trustDomain }),
  forgeAuthority({ trustDomain, algorithm: 'rsa' }),
  forgeAuthority({ trustDomain: 'other.test' }),
]);
const bundles = trustBundles([trustDomain, [ec.certificate, rsa.certificate]], ['other.test', [foreign.certificate]]);

/** `accepted`, or the reason and the detail. */
function verdict(chain: readonly Certificate[], options: { at?: Date; of?: Authority } = {}): string {
  const roots = options.of === undefined ? bundles : trustBundles([trustDomain, [options.of.certificate]]);
  const result = verifyX509Svid(chain, roots, options.at ?? at);
  return result.ok ? 'accepted' : `${result.reason}: ${result.detail}`;
}

function refusedFor(reason: VerifyFailure, actual: string): void {
  assert.ok(actual.startsWith(`${reason}: `), `wanted ${reason}, got ${actual}`);
}

async function chainOf(authority: Authority, change?: Change): Promise<Certificate[]> {
  const svid = await authority.issue({ spiffeId, notBefore, notAfter, ...(change === undefined ? {} : { change }) });
  return svid.chain.map((der) => readCertificate(der));
}

const changes: readonly [title: string, change: Change, reason: VerifyFailure | 'accepted'][] = [
  ['nothing', {}, 'accepted'],
  ['a DNS name beside the ID', { dnsSans: ['web.example.test'] }, 'accepted'],
  ['a common name', { commonName: 'spiffe://example.test/admin' }, 'accepted'],
  ['no key usage', { keyUsage: [] }, 'accepted'],
  ['one more harmless key usage', { keyUsage: ['digitalSignature', 'keyEncipherment', 'keyAgreement'] }, 'accepted'],
  ['no extended key usage', { extendedKeyUsage: [] }, 'accepted'],
  [
    'an unknown extension',
    { extensions: [{ oid: '1.3.6.1.4.1.99999.1', critical: false, value: Buffer.from('odd') }] },
    'accepted',
  ],
  ['a validity that ends at this very second', { notAfter: at }, 'accepted'],
  ['a validity that begins at this very second', { notBefore: at }, 'accepted'],
  ['no URI SAN', { uriSans: [] }, 'no-uri-san'],
  ['only DNS names', { uriSans: [], dnsSans: ['example.test'] }, 'no-uri-san'],
  ['two SPIFFE IDs', { uriSans: [spiffeId, 'spiffe://example.test/admin'] }, 'two-uri-sans'],
  ['the same SPIFFE ID twice', { uriSans: [spiffeId, spiffeId] }, 'two-uri-sans'],
  ['a SPIFFE ID and another URI', { uriSans: [spiffeId, 'https://example.test/'] }, 'two-uri-sans'],
  [
    'a second SAN extension',
    { extensions: [{ oid: '2.5.29.17', critical: false, value: Buffer.from('300c860a7370696666653a2f2f61', 'hex') }] },
    'two-uri-sans',
  ],
  ['another scheme', { uriSans: ['https://example.test/web'] }, 'not-a-spiffe-id'],
  ['an upper-case scheme', { uriSans: ['SPIFFE://example.test/web'] }, 'not-a-spiffe-id'],
  ['an upper-case trust domain', { uriSans: ['spiffe://Example.test/web'] }, 'not-a-spiffe-id'],
  ['a port', { uriSans: ['spiffe://example.test:443/web'] }, 'not-a-spiffe-id'],
  ['a user', { uriSans: ['spiffe://me@example.test/web'] }, 'not-a-spiffe-id'],
  ['a query', { uriSans: [`${spiffeId}?x=1`] }, 'not-a-spiffe-id'],
  ['a fragment', { uriSans: [`${spiffeId}#x`] }, 'not-a-spiffe-id'],
  ['percent-encoding', { uriSans: ['spiffe://example.test/w%65b'] }, 'not-a-spiffe-id'],
  ['a trailing slash', { uriSans: [`${spiffeId}/`] }, 'not-a-spiffe-id'],
  ['a dot segment', { uriSans: ['spiffe://example.test/x/../web'] }, 'not-a-spiffe-id'],
  ['a zero byte', { uriSans: [`${spiffeId}\0`] }, 'not-a-spiffe-id'],
  ['a byte that is not ASCII', { uriSans: [`${spiffeId}\xff`] }, 'not-a-spiffe-id'],
  ['2049 bytes', { uriSans: [`spiffe://example.test/${'a'.repeat(2049 - 22)}`] }, 'not-a-spiffe-id'],
  ['no path', { uriSans: ['spiffe://example.test'] }, 'no-path'],
  ['a CA flag', { isCa: true }, 'ca-leaf'],
  ['keyCertSign', { keyUsage: ['digitalSignature', 'keyCertSign'] }, 'key-usage'],
  ['cRLSign', { keyUsage: ['digitalSignature', 'cRLSign'] }, 'key-usage'],
  ['an end in the past', { notAfter: new Date(at.getTime() - 1000) }, 'expired'],
  ['a beginning in the future', { notBefore: new Date(at.getTime() + 1000) }, 'not-yet-valid'],
  ['a trust domain without a bundle', { uriSans: ['spiffe://nowhere.test/web'] }, 'unknown-trust-domain'],
  ['a trust domain whose bundle has other authorities', { uriSans: ['spiffe://other.test/web'] }, 'unknown-authority'],
  ['its own signature', { selfSigned: true }, 'unknown-authority'],
  [
    'another ID put in after signing',
    { afterSigning: { uriSans: ['spiffe://example.test/admin'] } },
    'unknown-authority',
  ],
  ['another key put in after signing', { afterSigning: { publicKey: true } }, 'unknown-authority'],
  [
    'a critical extension nobody knows',
    { extensions: [{ oid: '1.3.6.1.4.1.99999.1', critical: true, value: Buffer.from('odd') }] },
    'bad-chain',
  ],
];

for (const [title, change, reason] of changes) {
  await t.test(`a leaf with ${title}: ${reason}`, async (t) => {
    for (const [kind, authority] of [
      ['EC', ec],
      ['RSA', rsa],
    ] as const) {
      const actual = verdict(await chainOf(authority, change));
      if (reason === 'accepted') t.equal(actual, 'accepted', kind);
      else t.doesNotThrow(() => refusedFor(reason, actual));
    }
  });
}

await t.test('an RSA leaf passes', async (t) => {
  t.equal(verdict(await chainOf(ec, { rsa: true })), 'accepted');
});

await t.test('what passes names the ID and the authority that signed', async (t) => {
  const result = verifyX509Svid(await chainOf(rsa), bundles, at);
  assert.ok(result.ok);
  t.strictSame(result.spiffeId, { trustDomain, path: '/web', text: spiffeId });
  t.equal(result.authority, rsa.certificate);
});

await t.test('a stranger with the same names, serial number and key identifiers is unknown', async (t) => {
  for (const original of [ec, rsa]) {
    const stranger = await forgeAuthority({ trustDomain, like: original.certificate });
    for (const field of ['subjectHex', 'serial', 'subjectKeyId', 'authorityKeyId', 'notBefore', 'notAfter'] as const) {
      t.strictSame(stranger.certificate[field], original.certificate[field], field);
    }
    t.strictNotSame(stranger.certificate.publicKeySpki, original.certificate.publicKeySpki);
    const chain = await chainOf(stranger);
    refusedFor('unknown-authority', verdict(chain));
    refusedFor('unknown-authority', verdict([...chain, stranger.certificate]));
    t.equal(verdict(chain, { of: stranger }), 'accepted');
  }
});

await t.test('both of two authorities with the same name and key identifier are tried', async (t) => {
  const twin = await forgeAuthority({ trustDomain, like: ec.certificate });
  for (const authorities of [
    [ec, twin],
    [twin, ec],
  ]) {
    const result = verifyX509Svid(
      await chainOf(twin),
      trustBundles([trustDomain, authorities.map(({ certificate }) => certificate)]),
      at,
    );
    assert.ok(result.ok);
    t.equal(result.authority, twin.certificate);
  }
});

await t.test('an authority of another trust domain vouches for its own IDs only', async (t) => {
  refusedFor('unknown-authority', verdict(await chainOf(foreign)));
  const own = await foreign.issue({ spiffeId: 'spiffe://other.test/web', notBefore, notAfter });
  t.equal(verdict([own.certificate]), 'accepted');
});

const below = async (root: Authority, ...levels: readonly Partial<AuthorityOptions>[]): Promise<Authority> => {
  let issuer = root;
  for (const level of levels) issuer = await forgeAuthority({ trustDomain, ...level, issuer });
  return issuer;
};

await t.test('intermediates lead to the authority, in any order, and not without each other', async (t) => {
  for (const algorithm of ['ec', 'rsa'] as const) {
    const [leaf, lower, upper] = (await chainOf(await below(ec, { algorithm }, {}))) as [
      Certificate,
      Certificate,
      Certificate,
    ];
    t.equal(verdict([leaf, lower, upper]), 'accepted');
    t.equal(verdict([leaf, upper, lower]), 'accepted');
    t.equal(verdict([leaf, lower, upper, ec.certificate]), 'accepted');
    refusedFor('unknown-authority', verdict([leaf, lower]));
    refusedFor('unknown-authority', verdict([leaf]));
  }
});

const chains: readonly [
  title: string,
  root: Partial<AuthorityOptions>,
  levels: readonly Partial<AuthorityOptions>[],
  reason: VerifyFailure | 'accepted',
][] = [
  ['a root with room for two and one below it', { pathLength: 2 }, [{}], 'accepted'],
  ['a root with room for one and one below it', { pathLength: 1 }, [{}], 'accepted'],
  ['a root with room for none and a leaf', { pathLength: 0 }, [], 'accepted'],
  ['a root with room for none and one below it', { pathLength: 0 }, [{}], 'bad-chain'],
  ['an intermediate with room for none and one below it', {}, [{ pathLength: 0 }, {}], 'bad-chain'],
  ['an intermediate with room for none at the end', {}, [{}, { pathLength: 0 }], 'accepted'],
  ['an intermediate that is no CA', {}, [{ isCa: false }], 'bad-chain'],
  ['an intermediate whose key may only sign lists', {}, [{ keyUsage: ['cRLSign'] }], 'bad-chain'],
  ['an intermediate without key usage', {}, [{ keyUsage: [] }], 'accepted'],
  ['an intermediate that is over', {}, [{ notAfter: new Date(at.getTime() - hour) }], 'expired'],
  ['an intermediate yet to come', {}, [{ notBefore: new Date(at.getTime() + hour) }], 'not-yet-valid'],
  ['an intermediate for our hosts', {}, [{ nameConstraints: { permitted: [trustDomain] } }], 'accepted'],
  ['an intermediate for another host', {}, [{ nameConstraints: { permitted: ['other.test'] } }], 'bad-chain'],
  ['an intermediate for hosts below ours', {}, [{ nameConstraints: { permitted: ['.example.test'] } }], 'bad-chain'],
  ['an intermediate for hosts below .test', {}, [{ nameConstraints: { permitted: ['.test'] } }], 'accepted'],
  ['an intermediate not for our hosts', {}, [{ nameConstraints: { excluded: ['EXAMPLE.test'] } }], 'bad-chain'],
  ['an intermediate not for another host', {}, [{ nameConstraints: { excluded: ['other.test'] } }], 'accepted'],
  ['two, the upper for another host', {}, [{ nameConstraints: { permitted: ['other.test'] } }, {}], 'bad-chain'],
  ['a root for another host', { nameConstraints: { permitted: ['other.test'] } }, [], 'bad-chain'],
  ['an SVID in the place of an intermediate', {}, [{ isCa: false, keyUsage: ['digitalSignature'] }], 'bad-chain'],
  ['a root that is over', { notAfter: new Date(at.getTime() - hour) }, [], 'expired'],
  ['a root yet to come', { notBefore: new Date(at.getTime() + hour) }, [], 'not-yet-valid'],
  ['a root that is no CA', { isCa: false }, [], 'bad-chain'],
];

for (const [title, root, levels, reason] of chains) {
  await t.test(`${title}: ${reason}`, async (t) => {
    const authority = await forgeAuthority({ trustDomain, ...root });
    const actual = verdict(await chainOf(await below(authority, ...levels)), { of: authority });
    if (reason === 'accepted') t.equal(actual, 'accepted');
    else t.doesNotThrow(() => refusedFor(reason, actual));
  });
}

await t.test('a leaf cannot stand in for an intermediate', async (t) => {
  const web = await ec.issue({ spiffeId, notBefore, notAfter });
  const impostor = await forgeAuthority({ trustDomain, like: web.certificate });
  await t.resolves(async () =>
    refusedFor('unknown-authority', verdict([...(await chainOf(impostor)), web.certificate])),
  );
});

await t.test('a peer can send no chain, too long a chain, or one that loops', async (t) => {
  const chain = await chainOf(ec);
  t.doesNotThrow(() => refusedFor('bad-chain', verdict([])));
  t.doesNotThrow(() =>
    refusedFor('bad-chain', verdict([...chain, ...Array.from({ length: 10 }, () => ec.certificate)])),
  );
  // Nine certificates with one name that each could have signed the next: every order of them would be a path.
  const knot = await Promise.all(Array.from({ length: 9 }, () => forgeAuthority({ trustDomain, subject: 'CN=knot' })));
  const leaf = await chainOf(knot[0] as Authority);
  t.doesNotThrow(() =>
    refusedFor('unknown-authority', verdict([...leaf, ...knot.map(({ certificate }) => certificate)])),
  );
});

await t.test('remembered signatures are asked first, and only right ones are remembered', async (t) => {
  const memory = rememberSignatures({ maxEntries: 2 });
  const good = await chainOf(ec);
  const [leaf] = good as [Certificate];
  const key = `${leaf.fingerprint}:${ec.certificate.fingerprint}`;
  t.ok(verifyX509Svid(good, bundles, at, memory).ok);
  t.ok(memory.has(key));
  t.ok(verifyX509Svid(good, bundles, at, memory).ok);
  const late = verifyX509Svid(good, bundles, new Date(notAfter.getTime() + 1), memory);
  t.equal(late.ok ? 'accepted' : late.reason, 'expired', 'a remembered signature says nothing of time');
  t.equal(verifyX509Svid(await chainOf(ec, { selfSigned: true }), bundles, at, memory).ok, false);
  for (let i = 0; i < 2; i += 1) t.ok(verifyX509Svid(await chainOf(ec), bundles, at, memory).ok);
  t.equal(memory.has(key), false, 'the oldest gave way');
});
