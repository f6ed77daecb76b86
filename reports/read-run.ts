import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partLink } from '../src/evidence/chain.ts';
import { parsedJson } from '../src/json.ts';
import type { Entry, Happening, History } from '../src/history.ts';
import type { Report } from '../src/report/report.ts';

const kinds: Readonly<Record<Happening['kind'], true>> = {
  'run-started': true,
  'run-ended': true,
  phase: true,
  node: true,
  scenario: true,
  exchange: true,
  leaf: true,
  plane: true,
  'plane-handshake': true,
  listener: true,
  'port-scan': true,
  request: true,
  capacity: true,
  machine: true,
  starved: true,
  presented: true,
  life: true,
  readiness: true,
  connections: true,
  svid: true,
  bundle: true,
  authority: true,
  fault: true,
  token: true,
  'audit-log': true,
  search: true,
  'token-life': true,
  skip: true,
  written: true,
  'bench-row': true,
  'bench-window': true,
  'bench-samples': true,
  'bench-lost': true,
  'bench-told': true,
  'bench-machine': true,
  accepted: true,
  objective: true,
  baseline: true,
  pass: true,
  'self-test': true,
  impostor: true,
  conformer: true,
  trouble: true,
};

/** A run record that cannot be what it says it is. The message names the file, and the line where there is one. */
export class RunRecordError extends Error {
  override readonly name = 'RunRecordError';
}

/**
 * Reads `history.jsonl` of a run directory.
 *
 * A last line that was cut short is left out: it is what a killed run leaves.
 *
 * @throws RunRecordError for any other line that is not an entry, or whose index is not its line
 */
export async function readHistory(directory: string): Promise<History> {
  const file = join(directory, 'history.jsonl');
  const lines = (await readText(file)).split('\n');
  // Every written line ends in a newline, so what follows the last one was still being written.
  const unfinished = lines.pop() ?? '';
  const entries = lines.map((line, at) => readEntry(file, at + 1, line));
  const last = unfinished === '' ? undefined : parsedJson(unfinished);
  if (last !== undefined) entries.push(readEntry(file, lines.length + 1, unfinished));
  if (entries[0]?.kind !== 'run-started')
    throw new RunRecordError(`${file}:1: a history begins with a run-started entry, and this one does not`);
  return entries;
}

/** Reads `report.json` of a run directory. @throws RunRecordError when it is missing, is not JSON, or is of another schema */
export async function readReport(directory: string): Promise<Report> {
  const file = join(directory, 'report.json');
  const value = parsedJson(await readText(file));
  if (!isObject(value)) throw new RunRecordError(`${file}: not a JSON object`);
  if (value['schema'] !== 1)
    throw new RunRecordError(`${file}: wanted "schema": 1, got ${JSON.stringify(value['schema']) ?? 'none'}`);
  for (const key of ['clauses', 'scenarios', 'bench', 'planes', 'troubles']) {
    const list = value[key];
    if (!Array.isArray(list) || !list.every(isObject))
      throw new RunRecordError(`${file}: "${key}" is not a list of objects`);
  }
  if (!isObject(value['run'])) throw new RunRecordError(`${file}: "run" is not an object`);
  // Reports were written before coverage was counted; they are read as what they are.
  if (value['coverage'] !== undefined && !Array.isArray(value['coverage']))
    throw new RunRecordError(`${file}: "coverage" is not a list`);
  return { coverage: [], ...value } as unknown as Report;
}

function readEntry(file: string, line: number, text: string): Entry {
  const value = parsedJson(partLink(text).line);
  const wrong = (what: string) => new RunRecordError(`${file}:${line}: ${what}: ${text.slice(0, 80)}`);
  if (!isObject(value)) throw wrong('not a JSON object');
  if (typeof value['kind'] !== 'string' || !Object.hasOwn(kinds, value['kind']))
    throw wrong('no kind of entry that this version of Assay knows; a run is rendered by the version that made it');
  if (value['index'] !== line) throw wrong(`its index should be its line, ${line}`);
  if (typeof value['atMs'] !== 'number' || !Number.isFinite(value['atMs'])) throw wrong('atMs is not a number');
  if (value['kind'] === 'scenario' && !Array.isArray(value['clauses']))
    throw wrong('a scenario that does not name its clauses; a run is rendered by the version that made it');
  return value as unknown as Entry;
}

async function readText(file: string): Promise<string> {
  try {
    // What is no file may never end.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error('is no file');
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RunRecordError(`${file}: cannot be read`, { cause: error });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
