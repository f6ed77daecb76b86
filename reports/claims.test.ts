import { lexer, type Tokens } from 'marked';
import { parse } from 'node-html-parser';
import t from 'tap';
import { buildReport } from '../src/report/report.ts';
import { selfTestSentence, toldClaims } from './claims.ts';
import { readStatement, statementOf } from './evidence/statement.ts';
import { format as html } from './formats/html.ts';
import { format as markdown } from './formats/markdown.ts';
import { format as openMetrics } from './formats/openmetrics.ts';
import type { AssessmentResults, Property } from './formats/oscal/model.ts';
import { format as oscal } from './formats/oscal.ts';
import { asCertification } from './sample-certification.ts';
import { sampleRun } from './sample-run.ts';
import { summary } from './terminal.ts';

const valueOf = (props: readonly Property[], name: string) => props.find((one) => one.name === name)?.value;

for (const kind of ['pass', 'fail', 'inconclusive'] as const) {
  await t.test(`what may be claimed is the same wherever it is read (${kind})`, async (t) => {
    const { history: sample, clauses } = sampleRun(kind);
    const history = asCertification(sample, kind === 'fail' ? { breaks: clauses[0]!.id } : undefined);
    const report = buildReport(history, clauses);
    const { told, untouched } = toldClaims(report.certification!.claims);
    const wanted = told.map(({ title, claim }) => [title, claim]);
    t.ok(wanted.length >= 5);

    const page = parse(await html.render(report, history));
    const rows = page
      .querySelectorAll('table.claims tbody tr')
      .map((row) => [
        row.querySelector('th')!.childNodes[0]!.text.trim(),
        row.querySelectorAll('.found span').at(-1)!.text.trim(),
      ]);
    t.strictSame(rows, wanted);
    const document = page.querySelectorAll('details.document tbody tr');
    t.equal(document.length, report.certification!.requirements.length, 'each requirement of the catalogue');

    const table = lexer(markdown.render(report, history)).find(({ type }) => type === 'table') as Tokens.Table;
    t.strictSame(
      table.rows.slice(0, wanted.length).map(([title, claim]) => [title!.text, claim!.text.replaceAll('*', '')]),
      wanted,
    );
    t.equal(table.rows.length, wanted.length + (untouched.length > 0 ? 1 : 0));

    const every = report.certification!.claims.map(({ of, id, claim }) => [of, id, claim]);
    const [result] = (JSON.parse(oscal.render(report, history)) as AssessmentResults)['assessment-results'].results;
    t.strictSame(
      result!.attestations!.flatMap(({ parts }) =>
        parts.map(({ class: of, props }) => [of, ...[of, 'claim'].map((name) => valueOf(props, name))]),
      ),
      every,
    );
    t.strictSame(
      [
        ...(await openMetrics.render(report, history)).matchAll(
          /^assay_claim\{of="(.+)",id="(.+)",claim="(.+)"\} 1$/gm,
        ),
      ].map(([, ...labels]) => labels),
      every,
    );
    const statement = readStatement(
      Buffer.from(
        JSON.stringify(
          statementOf({
            ...{ report, history, files: [], svid: [], sealedAt: report.run.endedAt },
            chain: { lines: 0, brokenAt: undefined, last: undefined },
          }),
        ),
      ),
    );
    t.strictSame(
      statement.predicate.assay.claims!.map(({ of, id, claim }) => [of, id, claim]),
      every,
    );

    const lines = summary(report, history, { color: false, directory: 'DIR', width: 120 });
    for (const [title, claim] of wanted) t.match(lines, new RegExp(`${title}\\s+${claim}: `));
    t.match(lines.replaceAll(/\s+/g, ' '), `Self-test: ${selfTestSentence(report.selfTest!)}`);
  });
}

await t.test('an impostor that was missed is told with its words, and leaves its clause open', async (t) => {
  const { history: sample, clauses } = sampleRun('pass');
  const history = asCertification(sample, { breaks: clauses[0]!.id });
  const report = buildReport(history, clauses);
  t.match(report.clauses[0], { verdict: 'inconclusive', reason: /the self-test did not catch lets-all-in/ });
  t.match(await html.render(report, history), /was not caught: pass: &lt;b&gt;it held&lt;\/b&gt;/);
});
