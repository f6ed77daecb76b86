import t from 'tap';
import { Parser, type FinalResults, type Result } from 'tap-parser';
import { format } from '../reports/formats/tap.ts';
import { sampleRun } from '../reports/sample-run.ts';
import { silent } from '../engine/steps.ts';
import type { RunResult } from '../engine/record-run.ts';
import { historyOf } from '../src/checkers/history-builder.ts';
import type { Happening, History } from '../src/history.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { buildReport } from '../src/report/report.ts';
import { streamTap } from './tap-stream.ts';

interface Read {
  readonly final: FinalResults;
  readonly points: readonly string[];
}

/** What somebody else's parser makes of a stream: its points without their numbers. */
async function read(text: string): Promise<Read> {
  const points: Result[] = [];
  const final = await new Promise<FinalResults>((resolve) => {
    const parser = new Parser({ strict: true }, resolve);
    parser.on('assert', (point) => points.push(point));
    parser.end(text);
  });
  const told = points.map(({ ok, name, skip, todo, diag }) => JSON.stringify({ ok, name, skip, todo, diag }));
  return { final, points: told.sort() };
}

function stream(deciders: Parameters<typeof streamTap>[1] = new Map()) {
  let text = '';
  const tap = streamTap((more) => void (text += more), deciders);
  return { tap, text: () => text };
}

function resultOf(history: History): RunResult {
  return { history, report: buildReport(history, sampleRun('pass').clauses), directory: '' };
}

await t.test('a stream says of each point what the document says, and ends with the plan', async (t) => {
  for (const kind of ['pass', 'fail', 'inconclusive'] as const) {
    const result = resultOf(sampleRun(kind).history);
    const { tap, text } = stream();
    tap.end(result);
    const [streamed, document] = await Promise.all([read(text()), read(format.render(result.report, result.history))]);
    t.strictSame(streamed.points, document.points);
    t.equal(streamed.final.bailout, false);
    t.equal(streamed.final.ok, document.final.ok);
    t.strictSame(streamed.final.plan.end, streamed.points.length);
    t.ok(text().indexOf('1..') > text().lastIndexOf('ok '), 'the plan is behind the points');
  }
});

const failing: readonly Happening[] = [
  {
    ...{ kind: 'run-started', id: 'one', command: 'assay gate', startedAt: '2026-11-22T09:30:00.000Z', seed: 1 },
    ...{ runtime: 'process', versions: {}, target: {}, clauses: ['mesh/planes/metrics-loopback'] },
  },
  {
    ...{ kind: 'listener', plane: 'metrics', address: '192.0.2.1:1', answered: true },
    boundTo: [{ address: '0.0.0.0', loopback: false }],
  },
];
const deciders = new Map([['mesh/planes/metrics-loopback', [{ phases: ['planes'], partly: false }]]]);

await t.test('what is broken is told when its suite has ended and the clock was right, and is told once', async (t) => {
  for (const [wallClockOffMs, early] of [
    [2, true],
    [9_000, false],
  ] as const) {
    const { tap, text } = stream(deciders);
    const history = [...historyOf(...failing)];
    tap.watch(history);
    const steps = tap.besides(silent);
    await steps.step('mesh', 'A mesh', async () => undefined);
    t.equal(text(), 'TAP version 14\n', 'its suite has not ended');
    await t.rejects(
      steps.step('planes', 'Planes', async () => {
        const ended = { kind: 'phase', phase: 'planes', state: 'ended', wallClockOffMs } as const;
        history.push({ ...ended, index: 3, atMs: 3 });
        throw new Error('of the step');
      }),
      { message: 'of the step' },
    );
    t.equal(text().includes('not ok 1 - mesh/planes/metrics-loopback'), early);
    history.push({ kind: 'run-ended', endedAt: '2026-11-22T09:31:00.000Z', index: 4, atMs: 4 });
    tap.end({ history, report: buildReport(history, clauses), directory: '' });
    const { points, final } = await read(text());
    t.equal(points.length, 1);
    t.equal(final.ok, false);
  }
});

await t.test('a run that was cut bails out behind what is known of it', async (t) => {
  const aborted = historyOf(...failing, { kind: 'run-ended', endedAt: '2026-11-22T09:31:00.000Z', aborted: 'SIGINT' });
  const ended = historyOf(...failing, { kind: 'run-ended', endedAt: '2026-11-22T09:31:00.000Z' });
  const failure = new Error('the disk is full\nok 2 - all is well');
  for (const [history, more, says] of [
    [aborted, {}, 'SIGINT'],
    [ended, { failure }, 'the disk is full ok 2 - all is well'],
  ] as const) {
    const { tap, text } = stream(deciders);
    tap.end({ history, report: buildReport(history, clauses), directory: '', ...more });
    const { points, final } = await read(text());
    t.equal(points.length, 1);
    t.equal(final.bailout, says);
    t.equal(final.ok, false);
  }
});

await t.test('one that never began bails out, and a reason of any length is a line', async (t) => {
  const { tap, text } = stream();
  tap.bailOut(new Error('x'.repeat(5_000)));
  const { final } = await read(text());
  t.match(final.bailout, /^x{300} …$/);
  t.equal(text().split('\n').length, 3);
});
