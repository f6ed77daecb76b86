import type { Bench } from '../../src/statistics/handshakes.ts';
import type { Report } from '../../src/report/report.ts';
import { rowName } from '../../src/statistics/bench-rows.ts';
import { kneePhase, type Knee } from '../../src/statistics/knee.ts';
import { kneeSentence, milliseconds, thousands, verdictWords } from '../wording.ts';
import { clean, styles, wrap, type Paint } from './text.ts';

const none = '–';

/**
 * The rows of a benchmark: the handshake from the moment due to TLS finished, with the bounds between which the p99 lies; then what disturbed
 * them, and what came of the bounds that were set.
 */
export function benchTable(report: Report, paint: Paint, width: number): string[] {
  const rows = report.bench.filter(({ row }) => row !== undefined);
  if (rows.length === 0) return [];
  const benches = rows.filter(({ row }) => row?.phase !== kneePhase);
  return [
    ...table(filled([head, ...benches.map(cells)])).map((line, at) => (at === 0 ? paint('gray', line) : line)),
    ...benches.flatMap((bench) => notes(bench, paint, width)),
    ...(report.capacity === undefined ? [] : knee(report.capacity, paint, width)),
    ...objectives(report, paint, width),
  ];
}

const head = ['row', 'by', 'rate', 'n', 'p50', 'p90', 'p99', '95 % from, to', 'p99.9', 'failed', 'CPU', 'at node'];

function cells(bench: Bench): string[] {
  const { row } = bench;
  const figure = (percentile: number) => row?.fromDue.find((one) => one.percentile === percentile);
  const at = (percentile: number, told: number | null) => {
    const ms = row?.state === 'told' ? told : figure(percentile)?.ms;
    return ms === undefined || ms === null || ms === 0 ? none : milliseconds(ms);
  };
  const interval = figure(99)?.interval;
  const { generatorCpuMs: cpuMs = null, nodeCpuMs: nodeMs = null } = row ?? {};
  return [
    rowName(bench.id),
    row?.generator ?? '',
    `${bench.perSecond.toFixed(0)}/s`,
    thousands(bench.count),
    at(50, bench.p50Ms),
    at(90, bench.p90Ms),
    at(99, bench.p99Ms),
    interval ? `${milliseconds(interval.lowMs)} to ${milliseconds(interval.highMs)}` : none,
    at(99.9, bench.p999Ms),
    thousands(bench.errors),
    cpuMs === null ? none : milliseconds(cpuMs),
    nodeMs === null ? none : milliseconds(nodeMs),
  ];
}

/** Without the columns in which nothing is told. */
function filled(rows: readonly (readonly string[])[]): string[][] {
  const told = rows[0]!.map((_cell, at) => rows.slice(1).some((row) => row[at] !== none));
  return rows.map((row) => row.filter((_cell, at) => told[at]));
}

/** Lines of cells, those of a column as wide as its widest; the first two to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_cell, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')}`.trimEnd(),
  );
}

function notes({ id, row }: Bench, paint: Paint, width: number): string[] {
  const told = [
    ...(row?.less ?? []),
    ...(row?.disturbed ?? []),
    ...(row?.late ?? []),
    ...(row?.state === 'cut' ? ['cut short'] : []),
    ...(row?.state === 'told' && row.parts !== null ? ['its figures are of TLS alone, as it tells them'] : []),
    ...(row?.lost.slice(0, 3).map(({ detail, count }) => `${count} failed: ${detail}`) ?? []),
  ];
  return told.flatMap((text) =>
    wrap(`${rowName(id)}: ${clean(text)}`, width - 4).map(
      (line, at) => `  ${at === 0 ? paint('yellow', '!') : ' '} ${line}`,
    ),
  );
}

/** What the node bears, then each rate with its p90. */
function knee(found: Knee, paint: Paint, width: number): string[] {
  const rates = found.curve.map(({ wantedPerSecond, p90Ms }) => `${wantedPerSecond}/s ${milliseconds(p90Ms)}`);
  return [...wrap(`capacity: ${kneeSentence(found)}`, width - 2), ...wrap(`p90 at ${rates.join(', ')}`, width - 4)].map(
    (line, at) => (at === 0 ? `  ${line}` : paint('gray', `    ${line}`)),
  );
}

function objectives({ objectives: all = [] }: Report, paint: Paint, width: number): string[] {
  return all.flatMap(({ objective, bench, verdict, reason }) =>
    wrap(`${objective} on ${rowName(bench)}: ${reason}`, width - 8).map((line, at) =>
      at === 0 ? `  ${paint(styles[verdict], verdictWords[verdict].ascii.padEnd(4))} ${line}` : `       ${line}`,
    ),
  );
}
