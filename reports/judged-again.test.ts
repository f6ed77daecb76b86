import t from 'tap';
import { asCertification } from './sample-certification.ts';
import { sampleRun } from './sample-run.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { buildReport } from '../src/report/report.ts';

const { history, clauses } = sampleRun('fail');
const report = buildReport(history, clauses);

await t.test('what a history bears out is no disagreement', (t) => {
  t.strictSame(disagreements(report, buildReport(history, clauses)), []);
  t.end();
});

await t.test('a verdict that somebody made better, added or took away is found', (t) => {
  const failed = report.clauses.find(({ verdict }) => verdict === 'fail')!;
  const better = {
    ...report,
    verdict: 'pass' as const,
    clauses: report.clauses.map((clause) => (clause === failed ? { ...clause, verdict: 'pass' as const } : clause)),
  };
  t.match(disagreements(better, report), [
    { what: 'run', stated: 'pass', judged: 'fail' },
    { what: 'clause', id: failed.id, stated: 'pass', judged: 'fail', reason: failed.reason },
  ]);
  const [first, ...others] = report.clauses;
  t.match(disagreements({ ...report, clauses: others }, report), [{ what: 'clause', id: first!.id, stated: null }]);
  t.match(disagreements(report, { ...report, clauses: others }), [{ what: 'clause', id: first!.id, judged: null }]);
  t.match(disagreements({ ...report, scenarios: [] }, report), [{ what: 'scenario', stated: null }, {}]);
  t.end();
});

await t.test('a certification is looked at pass by pass, claim by claim, and in what it found out about Assay', (t) => {
  const { history: sample, clauses: judges } = sampleRun('pass');
  const made = asCertification(sample);
  const certified = buildReport(made, judges);
  t.strictSame(disagreements(certified, buildReport(made, judges)), []);
  const [first] = certified.scenarios;
  const twice = {
    ...certified,
    scenarios: [{ ...first!, pass: 'other' }, ...certified.scenarios],
  };
  const worse = {
    ...twice,
    scenarios: [{ ...first!, pass: 'other', verdict: 'fail' as const }, ...certified.scenarios],
  };
  t.match(disagreements(twice, worse), [{ what: 'scenario', id: `${first!.id} of the pass other`, judged: 'fail' }]);
  const claimed = certified.certification!.claims.find(({ of, claim }) => of === 'promise' && claim === 'conformant')!;
  const { id } = judges.find(({ promise }) => promise === claimed.id)!;
  const missed = buildReport(asCertification(sample, { breaks: id }), judges);
  const found = disagreements(certified, missed).map(({ what }) => what);
  for (const what of ['run', 'clause', 'claim', 'self-test'] as const) t.ok(found.includes(what), what);
  t.end();
});
