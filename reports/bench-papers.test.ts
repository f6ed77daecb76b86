import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { buildReport } from '../src/report/report.ts';
import { format as html } from './formats/html.ts';
import { format as junit } from './formats/junit.ts';
import { format as openMetrics } from './formats/openmetrics.ts';
import { format as tap } from './formats/tap.ts';
import { withoutOwnScript } from './own-script.ts';
import { sampleBench } from './sample-bench.ts';
import { summary } from './terminal.ts';

const hostile = '</script><script>alert(1)</script>"\'&]]>\u0000\u001b[2J\u202e\nok 99';

for (const words of ['', hostile]) {
  const history = sampleBench(words);
  const report = buildReport(history, []);
  const label = words === '' ? '' : ' (hostile)';

  await t.test(`a benchmark with a row that was not measured is open${label}`, async (t) => {
    t.equal(report.verdict, 'inconclusive');
    t.strictSame(
      report.objectives?.map(({ bench, verdict }) => [bench, verdict]),
      [
        ['handshake/steady/full', 'pass'],
        ['handshake/authority/full', 'inconclusive'],
        ['handshake/authority/resumed', 'inconclusive'],
        ['handshake/steady/full', 'pass'],
      ],
    );
  });

  await t.test(`the terminal shows each row, what disturbed it, and each bound${label}`, async (t) => {
    const plain = summary(report, history, { color: false, directory: 'reports/out/x', width: 120 });
    t.match(plain, /^[\n\x20-\x7e]*$/);
    t.match(plain, /INCONCLUSIVE {2}p99<=25ms could not be decided on authority\/full/);
    t.match(plain, /steady\/full +assay +\d+\/s +[\d,]+ +\d.* ms/);
    t.match(plain, /steady\/full\/k6 +k6 +200\/s +2,000 +1\.90 ms +3\.10 ms +6\.20 ms +- +0 +1\.15 ms +-/);
    t.match(plain, /! authority\/full: other programs had 35 % of the processors/);
    t.match(plain, /! authority\/full: 1 failed: handshake: EOF/);
    t.match(plain, /ok +p99<=25ms on steady\/full: p99 is/);
    t.match(
      plain,
      /ok +p50 like run 20261128-093000-11aa on steady\/full: p50 is [\s\S]* on\s+it\s+would\s+have\s+been\s+seen/,
    );
    const coloured = summary(report, history, { color: true, directory: 'x', width: 80 });
    t.notMatch(stripVTControlCharacters(coloured), /[\u0000\u001b\u202e]/);
  });

  await t.test(`the page is whole, and lets no word of a target act${label}`, async (t) => {
    const page = await html.render(report, history);
    t.notMatch(withoutOwnScript(page), /<script|<link|<img|<iframe|\son\w+=/i);
    t.notMatch(page, /undefined|\[object Object\]|NaN/);
    t.equal([...page.matchAll(/<svg /g)].length, 3, 'percentiles, what a connection costs, and latency over time');
    t.match(page, /an authority was activated/, 'what happened beside the slowest');
    t.notMatch(page, /The promises|Clause by clause/);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    t.strictSame(ids.toSorted(), [...new Set(ids)].toSorted(), 'ids are unique');
  });

  await t.test(`bounds are cases of JUnit and points of TAP, and figures are metrics${label}`, async (t) => {
    t.match(junit.render(report, history), /tests="4" failures="0" errors="2"/);
    t.match(tap.render(report, history), /\n1\.\.4\n/);
    const metrics = await openMetrics.render(report, history);
    t.match(metrics, /\n# EOF\n?$/);
    t.match(
      metrics,
      /assay_handshake_seconds\{row="steady\/full",generator="assay",loop="open",quantile="0.99",from="due"\} 0\.\d+/,
    );
    t.match(metrics, /assay_handshake_interval_seconds\{row="steady\/full".*quantile="0.99",bound="high"\} 0\.\d+/);
    t.match(metrics, /assay_clause\{clause="slo\/p99<=25ms\/steady\/full",verdict="pass"\} 1/);
  });
}
