import { readFileSync } from 'node:fs';
import { Eta } from 'eta';
import type { Entry, Happening, History } from '../../src/history.ts';
import type { Report } from '../../src/report/report.ts';
import { kneePhase } from '../../src/statistics/knee.ts';
import { buildReport } from '../../src/report/report.ts';
import type { ReportFormat } from '../format.ts';
import { loadCharts } from './page/charts.ts';
import { cpuChart } from './page/cpu-chart.ts';
import { kneeChart } from './page/knee-chart.ts';
import { latencyChart } from './page/latency-chart.ts';
import { outcomeWords, isBench } from '../wording.ts';
import { pageView } from './page/page-view.ts';
import { benchTimeline, timeline } from './page/timeline.ts';

/**
 * One page that needs nothing else: no network, no script. The history gives the evidence its words and the timelines their
 * marks. Whatever a target said is escaped.
 */
export const format = {
  id: 'html',
  title: 'One page for people, with every clause, its reason and its evidence; it needs no network.',
  fileName: 'report.html',
  verdicts: outcomeWords,
  render: html,
  preload,
} as const satisfies ReportFormat;

const views = new URL('page/', import.meta.url);
const eta = new Eta({ views: views.pathname, cache: true, autoEscape: true });

async function html(report: Report, history: History): Promise<string> {
  const draw = await loadCharts();
  const rows = report.bench.filter(({ row }) => row !== undefined && row.phase !== kneePhase);
  const underFaults = report.bench.filter(({ row }) => row === undefined);
  return eta.render('./page', {
    ...pageView(report, history),
    css: readFileSync(new URL('page.css', views), 'utf8'),
    timelines: new Map(report.scenarios.map((scenario) => [scenario.id, timeline(history, scenario, draw)])),
    ...{ rows, underFaults },
    latency: latencyChart('latency', rows, draw),
    latencyUnderFaults: latencyChart('latency-under-faults', underFaults, draw),
    benchTimeline: isBench(report) ? benchTimeline(history, draw) : null,
    cpu: cpuChart(rows, draw),
    knee: report.capacity && kneeChart(report.capacity, draw),
  });
}

// Draws a small page: first use costs several times any later one.
async function preload(): Promise<void> {
  const happenings: Happening[] = [
    {
      kind: 'run-started',
      id: '',
      command: '',
      startedAt: '2000-01-01T00:00:00.000Z',
      seed: 0,
      runtime: '',
      versions: {},
      target: {},
      clauses: ['tls'],
    },
    { kind: 'scenario', scenario: 's', state: 'begun', hypothesis: '', clauses: [] },
    { kind: 'fault', scenario: 's', fault: 'f', target: 't', state: 'injected' },
    {
      kind: 'request',
      scenario: 's',
      from: 'a',
      to: 'b',
      connection: 'new',
      outcome: 'ok',
      dueMs: 1,
      startMs: 1,
      handshakeMs: 1,
      totalMs: 1,
    },
    { kind: 'run-ended', endedAt: '2000-01-01T00:00:01.000Z' },
  ];
  const history = happenings.map((happening, at): Entry => ({ index: at + 1, atMs: at, ...happening }));
  await html(buildReport(history, []), history);
}
