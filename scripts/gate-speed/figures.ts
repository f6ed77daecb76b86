import { rowName } from '../../src/statistics/bench-rows.ts';
import type { GateBench } from './result.ts';
import { spread } from './result.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How long the whole took and each of its phases, in the order in which they begin. */
export function timeTable({ runs }: GateBench): Table {
  const phases = [...new Set(runs.flatMap((run) => run.phases.map(({ phase }) => phase)))]
    .map((phase) => {
      const seen = runs.flatMap((run) => run.phases.filter((one) => one.phase === phase));
      return {
        phase,
        began: spread(seen.map(({ beganMs }) => beganMs)),
        took: spread(seen.map(({ tookMs }) => tookMs)),
      };
    })
    .sort((a, b) => a.began.median - b.began.median);
  const whole = spread(runs.map(({ wholeMs }) => wholeMs));
  return {
    head: ['', 'begins', 'min', 'median', 'max'],
    rows: [
      ...phases.map(({ phase, began, took }) => [
        phase,
        seconds(began.median),
        seconds(took.min),
        seconds(took.median),
        seconds(took.max),
      ]),
      ['whole gate', seconds(0), seconds(whole.min), seconds(whole.median), seconds(whole.max)],
    ],
  };
}

/** Handshake latency of each run; a percentile of several runs together would hide which of them was slow. */
export function handshakeTable({ runs }: GateBench): Table {
  return {
    head: ['run', 'verdict', 'load before', 'handshakes', 'n', 'p50', 'p99'],
    rows: runs.flatMap((run, at) =>
      run.handshakes.map(({ id, count, p50Ms, p99Ms }, first) => [
        ...(first === 0 ? [String(at + 1), run.verdict, run.loadBefore.toFixed(2)] : ['', '', '']),
        rowName(id),
        String(count),
        milliseconds(p50Ms),
        p99Ms === null ? '–' : milliseconds(p99Ms),
      ]),
    ),
  };
}

/** In one sentence, where and when this was measured. */
export function provenance({ runs, machine, versions, date }: GateBench): string {
  const { cores, cpu, memoryGiB, system } = machine;
  const passed = runs.filter(({ verdict }) => verdict === 'pass').length;
  return `${runs.length} runs, ${passed} passed; ${date}, ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, Node ${versions['node'] ?? '?'}, SPIRE ${versions['spire'] ?? '?'}`;
}

/** For a terminal. */
export function plain({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** For a page. */
export function markdown({ head, rows }: Table): string {
  return [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
