import t from 'tap';
import { nameTags } from './extensions.ts';
import { forgeAuthority } from './forge.ts';
import { forbiddenName } from './name-constraints.ts';

const authority = await forgeAuthority({ trustDomain: 'example.test' });
const { certificate } = await authority.issue({
  spiffeId: 'spiffe://example.test/web',
  notBefore: new Date('2026-03-01T11:00:00Z'),
  notAfter: new Date('2026-03-01T13:00:00Z'),
  change: { dnsSans: ['web.example.test'] },
});
const { uri, dns, directory } = nameTags;
const email = 0x81;

const cases = [
  ['a URI of the host', uri, 'example.test', true],
  ['a URI of another host', uri, 'xample.test', false],
  ['a URI of a host above it', uri, 'test', false],
  ['a URI in a domain above it', uri, '.test', true],
  ['a URI in the domain of that very name', uri, '.example.test', false],
  ['every URI', uri, '', true],
  ['the DNS name', dns, 'WEB.example.test', true],
  ['a DNS name above it', dns, 'example.test', true],
  ['a DNS name that ends like one', dns, 'ample.test', false],
  ['a name of a kind that the certificate has none of', email, 'example.test', true],
] as const;

for (const [title, tag, base, inside] of cases) {
  await t.test(title, async (t) => {
    const forbidden = (kind: 'permitted' | 'excluded') =>
      forbiddenName(certificate, { permitted: [], excluded: [], [kind]: [{ tag, base }] }) !== undefined;
    t.equal(forbidden('permitted'), !inside);
    t.equal(forbidden('excluded'), inside && tag !== email);
  });
}

await t.test('what cannot be told to be inside is forbidden', async (t) => {
  const subject = { permitted: [{ tag: directory, base: '' }], excluded: [] };
  t.match(forbiddenName(certificate, subject), /^a name of kind 0xa4/);
  t.equal(forbiddenName({ ...certificate, subjectHex: '' }, subject), undefined);
  const mail = { permitted: [], excluded: [{ tag: email, base: 'example.test' }] };
  t.match(forbiddenName({ ...certificate, otherSans: [email] }, mail), /^a name of kind 0x81/);
  const host = { permitted: [], excluded: [{ tag: uri, base: 'elsewhere.test' }] };
  t.match(forbiddenName({ ...certificate, uriSans: ['urn:example:web'] }, host), /which has no host$/);
});

await t.test('one of several permitted names is enough, and one excluded too much', async (t) => {
  const both = [
    { tag: uri, base: 'other.test' },
    { tag: uri, base: 'example.test' },
  ];
  t.equal(forbiddenName(certificate, { permitted: both, excluded: [] }), undefined);
  t.match(forbiddenName(certificate, { permitted: both, excluded: both }), /^URI /);
});
