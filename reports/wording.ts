import type { History, Redacted } from '../src/history.ts';
import { promises, type MeshPromise } from '../src/promises.ts';
import { shortageOf } from '../src/reading/machine.ts';
import { notReadyOf } from '../src/reading/not-ready.ts';
import { outcomeOf, wrongAcceptances, type AcceptanceReport, type ClauseOutcome } from '../src/report/acceptance.ts';
import type { LeftReport } from '../src/report/left.ts';
import type { ObjectiveReport } from '../src/report/objectives.ts';
import type { ClauseReport, Report } from '../src/report/report.ts';
import { totalOf } from '../src/requirements/coverage.ts';
import { isSelfTest, selfTestSentence } from './claims.ts';
import { isLossy, rowName } from '../src/statistics/bench-rows.ts';
import { kneePhase, type Knee } from '../src/statistics/knee.ts';
import type { ClauseVerdict, Verdict } from '../src/verdict.ts';

/** What a clause can come to, in the order in which a reader should look at it. */
export const outcomes = [
  'fail',
  'inconclusive',
  'accepted',
  'deviation',
  'skipped',
  'pass',
] as const satisfies readonly ClauseOutcome[];

/** The sign and the word for each verdict and outcome; `ascii` takes the sign's place where there is no colour. */
export const verdictWords = {
  pass: { sign: '✔', ascii: 'ok', word: 'held' },
  fail: { sign: '✘', ascii: 'FAIL', word: 'broken' },
  inconclusive: { sign: '?', ascii: '?', word: 'inconclusive' },
  accepted: { sign: '✘', ascii: 'acc', word: 'accepted failure' },
  skipped: { sign: '○', ascii: '-', word: 'skipped' },
  deviation: { sign: '△', ascii: '~', word: 'known deviation' },
  untested: { sign: '◌', ascii: '.', word: 'untested' },
} as const satisfies Readonly<
  Record<Verdict | ClauseOutcome, { readonly sign: string; readonly ascii: string; readonly word: string }>
>;

/** The words alone, of what a clause can come to. */
export const outcomeWords = Object.fromEntries(
  outcomes.map((outcome) => [outcome, verdictWords[outcome].word]),
) as Readonly<Record<ClauseOutcome, string>>;

/** One promise with its clauses, in report order. */
export interface PromiseGroup {
  /** `beside` for clauses that belong to no promise, `other` for those that the catalogue in use does not know. */
  readonly id: MeshPromise | 'beside' | 'other';
  readonly name: string;
  readonly says: string;
  readonly clauses: readonly ClauseReport[];
}

/** The five promises, those without a chosen clause too; then the clauses beside them and the unknown ones, where there are any. */
export function byPromise(report: Report): PromiseGroup[] {
  const without = report.clauses.filter((clause) => clause.promise === null);
  const beside: PromiseGroup = {
    id: 'beside',
    name: 'Beside the promises',
    says: 'Obligations of the documents that none of the five promises speaks of.',
    clauses: without.filter((clause) => !isUnknown(clause)),
  };
  const other: PromiseGroup = {
    id: 'other',
    name: 'Unknown clauses',
    says: 'Chosen for the run, and not in the catalogue that judged it.',
    clauses: without.filter(isUnknown),
  };
  return [
    ...promises.map((promise) => ({
      ...promise,
      clauses: report.clauses.filter((clause) => clause.promise === promise.id),
    })),
    ...[beside, other].filter(({ clauses }) => clauses.length > 0),
  ];
}

// A clause that the catalogue lacks has nothing but its id.
function isUnknown({ id, title, spec }: ClauseReport): boolean {
  return title === id && spec === '';
}

/** The worst of a group: fail, then inconclusive, an accepted failure, then pass; skipped when nothing of it was decided, none when it is empty. */
export function groupVerdict(clauses: readonly ClauseReport[]): ClauseOutcome | 'none' {
  for (const outcome of ['fail', 'inconclusive', 'accepted', 'pass', 'deviation', 'skipped'] as const) {
    if (clauses.some((clause) => outcomeOf(clause) === outcome)) return outcome;
  }
  return 'none';
}

/** How many of these clauses came to this. */
export function count(clauses: readonly ClauseReport[], outcome: ClauseOutcome): number {
  return clauses.filter((clause) => outcomeOf(clause) === outcome).length;
}

/** How many SVIDs were replaced on the wire and by the agents, over all scenarios. */
export function rotationTotals(report: Report): {
  readonly delivered: number;
  readonly presented: number;
  readonly nodes: number;
} {
  const all = report.scenarios.flatMap((scenario) => scenario.rotations);
  const sum = (key: 'delivered' | 'presented') => all.reduce((total, rotation) => total + rotation[key], 0);
  return {
    delivered: sum('delivered'),
    presented: sum('presented'),
    nodes: new Set(all.filter((one) => one.delivered + one.presented > 0).map((one) => one.node)).size,
  };
}

/** One sentence that says why the run's verdict is what it is. */
export function because(report: Report, history: History): string {
  if (isBench(report)) return becauseOfBench(report);
  if (isSelfTest(report)) return becauseOfSelfTest(report);
  const total = report.clauses.length;
  const failed = report.clauses.filter((clause) => outcomeOf(clause) === 'fail');
  const open = report.clauses.filter((clause) => clause.verdict === 'inconclusive');
  const skipped = count(report.clauses, 'skipped');
  const [firstFailed] = failed;
  if (firstFailed !== undefined) {
    const others = failed.length > 1 ? `, and ${failed.length - 1} more of ${total} clauses` : '';
    return `Broken: “${firstFailed.title}”${others}.`;
  }
  const [wrong] = wrongAcceptances(report);
  if (wrong !== undefined) return wrongSentence(wrong);
  const objectives = report.objectives ?? [];
  const brokenBound = objectives.find(({ verdict }) => verdict === 'fail');
  if (brokenBound !== undefined) return brokenSentence(brokenBound);
  if (report.run.aborted !== null) return `The run ended before its end: ${report.run.aborted}.`;
  const [firstOpen] = open;
  if (firstOpen !== undefined) {
    const kept = open.length + skipped === total ? keptFromDeciding(report, history) : undefined;
    if (kept !== undefined) return `${kept}.`;
    const others = open.length > 1 ? `, nor ${open.length - 1} more of ${total} clauses` : '';
    return `Nothing was seen to break, but “${firstOpen.title}” could not be decided${others}.`;
  }
  const undecided = report.scenarios.find((scenario) => scenario.verdict === 'inconclusive');
  if (undecided !== undefined)
    return `The scenario ${undecided.id} proved nothing: ${undecided.findings[0] ?? 'none of its clauses was decided'}.`;
  const openBound = objectives.find(({ verdict }) => verdict === 'inconclusive');
  if (openBound !== undefined) return openSentence(openBound);
  const accepted = count(report.clauses, 'accepted');
  const decided = total - skipped - count(report.clauses, 'deviation') - accepted;
  const except =
    accepted === 0
      ? ''
      : ` Except for ${accepted} ${accepted === 1 ? 'failure that is' : 'failures that are'} accepted.`;
  if (decided === 0) return accepted === 0 ? 'No clause was decided.' : `No clause was decided to hold.${except}`;
  const broken = report.scenarios.some((scenario) => scenario.faults.length > 0);
  const held = `${decided === total ? (total === 1 ? 'The one clause' : `All ${total} clauses`) : `${decided} of ${total} clauses were decided, and all of them`} held${broken ? ', while healthy and while broken on purpose' : ''}.`;
  const unasked = promises.filter((promise) => !report.clauses.some((clause) => clause.promise === promise.id));
  const bounds = objectives.length === 0 ? '' : ` ${objectiveNames(objectives)} held.`;
  return unasked.length === 0
    ? `${held}${bounds}${except}`
    : `${held}${bounds}${except} Not asked in this run: ${unasked.map((promise) => promise.name).join(', ')}.`;
}

/** Whether the run measured and judged no clauses. */
export function isBench({ bench, clauses }: Pick<Report, 'bench' | 'clauses'>): boolean {
  return clauses.length === 0 && bench.some(({ row }) => row !== undefined);
}

function becauseOfSelfTest({ selfTest, run, troubles }: Report): string {
  const { impostors, conformers } = selfTest!;
  const [missed] = impostors.missed;
  if (missed !== undefined)
    return `Assay did not catch ${missed.impostor}, which breaks ${missed.breaks}: ${missed.said}.`;
  const [alarm] = conformers.alarms;
  if (alarm !== undefined)
    return `Assay did not pass ${alarm.conformer}, which is right: ${alarm.clause}: ${alarm.said}.`;
  if (run.aborted !== null) return `The run ended before its end: ${run.aborted}.`;
  const [trouble] = troubles;
  return `${trouble === undefined ? '' : `${trouble.message.split(/[;\n]/)[0]}: `}${sentence(selfTestSentence(selfTest!))}.`;
}

function becauseOfBench({ bench, run, troubles, objectives = [] }: Report): string {
  const broken = objectives.find(({ verdict }) => verdict === 'fail');
  if (broken !== undefined) return brokenSentence(broken);
  if (run.aborted !== null) return `The run ended before its end: ${run.aborted}.`;
  const [trouble] = troubles;
  if (trouble !== undefined) return `${trouble.message.split(/[;\n]/)[0]}: not all could be measured.`;
  const open = objectives.find(({ verdict }) => verdict === 'inconclusive');
  if (open !== undefined) return openSentence(open);
  const missing = bench.filter(({ count, row }) => count === 0 && row?.state !== 'unresumed');
  if (missing.length > 0) return `Nothing of ${missing.map(({ id }) => rowName(id)).join(', ')} was answered.`;
  const lossy = bench.find((one) => one.row?.phase !== kneePhase && isLossy(one));
  if (lossy !== undefined)
    return `${thousands(lossy.errors)} of ${thousands(lossy.count + lossy.errors)} of ${rowName(lossy.id)} failed, so that its figures are none of ${lossy.row?.times === undefined ? 'a node that serves' : 'a SPIRE that does'}.`;
  const count = bench.reduce((sum, one) => sum + one.count, 0);
  const failed = bench.reduce((sum, one) => sum + one.errors, 0);
  const rows = `${bench.length} ${bench.length === 1 ? 'row' : 'rows'}`;
  const held = objectives.length === 0 ? '' : `${objectiveNames(objectives)} held. `;
  const what = bench.some(({ row }) => row?.times !== undefined) ? 'measurements' : 'handshakes';
  return `${held}${thousands(count)} ${what} in ${rows}, ${failed === 0 ? 'none' : thousands(failed)} failed.`;
}

const brokenSentence = ({ objective, bench, reason }: ObjectiveReport) =>
  `${objective} was broken by ${rowName(bench)}: ${reason}.`;

const openSentence = ({ objective, bench, reason }: ObjectiveReport) =>
  `${objective} could not be decided on ${rowName(bench)}: ${reason}.`;

const objectiveNames = (objectives: readonly ObjectiveReport[]) =>
  [...new Set(objectives.map(({ objective }) => objective))].join(', ');

/** Why a line of the file of accepted failures fails the run, and what to do. */
export function wrongSentence({ clause, state, until, owner }: AcceptanceReport): string {
  return state === 'stale'
    ? `That ${clause} fails is accepted, and it holds: take it out of the file of accepted failures.`
    : `That ${clause} fails was accepted until ${until} by ${owner}: mend it, or have it accepted anew.`;
}

const gaveIn = {
  node: 'the node gave in first',
  generator: 'the generator gave in first, so the node may bear more',
  nobody: 'what gave in first was not seen',
} as const;

/** How many connections a second a node bears with its latency as it is at few, and what gives in beyond. */
export function kneeSentence({ holdsPerSecond, bendsPerSecond, why, limit }: Knee): string {
  const holds =
    holdsPerSecond === null
      ? 'not even the lowest rate held'
      : `latency holds up to ${holdsPerSecond} connections a second`;
  if (bendsPerSecond === null) return `${holds}, and was not seen to bend`;
  return `${holds}, and bends at ${bendsPerSecond}: ${why}; ${gaveIn[limit ?? 'nobody']}`;
}

/** How strongly a document wants something, as it says it itself: `MUST NOT`. */
export const levelWords = ({ level }: Pick<ClauseReport, 'level'>): string => level.replace('_', ' ');

/** What wants a clause, and where. */
export function obligation(clause: ClauseReport): string {
  const { spec, catalogue } = clause;
  return `${levelWords(clause)}, ${spec}${catalogue === null ? '' : ` (${catalogue})`}`;
}

/** The words as the beginning of a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A whole number with its thousands parted. */
export function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** What kept the harness from deciding anything: nodes that did not get ready, else its first trouble; undefined where neither was. */
function keptFromDeciding(report: Report, history: History): string | undefined {
  const byHow = [...Map.groupBy(notReadyOf(history), ({ how }) => how)].map(([how, [first, ...others]]) => {
    const also = [...new Set(others.map(({ node }) => node))];
    return `${first!.node} ${how}${also.length === 0 ? '' : `, and likewise ${also.join(' and ')}`}`;
  });
  if (byHow.length > 0) return `${byHow.join('; ')}: nothing could be looked at`;
  // What follows are last words and where to look: they stand beside the trouble itself.
  const whole = report.troubles.find(({ clauses }) => clauses.length === 0);
  return whole && `${whole.message.split(/[;\n]/)[0]}: nothing could be decided`;
}

/** Of a run that a person stopped: by what, and that nothing of it is left, as far as that was seen. */
export function stoppedSentence({ run, scenarios }: Report): string {
  const faults = scenarios.flatMap((scenario) => scenario.faults);
  const gone = faults.filter(({ healedProvenBy }) => healedProvenBy !== null).length;
  const healed = gone === faults.length ? 'all faults healed' : `${gone} of ${faults.length} faults seen healed`;
  return `${run.aborted ?? 'stopped at its end'}: ${healed}, all programs ended`;
}

/** What a run that left something open lacked of its machine, and what would change that; undefined where that was nothing. */
export function machineSentence({ clauses, run }: Report, history: History): string | undefined {
  if (run.aborted !== null || count(clauses, 'inconclusive') === 0) return undefined;
  const lacks = shortageOf(history);
  return lacks && `machine: ${lacks}: free it, or give it more cores`;
}

/** Whether each of the five promises had a clause that was decided, so that a pass speaks for the whole mesh. */
export function coversEveryPromise(report: Report): boolean {
  return promises.every((promise) =>
    report.clauses.some((clause) => clause.promise === promise.id && clause.verdict === 'pass'),
  );
}

/** One sentence on how much of the catalogue has a clause, and what came of that; undefined for a report that does not count it. */
export function coverageSentence({ coverage }: Report): string | undefined {
  if (coverage.length === 0) return undefined;
  const total = (count: ClauseVerdict | 'notAsked' | 'withClause' | 'untested' | 'requirements') =>
    totalOf(coverage, count);
  const told = [
    ...outcomes
      .toReversed()
      .filter((outcome) => outcome !== 'accepted')
      .map((verdict) => [total(verdict), verdictWords[verdict].word] as const),
    [total('notAsked'), 'not asked'] as const,
  ].filter(([number]) => number > 0);
  const ends = told.map(([number, word]) => `${number} ${word}`).join(', ');
  return (
    `${total('withClause')} of ${total('requirements')} requirements of ${coverage.length} documents have a clause` +
    `${ends === '' ? '' : ` (${ends})`}; ${total('untested')} are untested.`
  );
}

/** Milliseconds as a person reads them: `4.31 ms`, `38.2 ms`, `412 ms`, `2.05 s`. */
export function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

/** A long span of time: `47.2 s`, `32 min 2 s`. */
export function duration(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** What a reader of a redacted run has to know: what is not in it, and of which run it was made. */
export function redactedSentence({ historySha256, reportSha256 }: Redacted): string {
  return `Redacted: names and addresses are replaced by pseudonyms, and words of programs under test and all logs are left out; made of the run whose history.jsonl has SHA-256 ${historySha256} and whose report.json has ${reportSha256}.`;
}

/** What a run left behind in a mesh of others, without a full stop. */
export function leftSentence({ what, at, until, then }: LeftReport): string {
  return `${what}, at ${at}, good until ${until}: ${then}`;
}
