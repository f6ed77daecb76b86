// Whether a comparison of benchmarks alarms when nothing changed, and when something did: npm run bench:comparison -- [--times N] [--seconds S]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Report } from '../../src/report/report.ts';
import { besideRow, redraw, row, samplesAt } from './resampled.ts';
import { writeComparison, type Verdicts } from './result.ts';

const usage = `usage: npm run bench:comparison -- [--times N] [--seconds S] [--draws N] [--keep DIR]

Measures a node N times (50) and compares each run with the one before, and as often the same node made a fifth slower, compared with the
run before that. Comparisons with a run that the machine disturbed are counted apart, and made up for, as often again at most. Then draws runs
again from those that were recorded, compares them (10000 times), and looks for the smallest slowdown that is
caught every time. Writes scripts/comparison/result.json. Wants a machine that does nothing else. The calm runs stay in DIR, for
npm run bench:comparison:redraw, which wants no quiet.`;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '6' },
    draws: { type: 'string', default: '10000' },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [times, seconds, draws] = [values.times, values.seconds, values.draws].map(Number) as [number, number, number];
if (values.help || ![times, seconds, draws].every((one) => Number.isSafeInteger(one) && one > 0)) {
  console.error(usage);
  process.exit(2);
}

const perSecond = 200;
const slowedBy = 0.2;
const allowed = 0.05;
const slowedNode = join(import.meta.dirname, 'slowed-node.ts');
const out = values.keep ?? mkdtempSync(join(tmpdir(), 'assay-comparison-'));
if (values.keep !== undefined) mkdirSync(out);
process.on('exit', () => {
  if (values.keep === undefined) rmSync(out, { recursive: true, force: true });
});
let runs = 0;

/** One run of the command, as a person would start it. */
function measure(
  workMs: number,
  baseline?: string,
  forSeconds = seconds,
): { readonly directory: string; readonly report: Report } {
  const directory = join(out, String(++runs));
  const flags = [
    ...['bench', 'handshake', '--row', 'full', '--rate', String(perSecond), '--seconds', String(forSeconds)],
    ...['--node', `${process.execPath} ${slowedNode} ${workMs}`, '--out', directory, '--json', '--quiet'],
    ...(baseline === undefined ? [] : ['--baseline', baseline, '--tolerance', String(100 * allowed)]),
  ];
  const { stdout, stderr, status } = spawnSync(process.execPath, ['cli/assay.ts', ...flags], { encoding: 'utf8' });
  if (![0, 1, 3].includes(status ?? -1)) throw new Error(`assay ended with ${status}: ${stderr}`);
  return { directory, report: JSON.parse(stdout) as Report };
}

const count = (all: readonly Report[]): Verdicts => {
  const of = (verdict: Report['verdict']) => all.filter((report) => report.verdict === verdict).length;
  return { fail: of('fail'), pass: of('pass'), inconclusive: of('inconclusive') };
};

const p50Of = ({ bench }: Report, of = row) => bench.find(({ id }) => id === `handshake/${of}`)!.fromDueP50Ms;

// What the machine did to a run leaves a slowdown open, as it has to: those are counted apart.
const isCalm = ({ bench }: Report) => bench.every(({ row }) => row!.disturbed.length === 0);

let before = measure(0);
const workMs = planted(p50Of(before.report));
console.log(`p50 is ${p50Of(before.report).toFixed(2)} ms; ${workMs} ms of work make it slower by ${100 * slowedBy} %`);
const calm = isCalm(before.report) ? [before.directory] : [];
const same: Report[] = [];
const slowed: Report[] = [];
let disturbed = 0;
for (let nth = 1; nth <= 2 * times && Math.min(same.length, slowed.length) < times; nth++) {
  const next = measure(0, before.directory);
  const slow = measure(workMs, next.directory);
  if (isCalm(next.report)) calm.push(next.directory);
  for (const [kind, counted, one, other] of [
    ['the same', same, next, before],
    ['slowed', slowed, slow, next],
  ] as const) {
    const counts = isCalm(one.report) && isCalm(other.report);
    if (!counts) disturbed++;
    else if (counted.length < times) counted.push(one.report);
    console.log(`${nth}: ${kind}: ${one.report.verdict}${counts ? '' : ' (disturbed)'}${reasonsOf(one.report)}`);
  }
  before = next;
}

/**
 * How much work, in milliseconds, makes the node so much slower, since what is planted need not be what is felt. Found by what two amounts of it do, each beside the yardstick of its own run.
 */
function planted(p50Ms: number): number {
  const beside = (ms: number) => {
    const { report } = measure(ms, undefined, 3 * seconds);
    return p50Of(report) / p50Of(report, besideRow);
  };
  const [little, much] = [slowedBy * p50Ms, 3 * slowedBy * p50Ms];
  const [none, atLittle, atMuch] = [beside(0), beside(little), beside(much)];
  const slope = (atMuch - atLittle) / (much - little);
  return Number((little + ((1 + slowedBy) * none - atLittle) / slope).toFixed(3));
}

/** Why it did not come to what was to be expected, for whoever looks. */
function reasonsOf({ objectives = [] }: Report): string {
  return objectives.map(({ verdict, reason }) => `\n    ${verdict}: ${reason}`).join('');
}

if (Math.min(same.length, slowed.length) < times) {
  console.error(
    `${same.length} and ${slowed.length} of ${times} comparisons were of runs that nothing disturbed: this machine is too busy to tell, and nothing is kept`,
  );
  process.exit(3);
}
if (values.keep !== undefined)
  for (const name of readdirSync(out))
    if (!calm.includes(join(out, name))) rmSync(join(out, name), { recursive: true });
const { alarms, alwaysCaughtFrom } = redraw(await Promise.all(calm.map(samplesAt)), { draws, allowed });
const result = {
  ...{ date: new Date().toISOString().slice(0, 10), cores: availableParallelism(), secondsPerRow: seconds, perSecond },
  ...{ same: count(same), slowedBy, slowed: count(slowed), disturbed },
  ...{ resampled: { comparisons: draws, alarms }, alwaysCaughtFrom },
};
writeComparison(result);
console.log(JSON.stringify(result, null, 2));
