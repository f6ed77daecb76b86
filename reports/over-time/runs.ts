import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import type { Report } from '../../src/report/report.ts';
import { readReport } from '../read-run.ts';

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

/** Reads the reports of all runs right below a folder; what has no report is none that came to its end. */
export async function readRuns(folder: string): Promise<KeptRuns> {
  const found = await readdir(folder, { withFileTypes: true });
  const names = found
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'report.json')))
    .map(({ name }) => name)
    .sort();
  const read = await Promise.all(
    names.map(async (name) => {
      try {
        return { name, report: await readReport(join(folder, name)) };
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
