import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { outcomeOf, type ClauseOutcome } from '../../src/report/acceptance.ts';
import type { Report } from '../../src/report/report.ts';
import { totalOf } from '../../src/requirements/coverage.ts';
import { ink, loadCharts, type Picture } from '../formats/page/charts.ts';
import { count, milliseconds, outcomes, verdictWords } from '../wording.ts';
import type { KeptRun, KeptRuns } from './runs.ts';

const views = new URL('./', import.meta.url);
const css = new URL('../formats/page/page.css', import.meta.url);
const eta = new Eta({ views: fileURLToPath(views), cache: true, autoEscape: true });

// What a gate measures at its end, and a benchmark first.
const quietRow = 'handshake/steady/full';

// More columns cannot be told apart.
const mostColumns = 40;

/**
 * The page of a folder of runs: what the latest came to, which clauses were ever anything but held and when, how long a handshake in the quiet took, and
 * a line for each run. It needs no network and no script, and is the same for the same reports.
 */
export async function indexPage({ runs, unreadable }: KeptRuns): Promise<string> {
  const draw = await loadCharts();
  const recent = runs.slice(-mostColumns);
  return eta.render('./index-page', {
    css: readFileSync(css, 'utf8'),
    latest: runs.at(-1),
    recent,
    troubled: troubledClauses(recent),
    runs: runs.toReversed().map((run) => ({ ...run, ...told(run.report) })),
    unreadable,
    verdictWords,
    figures: figuresOver(recent, draw),
  });
}

/** What a clause came to in each of the runs; null where one did not ask it. */
interface ClauseOverTime {
  readonly id: string;
  readonly cells: readonly (ClauseOutcome | null)[];
}

/** The clauses that were ever anything but held or skipped, those that are broken in the latest run that asked them first. */
function troubledClauses(runs: readonly KeptRun[]): ClauseOverTime[] {
  const ids = new Set(runs.flatMap(({ report }) => report.clauses.map(({ id }) => id)));
  const all = [...ids].map((id) => ({
    id,
    cells: runs.map(({ report }) => {
      const clause = report.clauses.find((one) => one.id === id);
      return clause === undefined ? null : outcomeOf(clause);
    }),
  }));
  const worst = ({ cells }: ClauseOverTime) => outcomes.indexOf(cells.findLast((cell) => cell !== null) ?? 'pass');
  return all
    .filter(({ cells }) => cells.some((cell) => cell !== null && cell !== 'pass' && cell !== 'skipped'))
    .sort((one, other) => worst(one) - worst(other));
}

function told({ clauses, run, bench, coverage }: Report) {
  const quiet = bench.find(({ id }) => id === quietRow);
  return {
    at: run.startedAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC'),
    counts: outcomes
      .filter((outcome) => count(clauses, outcome) > 0)
      .map((outcome) => `${count(clauses, outcome)} ${verdictWords[outcome].word}`)
      .join(', '),
    p50: quiet === undefined || quiet.count === 0 ? '' : milliseconds(quiet.fromDueP50Ms),
    p99: typeof quiet?.fromDueP99Ms === 'number' ? milliseconds(quiet.fromDueP99Ms) : '',
    decided: coverage.length === 0 ? '' : String(totalOf(coverage, 'pass') + totalOf(coverage, 'fail')),
  };
}

/** How long a handshake in the quiet took, from run to run; null where fewer than two tell it. */
function figuresOver(runs: readonly KeptRun[], draw: (picture: Picture) => string): string | null {
  const points = runs.flatMap(({ name, report }) => {
    const quiet = report.bench.find(({ id }) => id === quietRow);
    return quiet === undefined || quiet.count === 0 ? [] : [{ name, p50: quiet.fromDueP50Ms, p99: quiet.fromDueP99Ms }];
  });
  if (points.length < 2) return null;
  const line = (name: string, color: string, values: readonly (number | null)[]) => ({
    ...{ name, type: 'line' as const, data: [...values], symbolSize: 6, itemStyle: { color }, lineStyle: { color } },
    endLabel: { show: true, formatter: '{a}', color, fontSize: 11 },
  });
  return draw({
    name: 'over-time',
    label: 'Handshake latency in the quiet from run to run, p50 and p99 in milliseconds',
    width: 1040,
    height: 260,
    option: {
      grid: { left: 64, right: 60, top: 16, bottom: 34 },
      xAxis: {
        type: 'category',
        data: points.map(({ name }) => name),
        axisLabel: { color: ink.faint, fontSize: 11, hideOverlap: true },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: ink.faint } },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: ink.faint, fontSize: 11, formatter: '{value} ms' },
        splitLine: { lineStyle: { color: ink.line } },
      },
      series: [
        line(
          'p50',
          ink.accent,
          points.map(({ p50 }) => p50),
        ),
        line(
          'p99',
          ink.second,
          points.map(({ p99 }) => p99),
        ),
      ],
    },
  });
}
