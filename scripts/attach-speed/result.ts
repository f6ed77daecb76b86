import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';

const path = join(import.meta.dirname, 'result.json');

/** What `npm run bench:attach` keeps of its last run. */
export interface AttachResult {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly rows: readonly AttachRow[];
}

/** One gate on so many services. */
export interface AttachRow {
  readonly services: number;
  readonly rights: string;
  /** From the command to its exit. */
  readonly seconds: number;
  readonly verdict: string;
  /** Clauses that were decided. */
  readonly decided: number;
  /** That the gate held at most. */
  readonly megabytes: number;
  readonly slowest: readonly { readonly phase: string; readonly seconds: number }[];
}

export const attachHead = ['Services, rights', 'Whole', 'Verdict', 'Clauses decided', 'Memory', 'Slowest steps'];

export function attachCells({ services, rights, seconds, verdict, decided, megabytes, slowest }: AttachRow): string[] {
  const inWords = slowest.map(({ phase, seconds: took }) => `${phase} ${took.toFixed(1)} s`).join(', ');
  return [
    ...[`${services}, ${rights}`, `${seconds.toFixed(1)} s`, verdict],
    ...[String(decided), `${megabytes} MB`, inWords],
  ];
}

/** Undefined where it was never measured. */
export const readAttach = () => readKept<AttachResult>(path);

export const writeAttach = (result: AttachResult) => writeKept(path, result);
