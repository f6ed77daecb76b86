import { clauses } from '../src/clauses/catalogue.ts';
import { UsageError } from '../src/errors.ts';
import { scenarios } from '../scenarios/index.ts';

type Listed = { readonly id: string; readonly title: string } & Readonly<Record<string, unknown>>;

const kinds: Record<string, () => Promise<Listed[]>> = {
  clauses: async () =>
    clauses.map(({ id, title, promise, spec, level, subject, catalogue, danger }) => ({
      id,
      title,
      promise,
      spec,
      level,
      subject,
      catalogue,
      status: 'tested',
      danger,
    })),
  scenarios: async () =>
    scenarios.map(({ id, title, hypothesis, clauses: decides, steps }) => ({
      id,
      title,
      hypothesis,
      clauses: decides,
      steps,
    })),
  impostors: async () =>
    (await import('../impostors/catalogue.ts')).impostors.map(({ id, title, breaks, kind }) => ({
      id,
      title,
      breaks,
      kind,
    })),
  conformers: async () =>
    (await import('../impostors/conformers.ts')).conformers.map(({ id, title }) => ({ id, title })),
};

/** `assay list`. @throws UsageError on an unknown kind */
export async function listCommand(what: string, json: boolean): Promise<number> {
  const list = kinds[what];
  if (list === undefined)
    throw new UsageError(`list ${what}: no such list; there are ${Object.keys(kinds).join(', ')}`);
  const listed = await list();
  if (json) {
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    return 0;
  }
  const width = Math.max(...listed.map(({ id }) => id.length));
  process.stdout.write(`${listed.map(({ id, title }) => `${id.padEnd(width)}  ${title}`).join('\n')}\n`);
  return 0;
}
