import t from 'tap';
import type { Target } from '../../fixtures/target/target.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { rows as nearlyAllowed } from '../mesh/pinning.ts';
import { rows as misspelt } from '../spiffe-id/syntax.ts';
import { rows as paths } from '../x509-svid/path.ts';
import { identitiesFor } from './identities.ts';

/** A target of which this much is known, with an authority of ours in its bundle. */
async function targetOf(probe: string, more: Partial<Target> = {}): Promise<Target> {
  const trustDomain = new URL(probe).hostname;
  const own = await forgeAuthority({ trustDomain, commonName: 'own' });
  return {
    trustDomain,
    forging: { own, leaf: { dnsSans: ['web.internal'] } },
    probeIds: { own: probe, federated: undefined },
    authorities: async () => [own.certificatePem],
    ...more,
  } as unknown as Target;
}

const namesIn = async (identity: () => Promise<{ readonly cert: string }>) => {
  const { uriSans } = readCertificate(pemToDer((await identity()).cert));
  return uriSans;
};

await t.test('no row that has to be refused shows the right name and nothing else', async (t) => {
  for (const probe of [
    'spiffe://x0tta6bl4.mesh/service/assay-probe',
    'spiffe://mesh.test/service/assay',
    'spiffe://cluster.local/ns/prod/sa/web',
    'spiffe://mesh/Service/7F3B',
    'spiffe://mesh/7',
  ]) {
    const { right, odd } = await identitiesFor(await targetOf(probe), [...nearlyAllowed, ...misspelt]);
    t.ok(odd.length > 20, `${odd.length} rows are left for ${probe}`);
    t.strictSame(await namesIn(async () => right.direct), [probe]);
    for (const { title, expect, identity } of odd) {
      t.equal(expect, 'refused', title);
      // One of a stranger shows the right name, and is no stranger by it.
      if (!/unknown authority|stranger/.test(title))
        t.notSame(await namesIn(identity), [probe], `${title}, of ${probe}`);
    }
  }
});

await t.test(
  'a name that is right in all else says which it is, so that whoever allows it is not asked to refuse it',
  async (t) => {
    const { odd } = await identitiesFor(await targetOf('spiffe://mesh.test/service/assay'), nearlyAllowed);
    const shown = odd.flatMap(({ shows }) => shows ?? []);
    for (const name of [
      'spiffe://mesh.test/service/assay-other',
      'spiffe://mesh.test/service',
      'spiffe://mesh.test/service/assays',
    ])
      t.ok(shown.includes(name), name);
  },
);

await t.test('rows for a node that is called in the name of another are made of that name', async (t) => {
  const caller = 'spiffe://mesh.test/ns/prod/sa/front-end';
  const { right, odd } = await identitiesFor(
    await targetOf('spiffe://mesh.test/service/assay'),
    [...nearlyAllowed, ...misspelt],
    caller,
  );
  t.equal(right.direct.spiffeId, caller);
  t.strictSame(await namesIn(async () => right.direct), [caller]);
  const shown = odd.flatMap(({ shows }) => shows ?? []);
  for (const name of [`${caller}s`, 'spiffe://mesh.test/ns/prod/sa/assay-other', 'spiffe://mesh.test/ns'])
    t.ok(shown.includes(name), name);
  t.notOk(
    shown.some((name) => name.includes('/service/')),
    'and none of the own name of the probe',
  );
});

await t.test('what is wrong by seconds decides nothing where nodes have clocks of their own', async (t) => {
  const expected = async (more: Partial<Target>) =>
    (await identitiesFor(await targetOf('spiffe://mesh.test/service/assay', more), paths)).odd
      .filter(({ expect }) => expect === 'either')
      .map(({ title }) => title);
  t.strictSame(await expected({}), []);
  t.strictSame(await expected({ ownClocks: true }), ['expired three seconds ago', 'valid from in ten seconds']);
});

await t.test('identities of ours say what else the leaf of the probe says', async (t) => {
  const { right } = await identitiesFor(await targetOf('spiffe://mesh.test/service/assay'), []);
  t.match(Buffer.from(readCertificate(pemToDer(right.direct.cert)).der).toString('latin1'), 'web.internal');
});
