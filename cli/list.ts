import { UsageError } from '../src/errors.ts';
import { scenarios } from '../scenarios/index.ts';
import { clauseList } from './list/clauses.ts';
import { controlList } from './list/controls.ts';
import { coverageList } from './list/coverage.ts';
import { idsAndTitles, type List } from './list/listed.ts';

const lists: Readonly<Record<string, List>> = {
  clauses: clauseList,
  scenarios: {
    entries: async () =>
      scenarios.map(({ id, title, hypothesis, clauses: decides, steps, certification }) => ({
        id,
        title,
        hypothesis,
        clauses: decides.map(({ id: clause }) => clause),
        steps,
        ...(certification && { certification }),
      })),
  },
  impostors: {
    entries: async () =>
      (await import('../impostors/catalogue.ts')).impostors.map(({ id, title, breaks, kind, source }) => ({
        id,
        title,
        breaks,
        kind,
        ...(source !== undefined && { source }),
      })),
  },
  conformers: {
    entries: async () =>
      (await import('../impostors/conformers.ts')).conformers.map((one) => ({
        id: one.id,
        title: one.title,
        kind: one.kind,
        judgedBy: one.wholeGate === true ? ['gate'] : one.judgedBy,
      })),
  },
  coverage: coverageList,
  controls: controlList,
};

/**
 * The command `assay list`: prints one list, for people or as JSON, and gives the exit code.
 *
 * @throws UsageError on an unknown list
 */
export async function listCommand(what: string, json: boolean): Promise<number> {
  const list = Object.hasOwn(lists, what) ? lists[what] : undefined;
  if (list === undefined)
    throw new UsageError(`list ${what}: no such list; there are ${Object.keys(lists).join(', ')}`);
  const entries = await list.entries();
  const lines = json ? [JSON.stringify(entries, null, 2)] : (list.lines ?? idsAndTitles)(entries);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
