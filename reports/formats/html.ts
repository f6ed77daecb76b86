import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Entry, Happening, History } from '../../src/history.ts';
import type { Report } from '../../src/report/report.ts';
import { kneePhase } from '../../src/statistics/knee.ts';
import { buildReport } from '../../src/report/report.ts';
import { historiesOfScenarios } from '../../src/report/passes.ts';
import type { ReportFormat } from '../format.ts';
import { loadCharts } from './page/charts.ts';
import { controlsView } from './page/controls-view.ts';
import { cpuChart } from './page/cpu-chart.ts';
import { kneeChart } from './page/knee-chart.ts';
import { latencyChart } from './page/latency-chart.ts';
import { outcomeWords, isBench } from '../wording.ts';
import { pageView } from './page/page-view.ts';
import { benchTimeline, timeline } from './page/timeline.ts';

/**
 * One page that needs nothing else: no network, and no script to be whole; the one that it has finds clauses. The history gives the evidence its
 * words and the timelines their marks. Whatever a target said is escaped, and no script but that one may run.
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
const eta = new Eta({ views: fileURLToPath(views), cache: true, autoEscape: true });

async function html(report: Report, history: History): Promise<string> {
  const draw = await loadCharts();
  const historyOf = historiesOfScenarios(history);
  const rows = report.bench.filter(({ row }) => row !== undefined && row.phase !== kneePhase);
  const css = readFileSync(new URL('page.css', views), 'utf8');
  const script = `\n${readFileSync(new URL('filter.js', views), 'utf8')}`;
  const underFaults = report.bench.filter(({ row }) => row === undefined);
  return eta.render('./page', {
    ...pageView(report, history),
    frameworks: controlsView(report),
    ...{ css, script, cssWords },
    scriptHash: `sha256-${hash('sha256', script, 'base64')}`,
    timelines: new Map(report.scenarios.map((one) => [one, timeline(historyOf(one), one, draw)])),
    ...{ rows, underFaults },
    latency: latencyChart('latency', rows, draw),
    latencyUnderFaults: latencyChart('latency-under-faults', underFaults, draw),
    benchTimeline: isBench(report) ? benchTimeline(history, draw) : null,
    cpu: cpuChart(rows, draw),
    knee: report.capacity && kneeChart(report.capacity, draw),
  });
}

/** Words as a string of CSS holds them, whatever they are. */
function cssWords(text: string): string {
  return text.replaceAll(/[^\w .-]/gu, (character) => `\\${character.codePointAt(0)!.toString(16)} `);
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
