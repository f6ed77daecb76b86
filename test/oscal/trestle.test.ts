import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { format } from '../../reports/formats/oscal.ts';
import { sampleRun } from '../../reports/sample-run.ts';
import { buildReport } from '../../src/report/report.ts';
import { project } from '../cli-run.ts';
import { findTrestle } from './trestle.ts';

t.setTimeout(3_600_000);

const trestle = await findTrestle();

const results = (kind: Parameters<typeof sampleRun>[0], hostile = '') => {
  const { history, clauses } = sampleRun(kind, hostile);
  return format.render(buildReport(history, clauses), history);
};

await t.test(
  'compliance-trestle takes the results of a run, the catalogue and the component definition, and no file with a UUID twice',
  { skip: 'lacks' in trestle && trestle.lacks },
  async (t) => {
    if ('lacks' in trestle) return;
    const dir = await mkdtemp(join(tmpdir(), 'assay-trestle-'));
    t.teardown(() => rm(dir, { recursive: true }));
    await trestle(dir, 'init', '--local');
    const taken = async (name: string, text: string) => {
      // What is imported may not lie in the folder that it is imported to.
      const file = join(await mkdtemp(join(tmpdir(), 'assay-oscal-')), `${name}.json`);
      t.teardown(() => rm(join(file, '..'), { recursive: true }));
      await writeFile(file, text);
      return trestle(dir, 'import', '--file', file, '--output', name);
    };
    await taken('passed', results('pass'));
    await taken('failed', results('fail', '<script>[a](b) {{ insert: param, x }}\u0000'));
    for (const published of ['catalog', 'component-definition'])
      await taken(published, await readFile(join(project, 'docs/oscal', `${published}.json`), 'utf8'));
    const said = await trestle(dir, 'validate', '--all');
    t.equal([...said.matchAll(/^VALID: /gm)].length, 4, said);

    const [first = '', second = ''] = [...results('fail').matchAll(/"uuid": "([^"]+)"/g)].map(([, uuid]) => uuid);
    await t.rejects(taken('twice', results('fail').replaceAll(first, second)));
  },
);
