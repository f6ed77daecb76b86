import t from 'tap';
import { clauses } from '../clauses/catalogue.ts';
import type { ClauseVerdict, Verdict } from '../verdict.ts';
import { requirements, type RequirementId } from './catalogue.ts';
import { coverageOf, requirementVerdict, runCoverage, totalOf } from './coverage.ts';
import { documents } from './documents.ts';

const decides = (catalogue: RequirementId | null) => ({ catalogue });
const judged = (catalogue: RequirementId | null, verdict: ClauseVerdict) => ({ catalogue, verdict });
const of = <Row extends { readonly id: string }>(rows: readonly Row[], id: string) =>
  rows.find((row) => row.id === id)!;

await t.test('without a clause everything is untested', async (t) => {
  const rows = coverageOf([]);
  t.strictSame(
    rows.map(({ id, requirements: all, untested, withClause }) => [id, all === untested, withClause]),
    documents.map(({ id }) => [id, true, 0]),
  );
  t.equal(totalOf(rows, 'untested'), requirements.length);
});

await t.test(
  'a requirement counts once, however many clauses decide it, and a clause without one counts nowhere',
  async (t) => {
    const rows = coverageOf([
      decides('MESH-TLS-01'),
      decides('MESH-TLS-01'),
      decides('X509-SVID-5.2-01'),
      decides(null),
    ]);
    t.equal(of(rows, 'MESH').withClause, 1);
    t.equal(of(rows, 'X509-SVID').withClause, 1);
    t.equal(of(rows, 'X509-SVID').untested, 47);
    t.equal(totalOf(rows, 'withClause'), 2);
  },
);

await t.test(
  'a clause of an endpoint or an API is not counted for a document whose name is longer or shorter',
  async (t) => {
    const rows = coverageOf([decides('WORKLOAD-API-5.1-02'), decides('BROKER-ENDPOINT-3-01')]);
    t.strictSame(
      rows.filter(({ withClause }) => withClause > 0).map(({ id }) => id),
      ['WORKLOAD-API', 'BROKER-ENDPOINT'],
    );
  },
);

const worst: readonly [ClauseVerdict[], Verdict][] = [
  [[], 'untested'],
  [['skipped'], 'skipped'],
  [['skipped', 'pass'], 'pass'],
  [['pass', 'deviation'], 'deviation'],
  [['deviation', 'inconclusive', 'pass'], 'inconclusive'],
  [['inconclusive', 'fail', 'deviation'], 'fail'],
];
for (const [verdicts, wanted] of worst) {
  await t.test(`a requirement whose clauses say ${verdicts.join(', ') || 'nothing'}: ${wanted}`, async (t) =>
    t.equal(requirementVerdict(verdicts), wanted),
  );
}

await t.test('a run counts each requirement that has a clause once, by the worst of its clauses', async (t) => {
  const all = [
    judged('MESH-TLS-01', 'pass'),
    judged('MESH-TLS-01', 'fail'),
    judged('MESH-TLS-03', 'pass'),
    judged('MESH-TOK-01', 'inconclusive'),
    judged('MESH-TOK-02', 'skipped'),
    judged('MESH-PIN-01', 'deviation'),
    judged(null, 'fail'),
  ];
  const { pass, fail, inconclusive, skipped, deviation, notAsked, withClause, untested, requirements } = of(
    runCoverage([...all, decides('MESH-PIN-02')], all),
    'MESH',
  );
  t.strictSame(
    { pass, fail, inconclusive, skipped, deviation, notAsked },
    { pass: 1, fail: 1, inconclusive: 1, skipped: 1, deviation: 1, notAsked: 1 },
  );
  t.equal(withClause, 6);
  t.equal(untested, requirements - 6);
});

await t.test('over all clauses, what came of a run adds up to the requirements that have one', async (t) => {
  const verdicts = ['pass', 'fail', 'inconclusive', 'skipped', 'deviation'] as const;
  const chosen = clauses.filter((_, at) => at % 3 !== 0);
  const rows = runCoverage(
    clauses,
    chosen.map(({ catalogue }, at) => judged(catalogue, verdicts[at % verdicts.length]!)),
  );
  for (const row of rows) {
    const told = [...verdicts, 'notAsked' as const].reduce((sum, key) => sum + row[key], 0);
    t.equal(told, row.withClause, row.id);
    t.equal(row.withClause + row.untested, row.requirements, row.id);
  }
  t.ok(totalOf(rows, 'withClause') > 0);
});
