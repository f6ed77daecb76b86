import t from 'tap';
import { sampleRun, type SampleKind } from '../sample-run.ts';
import { buildReport, type Report } from '../../src/report/report.ts';
import { diffReports } from '../../src/report/diff.ts';
import { disagreements } from '../../src/report/judged-again.ts';
import { diffSummary } from './diff.ts';
import { judgedAgainSummary } from './judged-again.ts';

const report = (kind: SampleKind, words = ''): Report => {
  const { history, clauses } = sampleRun(kind, words);
  return buildReport(history, clauses);
};
const plain = { color: false, width: 100 };
const hostile = '\u001b[2J\u202e</b>';

await t.test('what broke comes first, with its reason', (t) => {
  const text = diffSummary(diffReports(report('pass'), report('fail')), plain);
  t.match(text, /^ WORSE {2}20261122-093000-7f3a of .* \(fail\), beside 20261122-093000-7f3a/);
  t.match(text, /\n {2}\d+ broke\n {4}FAIL \S+ \(pass -> fail\)\n {9}\S/);
  t.ok(text.indexOf(' broke') < text.indexOf('coverage'));
  t.match(text, /steady\/full {2}p50 \d/);
  t.match(diffSummary(diffReports(report('fail'), report('pass')), plain), /^ NO WORSE [\s\S]*\d+ mended/);
  t.match(diffSummary(diffReports(report('pass'), report('inconclusive')), plain), /^ LESS IS KNOWN /);
  t.end();
});

await t.test('words of a target do not act', (t) => {
  const text = diffSummary(diffReports(report('pass'), report('fail', hostile)), plain);
  t.match(text, /^[\n\x20-\x7e]*$/);
  t.end();
});

await t.test('a report that its history bears out is the same, and another one differs', (t) => {
  const [one, other] = [report('pass'), report('fail')];
  t.match(
    judgedAgainSummary(one, one, [], plain),
    /^ SAME {2}run 20261122-093000-7f3a, made by Assay .*: its history bears out/,
  );
  const text = judgedAgainSummary(one, other, disagreements(one, other), plain);
  t.match(text, /^ DIFFERS /);
  t.match(text, /\n {2}run 20261122-093000-7f3a: the report says pass, the history fail\n/);
  t.end();
});
