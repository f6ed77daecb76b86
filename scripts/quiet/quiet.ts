// Whether what a gate measures in its quiet window stays within its own intervals: npm run bench:quiet -- [--times N]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Report } from '../../src/report/report.ts';
import { distributionOf } from '../../src/statistics/distribution.ts';
import { writeQuiet, type QuietSeries } from './result.ts';

const usage = `usage: npm run bench:quiet -- [--times N]

Runs the gate N times (10) in a row as it is, and N times with a bound on its p99, and counts how many of the intervals that it gives hold the
median of all. Writes scripts/quiet/result.json; exit code 1 where fewer than nine in ten do. Wants a machine that does nothing else.`;

const { values } = parseArgs({
  options: { times: { type: 'string', default: '10' }, help: { type: 'boolean', default: false } },
});
const times = Number(values.times);
if (values.help || !Number.isSafeInteger(times) || times < 1) {
  console.error(usage);
  process.exit(2);
}
const out = mkdtempSync(join(tmpdir(), 'assay-quiet-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));

/** The quiet windows of so many gates in a row. */
function gates(name: string, flags: readonly string[]): Report['bench'] {
  return Array.from({ length: times }, (_, nth) => {
    const command = ['cli/assay.ts', 'gate', '--json', '--quiet', '--out', join(out, `${name}-${nth}`), ...flags];
    const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (![0, 1, 3].includes(status ?? -1)) throw new Error(`assay ended with ${status}: ${stderr}`);
    const { bench } = JSON.parse(stdout) as Report;
    const row = bench.find(({ id }) => id === 'handshake/steady/full');
    if (row?.row === undefined) throw new Error(`gate ${nth + 1} has no quiet window`);
    const { fromDue, disturbed } = row.row;
    const told = fromDue.map(({ percentile, ms, interval }) =>
      interval === null
        ? ''
        : `p${percentile} ${ms.toFixed(2)} (${interval.lowMs.toFixed(2)} to ${interval.highMs.toFixed(2)}) ms`,
    );
    console.log(`${name} ${nth + 1}: n = ${row.count}, ${[...told, ...disturbed].join(', ')}`);
    return row;
  });
}

function seriesOf(percentile: number, window: string, all: Report['bench']): QuietSeries {
  const figures = all.flatMap(({ row }) => row!.fromDue.filter((one) => one.percentile === percentile));
  const points = distributionOf(figures.map(({ ms }) => ms));
  const median = points.at(50);
  const holds = figures.filter(
    ({ interval }) => interval !== null && interval.lowMs <= median && median <= interval.highMs,
  );
  return {
    ...{ percentile, window, gates: all.length, within: holds.length, fromMs: points.at(0), toMs: points.at(100) },
    disturbed: all.filter(({ row }) => row!.disturbed.length > 0).length,
  };
}

const usual = gates('as it is', []);
const bounded = gates('bounded', ['--slo', 'p99<=10s']);
const series = [
  seriesOf(90, 'in the window of a second and a half', usual),
  seriesOf(90, 'in the longer one of a bound', bounded),
  seriesOf(99, 'in the longer one of a bound', bounded),
];
writeQuiet({ date: new Date().toISOString().slice(0, 10), cores: availableParallelism(), series });
console.log(JSON.stringify(series, null, 2));
if (series.some(({ within, gates: all }) => within < 0.9 * all)) process.exitCode = 1;
