import t from 'tap';
import { clauses } from '../src/clauses/catalogue.ts';
import { chooseClauses, chooseForCertification } from './choose.ts';

const chosen = (only: string) => [...chooseClauses(only)];

const outage = ['mesh/outage/requests-survive', 'mesh/outage/recovers'];
const all = clauses.map(({ id }): string => id);

await t.test('without a choice every clause is chosen, but for those that only certifications decide', async (t) => {
  t.strictSame([...chooseClauses(undefined, 'certify')], all);
  t.strictSame(
    [...chooseClauses(undefined)],
    all.filter((id) => !outage.includes(id)),
  );
  t.equal(chosen('*').length, clauses.length);
});

await t.test('what only certifications decide is chosen by its own name or that of its scenario', async (t) => {
  t.strictSame(chosen('mesh/outage/*'), outage);
  t.strictSame(chosen('server-killed'), outage);
  const ofPromise = all.filter((id) => /^mesh\/(partition|outage)\//.test(id));
  t.strictSame(
    chosen('partition'),
    ofPromise.filter((id) => !outage.includes(id)),
  );
  t.strictSame([...chooseClauses('partition', 'certify')], ofPromise);
});

await t.test(
  'of the scenarios for certifications those run that are named, themselves or by their clauses',
  async (t) => {
    const named = (only: string | undefined, by: 'gate' | 'certify') =>
      chooseForCertification(only, by).map(({ id }) => id);
    const both = ['server-hung', 'server-killed'];
    t.strictSame(named(undefined, 'gate'), []);
    t.strictSame(named(undefined, 'certify'), both);
    for (const by of ['gate', 'certify'] as const) {
      t.strictSame(named('pin/prefix, server-killed', by), ['server-killed']);
      t.strictSame(named('mesh/outage/recovers', by), both);
      t.strictSame(named('pinning,partition-short', by), []);
    }
    t.strictSame(named('partition', 'gate'), []);
    t.strictSame(named('partition', 'certify'), both);
  },
);

await t.test('a clause is chosen by its id, by what it was called before, and by a part of either', async (t) => {
  t.strictSame(chosen('mesh/pinning/prefix'), ['mesh/pinning/prefix']);
  t.strictSame(chosen('pin/prefix'), ['mesh/pinning/prefix']);
  t.strictSame(chosen('svid/expired'), ['x509-svid/path/expired']);
  const pinned = chosen('mesh/pinning/*');
  t.strictSame(
    chosen('pin/*').filter((id) => !pinned.includes(id)),
    [],
    'what is younger than the new names has no old one',
  );
  t.strictSame(
    chosen('svid/*').filter((id) => !/^(x509-svid|spiffe-id)\//.test(id)),
    [],
    'the old subject, wherever its clauses stand by now',
  );
});

await t.test('a promise and a scenario choose their clauses', async (t) => {
  t.strictSame(
    new Set(chosen('tokens')),
    new Set(clauses.filter(({ promise }) => promise === 'tokens').map(({ id }) => id)),
  );
  t.strictSame(chosen('partition-short'), ['mesh/partition/short-requests-survive', 'mesh/partition/short-recovers']);
});

await t.test('several globs are parted by commas, and a clause that two of them name is chosen once', async (t) => {
  t.strictSame(chosen('pin/prefix, pin/prefix,mesh/pinning/case'), ['mesh/pinning/prefix', 'mesh/pinning/case']);
});

await t.test('a glob that matches nothing says what there is', async (t) => {
  for (const glob of ['pin', 'mesh', 'pin/', 'tls/version', 'mesh.pinning.prefix', '']) {
    t.throws(
      () => chooseClauses(`pin/prefix,${glob}`),
      /no clause, scenario or promise of that name\. There are the clauses mesh\/tls\/\*, .*; the scenarios .*partition-short.*; the promises tls, pinning, /,
    );
  }
});
