import { entriesOf, type History } from '../src/history.ts';
import type { Report, ScenarioReport } from '../src/report/report.ts';
import { because } from './wording.ts';

/**
 * A moment or a time for Grafana to show over a dashboard, as `POST /api/annotations` takes it: instants in milliseconds since 1970.
 *
 * Source: https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/annotations/
 */
export interface Annotation {
  readonly time: number;
  readonly timeEnd?: number;
  readonly tags: readonly string[];
  /** Grafana shows it as HTML. */
  readonly text: string;
}

/** The run itself, its scenarios, its faults and the steps of its authorities, in the order in which they began. */
export function annotationsOf(report: Report, history: History): Annotation[] {
  const { run, verdict, scenarios } = report;
  const zero = Date.parse(run.startedAt);
  const at = (ms: number) => Math.round(zero + ms);
  const whole: Annotation = {
    time: zero,
    timeEnd: Date.parse(run.endedAt),
    tags: tagsOf(report, 'run', `verdict:${verdict}`),
    text: html(`Assay: ${verdict}. ${because(report, history)}`),
  };
  return [
    whole,
    ...scenarios.map((scenario) => ofScenario(report, scenario, at)),
    ...scenarios.flatMap(({ id, pass, faults }) =>
      faults.map(({ kind, target, injectedAtMs, healedAtMs }): Annotation => ({
        time: at(injectedAtMs),
        ...(healedAtMs !== null && { timeEnd: at(healedAtMs) }),
        tags: tagsOf(report, 'fault', `fault:${kind}`, `scenario:${id}`, ...passTag(pass)),
        text: html(`${kind} of ${target}, by ${id}${healedAtMs === null ? ': not proven gone' : ''}`),
      })),
    ),
    ...entriesOf(history, 'authority').map(({ atMs, mesh, state }): Annotation => ({
      time: at(atMs),
      tags: tagsOf(report, 'rotation', `authority:${state}`),
      text: html(`Authority of ${mesh} ${state}`),
    })),
  ].toSorted((one, other) => one.time - other.time);
}

function ofScenario(report: Report, scenario: ScenarioReport, at: (ms: number) => number): Annotation {
  const { id, pass, hypothesis, verdict, findings, beganAtMs, endedAtMs } = scenario;
  return {
    time: at(beganAtMs),
    ...(endedAtMs !== null && { timeEnd: at(endedAtMs) }),
    tags: tagsOf(report, 'scenario', `scenario:${id}`, `verdict:${verdict}`, ...passTag(pass)),
    text: html([`${id}: ${verdict}`, hypothesis, ...findings].join('. ')),
  };
}

/** A certification has the same scenario in each of its passes. */
const passTag = (pass: string | undefined) => (pass === undefined ? [] : [`pass:${pass}`]);

/** Each by itself, for dashboards that show some of them. */
function tagsOf({ run }: Report, what: string, ...more: readonly string[]): string[] {
  return ['assay', `assay-${what}`, `run:${run.id}`, ...more];
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
