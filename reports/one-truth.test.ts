import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { validate as validateCtrf, type CTRFReport } from 'ctrf';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { lexer, type Tokens } from 'marked';
import { parse as parseHtml } from 'node-html-parser';
import type { Log } from 'sarif';
import t from 'tap';
import { Parser, type FinalResults, type Result } from 'tap-parser';
import type { History } from '../src/history.ts';
import { outcomeOf, type ClauseOutcome } from '../src/report/acceptance.ts';
import { buildReport, type ClauseReport, type Report } from '../src/report/report.ts';
import { seeded } from '../src/statistics/seeded.ts';
import { worst, type RunVerdict } from '../src/verdict.ts';
import { nodesOf, wrongWith } from '../test/oscal/look.ts';
import type { ReportFormat } from './format.ts';
import type { AssessmentResults, Finding, Result as OscalResult } from './formats/oscal/model.ts';
import { loadFormats } from './formats.ts';
import { pointsOf } from './points.ts';
import { sampleBench } from './sample-bench.ts';
import { asCertification } from './sample-certification.ts';
import { sampleRun } from './sample-run.ts';
import { outcomes } from './wording.ts';

t.setTimeout(3_600_000);

// Each document of a run is read by somebody else's parser, and says of each point what the published table says of its verdict.

/** What a document says of each point, by id, in the words of its format's table. */
type Told = ReadonlyMap<string, string>;

const readers: Readonly<Record<string, (text: string) => Told | Promise<Told>>> = {
  tap: readTap,
  junit: readJunit,
  sarif: readSarif,
  ctrf: readCtrf,
  markdown: readMarkdown,
  openmetrics: readOpenMetrics,
  html: readHtml,
  oscal: readOscal,
};

// Of the page only the clauses: what else made the verdict of the run stands in sections of its own.
const clausesOnly = new Set(['html']);
const runs = 250;
// The page is the slowest by far, and one template for all.
const every: Readonly<Record<string, number>> = { html: 25 };

const isSarif = addFormats
  .default(new Ajv2020({ strict: false, allErrors: true }))
  .compile(
    readJson(new URL('../assets/sarif-2.1.0.schema.json', import.meta.resolve('@microsoft/sarif-multitool-ts'))),
  );

const isReport = new Ajv({ allErrors: true }).compile(readJson(new URL('../docs/report.schema.json', import.meta.url)));

const formats = await loadFormats();

await t.test('each format says of each verdict no better than it is', async (t) => {
  const hidden = (format: ReportFormat) => (one: ClauseOutcome) => format.verdicts[one] === format.verdicts.pass;
  for (const format of formats) {
    t.strictSame(
      (['fail', 'inconclusive', 'accepted', 'skipped', 'deviation'] as const).filter(hidden(format)),
      [],
      `${format.id} tells them from a pass`,
    );
    t.ok(format.id in readers, `${format.id} is read back`);
  }
});

await t.test('the published schema takes reports of every kind, and nothing that lacks a part of one', async (t) => {
  const bench = buildReport(sampleBench(), []);
  t.ok(isReport(bench), JSON.stringify(isReport.errors));
  for (const key of ['schema', 'run', 'verdict', 'clauses', 'scenarios', 'bench', 'coverage'])
    t.notOk(isReport({ ...bench, [key]: undefined }), key);
  t.notOk(isReport({ ...bench, schema: 2 }));
  t.notOk(isReport({ ...bench, verdict: 'good' }));
});

// A target chooses some of them.
const words = [
  'all of them were refused',
  '',
  'ok 1 - everything # SKIP not today',
  'not ok 7 - nothing\n1..0\nBail out!',
  '</failure></testcase><testcase name="mesh/tls/clause-0"/>]]>',
  '| `mesh/tls/clause-1` | held | all is well |\n\n# Assay: pass',
  '<script>alert(1)</script> & "quoted" \u0000\u001b[2J\u202e\ud800',
  '"}],"verdict":"pass',
  '1) one\n- two\n# three',
  '[click](javascript:alert(1)) @everyone #12 https://example.org www.example.org ![x](y) {0}',
];

const chance = seeded(20261129);
for (let nth = 0; nth < runs; nth++) {
  const { report, history } = randomRun();
  const points = pointsOf(report, history);
  await t.test(`run ${nth}: ${report.verdict}, ${points.length} points`, async (t) => {
    const counted = points.map(({ verdict, accepted }) => (accepted === undefined ? verdict : 'pass'));
    t.equal(worst(counted), report.verdict, 'the points say what the run came to');
    assert.ok(isReport(report), JSON.stringify(isReport.errors));
    for (const format of formats.filter(({ id }) => nth % (every[id] ?? 1) === 0)) {
      const told = await readers[format.id]!(await format.render(report, history));
      const wanted = clausesOnly.has(format.id) ? report.clauses : points;
      assert.deepEqual(
        [...told].toSorted(),
        wanted.map((one) => [one.id, format.verdicts[outcomeOf(one)]]).toSorted(),
        format.id,
      );
      t.pass(format.id);
    }
  });
}

function readJson(path: URL): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(chance() * from.length)]!;
}

/** A run of some clauses with verdicts and words by chance, of which a target chose some. */
function randomRun(): { readonly report: Report; readonly history: History } {
  const { history: sample, clauses } = sampleRun(pick(['pass', 'fail', 'inconclusive']));
  // A certification tells of the whole catalogue, which takes a validator long.
  const history = pick([
    ...Array<History>(10).fill(sample),
    ...[asCertification(sample), asCertification(sample, { breaks: clauses[0]!.id })],
  ]);
  const built = buildReport(history, clauses);
  const usual = pick([
    ['pass'],
    ['pass', 'skipped'],
    ['pass', 'accepted'],
    outcomes,
    ['skipped', 'deviation'],
  ] as const);
  const judged = Array.from({ length: pick([0, 1, 5, 40]) }, (_, at): ClauseReport => ({
    ...pick(built.clauses),
    id: `mesh/${pick(['tls', 'tokens'])}/clause-${at}`,
    ...judgedAs(pick(usual)),
    reason: pick(words),
    title: pick(words),
    danger: pick(['', ...words]),
  }));
  const objectives = Array.from({ length: pick([0, 0, 2]) }, (_, at) => ({
    ...{ kind: 'bound' as const, objective: `p9${at}<=25ms`, bench: 'handshake/steady/full' },
    ...{ verdict: pick<RunVerdict>(['pass', 'pass', 'fail', 'inconclusive']), reason: pick(words) },
  }));
  const aborted = pick([null, null, null, 'SIGINT']);
  const least = worst([
    ...judged.map(({ verdict, accepted }) => (accepted === undefined ? verdict : 'pass')),
    ...objectives.map(({ verdict }) => verdict),
  ]);
  const verdict = aborted === null || least === 'fail' ? least : 'inconclusive';
  return {
    history,
    report: { ...built, verdict, clauses: judged, objectives, run: { ...built.run, aborted } },
  };
}

/** As a clause that came to this has it. */
function judgedAs(outcome: ClauseOutcome): Pick<ClauseReport, 'verdict' | 'accepted'> {
  if (outcome !== 'accepted') return { verdict: outcome };
  return { verdict: 'fail', accepted: { reason: pick(words), owner: pick(words), until: '2026-12-31' } };
}

async function readTap(text: string): Promise<Told> {
  const points: Result[] = [];
  const final = await new Promise<FinalResults>((resolve) => {
    const parser = new Parser({ strict: true }, resolve);
    parser.on('assert', (point) => points.push(point));
    parser.end(text);
  });
  assert.deepEqual(
    final.failures.filter((one) => 'tapError' in one && one.tapError),
    [],
  );
  assert.equal(final.bailout, false);
  assert.equal(final.count, points.length);
  return unique(
    points.map(({ ok, name, skip, todo }) => [
      name.replaceAll('\\', '').split(' ')[0]!,
      `${ok ? 'ok' : 'not ok'}${skip === false ? '' : ' # SKIP'}${todo === false ? '' : ' # TODO'}`,
    ]),
  );
}

interface JunitSuite {
  readonly testcase: readonly (Record<string, unknown> & { readonly '@_name': string })[];
  readonly [attribute: `@_${string}`]: string;
}

function readJunit(text: string): Told {
  assert.equal(XMLValidator.validate(text), true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    isArray: (name) => ['testsuite', 'testcase'].includes(name),
  });
  const { testsuites } = parser.parse(text) as {
    testsuites: { readonly testsuite?: readonly JunitSuite[]; readonly [attribute: `@_${string}`]: string };
  };
  const suites = testsuites.testsuite ?? [];
  const states = ['failure', 'error', 'skipped'] as const;
  const stateOf = (one: Record<string, unknown>) => states.find((state) => state in one) ?? 'passed';
  for (const suite of suites) {
    const having = (state: string) => suite.testcase.filter((one) => stateOf(one) === state).length;
    assert.deepEqual(
      ['tests', 'failures', 'errors', 'skipped'].map((name) => Number(suite[`@_${name}`])),
      [suite.testcase.length, having('failure'), having('error'), having('skipped')],
    );
  }
  const cases = suites.flatMap(({ testcase }) => testcase);
  assert.equal(Number(testsuites['@_tests']), cases.length);
  return unique(cases.map((one) => [one['@_name'], stateOf(one)]));
}

function readSarif(text: string): Told {
  const log = JSON.parse(text) as Log;
  assert.ok(isSarif(log), JSON.stringify(isSarif.errors));
  const [run, ...others] = log.runs;
  assert.equal(others.length, 0);
  const rules = run!.tool.driver.rules!;
  const isSuppressing = run!.results!.some(({ suppressions }) => suppressions !== undefined);
  return unique(
    run!.results!.map(({ ruleId, ruleIndex, kind, level, suppressions, message }) => {
      // All of them say whether they are, or none does: section 3.27.23.
      assert.equal(suppressions !== undefined, isSuppressing);
      assert.doesNotMatch(
        message.text!.replaceAll(/\\[[\]\\]|\{\{|\}\}/g, ''),
        /[[\]{}]/,
        'no link, and no place of an argument',
      );
      assert.equal(rules[ruleIndex!]?.id, ruleId);
      // What is no failure has no level: section 3.27.10.
      assert.equal(kind === 'fail', level !== 'none');
      return [ruleId!, (suppressions?.length ?? 0) > 0 ? `${kind}, suppressed` : kind!];
    }),
  );
}

function readCtrf(text: string): Told {
  const told = JSON.parse(text) as CTRFReport;
  const { valid, errors } = validateCtrf(told);
  assert.ok(valid, JSON.stringify(errors));
  const { tests, summary } = told.results;
  const having = (status: string) => tests.filter((one) => one.status === status).length;
  // The schema does not look at the totals.
  assert.deepEqual(
    [summary.tests, summary.passed, summary.failed, summary.skipped, summary.pending + summary.other],
    [tests.length, having('passed'), having('failed'), having('skipped'), 0],
  );
  return unique(tests.map(({ name, status }) => [name, status]));
}

function readMarkdown(text: string): Told {
  const tokens = lexer(text);
  const plain = (raw: string) => raw.replaceAll('`', '').trim();
  const isA =
    <K extends Tokens.Generic['type']>(type: K) =>
    (token: { readonly type: string }) =>
      token.type === type;
  const found: [string, string][] = [];
  let heading = '';
  for (const token of tokens) {
    if (isA('heading')(token) && (token as Tokens.Heading).depth === 3)
      heading = (token as Tokens.Heading).text.split(':')[0]!.toLowerCase();
    if (isA('list')(token) && heading !== '') {
      found.push([/^`([^`]+)`/.exec((token as Tokens.List).items[0]!.text)![1]!, heading]);
      heading = '';
    }
    if (isA('table')(token) && (token as Tokens.Table).header[0]!.text === 'Clause')
      found.push(...(token as Tokens.Table).rows.map(([id, word]): [string, string] => [plain(id!.text), word!.text]));
  }
  assert.equal(tokens.filter(isA('heading')).filter((one) => (one as Tokens.Heading).depth === 2).length, 1);
  assert.deepEqual(actingIn(tokens), [], 'no word of a target is a link, a picture or markup');
  return unique(found);
}

/** What of these tokens does something: links, pictures and markup that is not the fold of the page. */
function actingIn(tokens: readonly object[]): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (typeof value !== 'object' || value === null) return;
    const { type, raw } = value as { readonly type?: unknown; readonly raw?: unknown };
    const isFold = typeof raw === 'string' && /^<\/?(details|summary)>/.test(raw);
    if (['link', 'image', 'html'].includes(String(type)) && !isFold) found.push(String(raw));
    // What a forge makes links of in plain words.
    if (type === 'text' && /@\w|#\d|:\/\/|www\./.test(String((value as { readonly text?: unknown }).text)))
      found.push(String(raw));
    Object.values(value).forEach(walk);
  };
  walk(tokens);
  return found;
}

function readOpenMetrics(text: string): Told {
  assert.match(text, /\n# EOF\n?$/);
  return unique(
    [...text.matchAll(/^assay_clause\{clause="((?:[^"\\]|\\.)*)",(verdict="\w+")\} 1$/gm)].map(([, id, verdict]) => [
      id!,
      verdict!,
    ]),
  );
}

function readHtml(text: string): Told {
  const page = parseHtml(text);
  return unique(
    page
      .querySelectorAll('article.clause')
      .map((clause) => [clause.querySelector('.meta code')!.text.trim(), clause.querySelector('.word')!.text.trim()]),
  );
}

function readOscal(text: string): Told {
  assert.deepEqual(wrongWith(text), []);
  const { results } = (JSON.parse(text) as AssessmentResults)['assessment-results'];
  const [{ observations, findings = [], risks = [], 'reviewed-controls': reviewed }, ...others] = results as [
    OscalResult,
  ];
  assert.equal(others.length, 0);
  assert.ok(findings.length <= observations.length && findings.length === risks.length);
  const controls = reviewed['control-selections'].flatMap((one) => one['include-controls']);
  for (const { target } of findings)
    assert.ok(controls.some((one) => target['target-id'] === `${one['control-id']}_smt`));
  const words = nodesOf(results).flatMap(({ title, description, statement }) => [title, description, statement]);
  // OSCAL reads Markdown in them, without what forges add to it.
  for (const word of new Set(words.filter((one) => typeof one === 'string')))
    assert.deepEqual(
      nodesOf(lexer(word, { gfm: false })).filter(
        ({ type = 'text' }) => !['paragraph', 'text', 'escape'].includes(String(type)),
      ),
      [],
      'words are words',
    );
  return unique(
    observations.map(({ uuid, props }) => {
      const valueOf = (name: string) => props.find((one) => one.name === name)!.value;
      const isOfIt = (one: Pick<Finding, 'related-observations'>) =>
        one['related-observations'].some((related) => related['observation-uuid'] === uuid);
      const finding = findings.find(isOfIt);
      const risk = risks.find(isOfIt);
      const told = [`observation: ${valueOf('outcome')}`];
      if (finding !== undefined) told.push(`finding: ${finding.target.status.state}, ${finding.target.status.reason}`);
      if (risk !== undefined) told.push(`risk: ${risk.status}`);
      return [valueOf('point'), told.join('; ')];
    }),
  );
}

/** @throws where a point stands twice */
function unique(entries: readonly (readonly [string, string])[]): Told {
  assert.equal(new Set(entries.map(([id]) => id)).size, entries.length, 'each point stands there once');
  return new Map(entries);
}
