import t from 'tap';
import type { Clause } from '../clause.ts';
import { historyOf, runStarted, type Step } from '../checkers/history-builder.ts';
import type { ClauseVerdict } from '../verdict.ts';
import { outcomeOf } from './acceptance.ts';
import { buildReport } from './report.ts';

const clause = (id: string, verdict: ClauseVerdict): Clause => ({
  ...{ id, catalogue: null, promise: null, spec: 's', level: 'MUST', subject: '', title: id, danger: '', roles: [] },
  judge: () => ({ verdict, reason: 'so it was', evidence: [] }),
});
const accepted = (id: string, until = '2026-01-01'): Step => ({
  ...{ kind: 'accepted', clause: id, reason: 'known', owner: 'me', until, file: 'a.yaml', sha256: '00' },
});

/** What comes of a run on the first day of 2026 with these clauses and these lines of the file. */
function reportOf(verdicts: Readonly<Record<string, ClauseVerdict>>, ...lines: readonly Step[]) {
  const clauses = Object.entries(verdicts).map(([id, verdict]) => clause(id, verdict));
  const ended: Step = { kind: 'run-ended', endedAt: '2026-01-01T00:00:09.000Z' };
  return buildReport(historyOf(runStarted(Object.keys(verdicts)), ...lines, ended), clauses);
}

await t.test('a failure that is accepted stays one, and is none of the run’s', async (t) => {
  const report = reportOf({ a: 'fail', b: 'pass' }, accepted('a'));
  t.equal(report.verdict, 'pass');
  t.match(report.clauses, [
    { id: 'a', verdict: 'fail', accepted: { reason: 'known', owner: 'me', until: '2026-01-01' } },
    { id: 'b', verdict: 'pass' },
  ]);
  t.strictSame(report.clauses.map(outcomeOf), ['accepted', 'pass']);
  t.strictSame(report.acceptances, [
    { clause: 'a', reason: 'known', owner: 'me', until: '2026-01-01', state: 'in force' },
  ]);
  t.equal(reportOf({ a: 'fail' }, accepted('a')).verdict, 'pass', 'alone, too');
});

await t.test('it accepts nothing else', async (t) => {
  t.equal(reportOf({ a: 'fail', b: 'fail' }, accepted('a')).verdict, 'fail');
  t.equal(reportOf({ a: 'fail', b: 'inconclusive' }, accepted('a')).verdict, 'inconclusive');
  t.equal(
    reportOf({ a: 'inconclusive', b: 'pass' }, accepted('a')).verdict,
    'inconclusive',
    'what is open is no failure',
  );
  t.equal(reportOf({ a: 'fail' }).verdict, 'fail');
  t.notOk('acceptances' in reportOf({ a: 'fail' }));
});

await t.test('a line whose last day is over fails the run, whatever came of its clause', async (t) => {
  for (const verdict of ['fail', 'pass', 'inconclusive'] as const) {
    const report = reportOf({ a: verdict, b: 'pass' }, accepted('a', '2025-12-31'));
    t.equal(report.verdict, 'fail');
    t.match(report.acceptances, [{ state: 'expired' }]);
    t.equal(report.clauses[0]!.accepted, undefined);
  }
  t.equal(reportOf({ b: 'pass' }, accepted('a', '2025-12-31')).verdict, 'fail', 'also of one that was not asked');
});

await t.test('a line whose clause holds fails the run', async (t) => {
  const report = reportOf({ a: 'pass', b: 'pass' }, accepted('a'));
  t.equal(report.verdict, 'fail');
  t.match(report.acceptances, [{ state: 'stale' }]);
});

await t.test('of a clause that was not asked or not decided nothing is said', async (t) => {
  t.match(reportOf({ b: 'pass' }, accepted('a')), { verdict: 'pass', acceptances: [{ state: 'open' }] });
  t.match(reportOf({ a: 'skipped', b: 'pass' }, accepted('a')), { verdict: 'pass', acceptances: [{ state: 'open' }] });
});
