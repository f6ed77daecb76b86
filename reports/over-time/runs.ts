import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import type { Report } from '../../src/report/report.ts';
import { records } from '../evidence/files.ts';
import { readReport, RunRecordError } from '../read-run.ts';
import { outcomes } from '../wording.ts';

/** A run of a folder of runs. */
export interface KeptRun {
  /** Its directory, below the folder. */
  readonly name: string;
  readonly report: Report;
}

/** The runs of a folder, the earliest first, and those whose report cannot be read. */
export interface KeptRuns {
  readonly runs: readonly KeptRun[];
  readonly unreadable: readonly { readonly name: string; readonly why: string }[];
}

/** Reads the reports of all runs right below a folder. */
export async function readRuns(folder: string): Promise<KeptRuns> {
  const found = await readdir(folder, { withFileTypes: true });
  const names = found
    .filter((entry) => entry.isDirectory() && records.some((file) => existsSync(join(folder, entry.name, file))))
    .map(({ name }) => name)
    .sort();
  const read = await Promise.all(
    names.map(async (name) => {
      try {
        const report = await readReport(join(folder, name));
        if (!isWhole(report))
          throw new RunRecordError(`${join(folder, name, 'report.json')}: is no report of this version`);
        return { name, report };
      } catch (error) {
        return { name, why: messageOf(error) };
      }
    }),
  );
  const runs = read.filter((one): one is KeptRun => 'report' in one);
  return {
    runs: runs.sort((one, other) => compared(one.report.run.startedAt, other.report.run.startedAt)),
    unreadable: read.filter((one): one is { readonly name: string; readonly why: string } => 'why' in one),
  };
}

const compared = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** Whether it has what a page of many runs tells of each. */
function isWhole({ verdict, run, clauses, coverage, bench }: Report): boolean {
  return (
    ['pass', 'fail', 'inconclusive'].includes(verdict) &&
    [run.id, run.startedAt, run.command].every((text) => typeof text === 'string') &&
    clauses.every((one) => typeof one?.id === 'string' && outcomes.includes(outcomeOf(one))) &&
    coverage.every((one) => Number.isFinite(one?.pass) && Number.isFinite(one?.fail)) &&
    bench.every(
      (one) => typeof one?.id === 'string' && [one.fromDueP50Ms, one.fromDueP99Ms ?? 0].every(Number.isFinite),
    )
  );
}
