import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { isCold, noteStage, readStages, renderBudget } from './ci-stages.ts';

await t.test('each stage stands beside its budget, and what there is not yet is said', async (t) => {
  const table = renderBudget([
    { stage: 'setup', seconds: 65 },
    { stage: 'toolchain', seconds: 721, built: true },
    { stage: 'tests', seconds: 600 },
  ]);
  t.strictSame(table.split('\n'), [
    'system packages and npm  1 min  5 s  of  3 min',
    'toolchain               12 min  1 s  of 12 min  over its budget',
    "cluster's binaries         none yet  of 20 min",
    'other builds               none yet  of  8 min',
    'tests                   10 min  0 s  of 25 min',
    'Kubernetes                 none yet  of 10 min',
    'total                   23 min  6 s  of 75 min',
  ]);
});

await t.test('stages are written down where .ci/run says, and only then', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'assay-stages-'));
  const before = process.env.ASSAY_CI_STAGES;
  t.after(() => {
    rmSync(dir, { recursive: true });
    if (before === undefined) delete process.env.ASSAY_CI_STAGES;
    else process.env.ASSAY_CI_STAGES = before;
  });
  delete process.env.ASSAY_CI_STAGES;
  noteStage('tests', 1_000);
  process.env.ASSAY_CI_STAGES = join(dir, 'stages');
  noteStage('toolchain', 1_600, { built: false });
  t.equal(isCold(readStages(join(dir, 'stages'))), false, 'a toolchain that was there already');
  noteStage('toolchain', 60_000, { built: true });
  noteStage('tests', 2_000);
  const taken = readStages(join(dir, 'stages'));
  t.strictSame(
    taken.map(({ stage, seconds }) => `${stage} ${seconds}`),
    ['toolchain 2', 'toolchain 60', 'tests 2'],
  );
  t.equal(isCold(taken), true);
});
