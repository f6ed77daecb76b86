import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format as markdown } from '../reports/formats/markdown.ts';
import { pointsOf } from '../reports/points.ts';
import type { History } from '../src/history.ts';
import { outcomeOf } from '../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../src/report/report.ts';

/** What a run tells a workflow of GitHub of which it is a step. */
export interface Workflow {
  /** Annotations, for the log of the step; the summary and the outputs of the step are written beside that. */
  tell(report: Report, history: History, directory: string): void;
}

// GitHub shows ten of a kind of one step.
const mostShown = 10;
// GitHub takes a summary of a MiB.
const mostSummaryBytes = 1_000_000;

/**
 * Begins the log of a step: until the run is over nothing that is written there is a command to GitHub, whoever chose its words. Gives undefined
 * where this is no step of a workflow.
 *
 * Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function beginWorkflow(env: NodeJS.ProcessEnv, write: (text: string) => void): Workflow | undefined {
  if (env.GITHUB_ACTIONS !== 'true') return undefined;
  const token = randomUUID();
  write(`::stop-commands::${token}\n`);
  return {
    tell(report, history, directory) {
      write(`::${token}::\n${annotations(pointsOf(report, history)).join('')}`);
      const summary = join(directory, markdown.fileName);
      if (env.GITHUB_STEP_SUMMARY && existsSync(summary)) {
        const text = readFileSync(summary);
        const told = text.length > mostSummaryBytes ? `Assay: ${report.verdict}. ${tooLong}\n` : text;
        appendFileSync(env.GITHUB_STEP_SUMMARY, told);
      }
      if (env.GITHUB_OUTPUT)
        appendFileSync(env.GITHUB_OUTPUT, output('verdict', report.verdict) + output('report', directory));
    },
  };
}

const tooLong = 'Its summary is longer than GitHub takes, and stands in the directory of the run.';

/** What failed is an error, what could not be told a warning: both leave the step red. */
function annotations(points: readonly ClauseReport[]): string[] {
  return (['fail', 'inconclusive'] as const).flatMap((outcome) => {
    const command = outcome === 'fail' ? 'error' : 'warning';
    const all = points.filter((point) => outcomeOf(point) === outcome);
    const shown = all.length > mostShown ? all.slice(0, mostShown - 1) : all;
    const more = all.length - shown.length;
    return [
      ...shown.map(({ id, title, reason }) => annotation(command, id, `${title}: ${reason}`)),
      ...(more > 0 ? [annotation(command, 'Assay', `${more} more: see the summary`)] : []),
    ];
  });
}

function annotation(command: 'error' | 'warning', title: string, message: string): string {
  return `::${command} title=${property(title)}::${data(message)}\n`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** In the form in which a value may hold anything. */
function output(name: string, value: string): string {
  const end = `end-${randomUUID()}`;
  return `${name}<<${end}\n${value}\n${end}\n`;
}
