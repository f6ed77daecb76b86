import t from 'tap';
import { clauses } from '../src/clauses/catalogue.ts';
import { chooseClauses } from './choose.ts';

const chosen = (only: string) => [...chooseClauses(only)];

await t.test('without a choice every clause is chosen', async (t) => {
  t.equal(chooseClauses(undefined).size, clauses.length);
  t.equal(chosen('*').length, clauses.length);
});

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
