import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
export function readAttach(): AttachResult | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AttachResult) : undefined;
}

export function writeAttach(result: AttachResult): void {
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
}
