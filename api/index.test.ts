import { readFileSync } from 'node:fs';
import t from 'tap';
import * as api from './index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

await t.test('the README tells of each function of the API', async (t) => {
  const told = readme.split('\n').filter((line) => line.startsWith('| `'));
  for (const name of Object.keys(api))
    if (!told.some((line) => line.split('|')[1]!.includes(`\`${name}\``))) t.fail(name);
  t.ok(Object.keys(api).length <= 12, 'few');
});

await t.test('a right and a wrong identity are forged, and what nobody answers is no refusal', async (t) => {
  const authority = await api.forgeAuthority({ trustDomain: 'example.org' });
  const { cert, key, spiffeId } = await api.issueIdentity(authority, 'spiffe://example.org/a');
  t.equal(spiffeId, 'spiffe://example.org/a');
  t.match(cert, /^-----BEGIN CERTIFICATE-----/);
  const nobody = await api.probe('127.0.0.1:1', { identity: { spiffeId, cert, key } });
  t.match(nobody, { outcome: 'unknown' });
  await t.rejects(async () => api.probe('nowhere'), api.FixtureError);
});

await t.test('a history is judged by the clauses of this version', async (t) => {
  t.throws(() => api.judge([]), TypeError);
  const begun = api.judge([
    {
      ...{
        index: 1,
        atMs: 0,
        kind: 'run-started',
        id: 'r',
        command: 'c',
        startedAt: '2026-01-01T00:00:00.000Z',
        seed: 1,
      },
      ...{ runtime: 'process', versions: {}, target: {}, clauses: ['mesh/pinning/exact-id'] },
    },
  ]);
  t.equal(begun.verdict, 'inconclusive');
  t.strictSame(
    begun.clauses.map(({ id, verdict }) => [id, verdict]),
    [['mesh/pinning/exact-id', 'inconclusive']],
  );
});

await t.test('options that contradict each other are told of before anything is started', async (t) => {
  const both = api.runPlan(api.gatePlan(), { runtime: 'process', target: 'mesh.yaml' });
  await t.rejects(both, { name: 'UsageError', message: /runtime and target/ });
  await t.rejects(api.runPlan(api.gatePlan(), { only: 'no/such/clause' }), {
    name: 'UsageError',
    message: /no\/such\/clause/,
  });
});
