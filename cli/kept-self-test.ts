import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { codeDigest } from '../engine/code-digest.ts';
import type { KeptSelfTest } from '../engine/record-self-test.ts';
import { cacheRoot } from '../fixtures/toolchain/cache.ts';
import { programs } from '../fixtures/toolchain/programs.ts';
import { writeWhole } from '../reports/write-whole.ts';
import { readSelfTest, verdictOfSelfTest } from '../src/report/self-test.ts';
import { parsedJson } from '../src/json.ts';
import { entriesOf, type History, type SelfTestMark, type TriedConformer, type TriedImpostor } from '../src/history.ts';

const words = v.string();
const markSchema = v.object({
  kind: v.literal('self-test'),
  state: v.picklist(['begun', 'ended']),
  madeAt: v.pipe(words, v.isoTimestamp()),
  kept: v.boolean(),
  cores: v.number(),
  versions: v.record(words, words),
  code: words,
  again: v.optional(v.number()),
  leftOut: v.optional(v.array(v.object({ program: words, why: words, count: v.number() }))),
});
const impostorSchema = v.object({
  kind: v.literal('impostor'),
  ...{ impostor: words, breaks: words, said: v.optional(words) },
  outcome: v.picklist(['caught', 'missed', 'open']),
});
const conformerSchema = v.object({
  kind: v.literal('conformer'),
  ...{ conformer: words, by: words },
  outcome: v.picklist(['right', 'alarm', 'open']),
  said: v.array(v.object({ clause: words, reason: words })),
});
const keptSchema = v.object({ mark: markSchema, tried: v.array(v.variant('kind', [impostorSchema, conformerSchema])) });

/** The self-test that was made last by this code, with this Node, on a machine of these processors; undefined where there is none. */
export function readKeptSelfTest(env: NodeJS.ProcessEnv): KeptSelfTest | undefined {
  if (isOfOthers(env)) return undefined;
  let text: string;
  try {
    text = readFileSync(keptPath(env), 'utf8');
  } catch {
    return undefined;
  }
  const read = v.safeParse(keptSchema, parsedJson(text));
  return read.success ? (read.output as KeptSelfTest) : undefined;
}

/** Keeps the self-test that a run made, where it came to its end and left nobody out. */
export async function keepSelfTest(history: History, env: NodeJS.ProcessEnv): Promise<void> {
  const mark = entriesOf(history, 'self-test').find(({ state }) => state === 'ended');
  if (mark === undefined || mark.kept || (mark.leftOut ?? []).length > 0 || isOfOthers(env)) return;
  const found = readSelfTest(history);
  if (found === undefined || verdictOfSelfTest(found) === 'inconclusive') return;
  const path = keptPath(env);
  mkdirSync(join(path, '..'), { recursive: true });
  const tried = history.filter((entry) => entry.kind === 'impostor' || entry.kind === 'conformer');
  const kept = { mark, tried } satisfies {
    readonly mark: SelfTestMark;
    readonly tried: readonly (TriedImpostor | TriedConformer)[];
  };
  await writeWhole(path, `${JSON.stringify(v.parse(keptSchema, kept))}\n`);
}

/** Whether programs are named by settings: what was found out with them holds for no others, and the other way round. */
function isOfOthers(env: NodeJS.ProcessEnv): boolean {
  return Object.values(programs).some(({ setting }) => env[setting] !== undefined);
}

function keptPath(env: NodeJS.ProcessEnv): string {
  const machine = `${availableParallelism()}-${cpus()[0]?.model ?? ''}`.replaceAll(/[^\w-]+/g, '-');
  return join(cacheRoot(env), 'self-test', `${codeDigest().slice(0, 24)}-${process.version}-${machine}.json`);
}
