import t from 'tap';
import type { ClauseVerdict } from '../verdict.ts';
import { diffReports, verdictOfDiff } from './diff.ts';
import type { Bench } from '../statistics/handshakes.ts';
import type { ClauseReport, Report } from './shape.ts';

const clause = (id: string, verdict: ClauseVerdict): ClauseReport => ({
  ...{ id, catalogue: null, level: 'MUST', spec: 'policy', verdict, reason: `${id} is ${verdict}`, evidence: [] },
  ...{ evidenceTotal: 0, promise: null, title: id, danger: '' },
});

const report = (verdicts: Readonly<Record<string, ClauseVerdict>>, bench: readonly Bench[] = []): Report => ({
  ...{ schema: 1, verdict: 'pass', scenarios: [], planes: [], troubles: [], coverage: [], bench },
  clauses: Object.entries(verdicts).map(([id, verdict]) => clause(id, verdict)),
  run: {
    ...{ id: 'r', command: 'assay gate', startedAt: '', endedAt: '', seed: 1, runtime: 'process' },
    ...{ versions: {}, target: {}, aborted: null },
  },
});

await t.test('each change of a clause stands in one list, and nothing is better than it says', (t) => {
  const verdicts = ['pass', 'fail', 'inconclusive', 'skipped', 'deviation', null] as const;
  const pairs = verdicts.flatMap((before) => verdicts.map((after) => [before, after] as const));
  const of = (at: 0 | 1) =>
    report(Object.fromEntries(pairs.flatMap((pair, nth) => (pair[at] === null ? [] : [[`c${nth}`, pair[at]]]))));
  const diff = diffReports(of(0), of(1));
  const listed = (list: keyof typeof diff) =>
    (diff[list] as readonly { before: string | null; after: string | null }[]).map(
      ({ before, after }) => `${before} to ${after}`,
    );
  const others = ['inconclusive', 'skipped', 'deviation', 'null'];
  t.strictSame(listed('broken').toSorted(), ['pass', ...others].map((before) => `${before} to fail`).toSorted());
  t.strictSame(listed('fixed'), ['fail to pass']);
  t.strictSame(listed('lost').toSorted(), others.map((after) => `fail to ${after}`).toSorted());
  t.strictSame(listed('stillBroken'), ['fail to fail']);
  t.strictSame(listed('undecided').toSorted(), others.map((after) => `pass to ${after}`).toSorted());
  t.strictSame(listed('decided').toSorted(), others.map((before) => `${before} to pass`).toSorted());
  t.equal(listed('otherwise').length, others.length * (others.length - 1));
  t.end();
});

await t.test('a run is worse where something broke, and open where less is known', (t) => {
  const verdict = (before: Readonly<Record<string, ClauseVerdict>>, after: typeof before) =>
    verdictOfDiff(diffReports(report(before), report(after)));
  t.equal(verdict({ a: 'pass', b: 'fail' }, { a: 'pass', b: 'pass' }), 'pass');
  t.equal(verdict({ a: 'fail' }, { a: 'fail' }), 'pass', 'no worse than it was');
  t.equal(verdict({ a: 'pass' }, { a: 'fail' }), 'fail');
  t.equal(verdict({}, { a: 'fail' }), 'fail', 'a clause that nobody asked for before');
  t.equal(verdict({ a: 'pass' }, {}), 'inconclusive');
  t.equal(verdict({ a: 'fail' }, { a: 'inconclusive' }), 'inconclusive', 'nobody knows whether it is mended');
  t.end();
});

await t.test('figures of rows that both have are told, and whether their intervals part', (t) => {
  const bench = (ms: number): Bench =>
    ({
      id: 'handshake/steady/full',
      row: { fromDue: [{ percentile: 99, ms, interval: { lowMs: ms - 1, highMs: ms + 1 } }] },
    }) as unknown as Bench;
  const figures = (before: number, after: number) =>
    diffReports(report({}, [bench(before)]), report({}, [bench(after)])).figures;
  t.strictSame(figures(5, 9), [{ row: 'steady/full', percentile: 99, beforeMs: 5, afterMs: 9, apart: true }]);
  t.equal(figures(5, 6)[0]?.apart, false);
  t.strictSame(diffReports(report({}), report({}, [bench(5)])).figures, []);
  t.end();
});
