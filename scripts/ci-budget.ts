// npm run ci:budget: how long each stage of the last cold run of .ci/run took, beside its budget.
// .ci/run calls it with the file of its own stages: that table is printed, and kept when the run was a cold one.
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCold, readStages, renderBudget } from './ci-stages.ts';

const lastCold = fileURLToPath(new URL('../node_modules/.cache/ci/last-cold-run.jsonl', import.meta.url));
const [current] = process.argv.slice(2);

if (current !== undefined) {
  const taken = readStages(current);
  console.log(renderBudget(taken));
  if (isCold(taken)) {
    mkdirSync(dirname(lastCold), { recursive: true });
    copyFileSync(current, lastCold);
  }
} else if (existsSync(lastCold)) {
  console.log(`The last cold run of .ci/run, which ended at ${statSync(lastCold).mtime.toISOString()}:\n`);
  console.log(renderBudget(readStages(lastCold)));
} else {
  console.log(
    'No cold run has been made in this checkout: one in which the toolchain was built. Make one, as root on Debian 12, in some 20 minutes:\n\n' +
      '  HOME=$(mktemp -d) .ci/run',
  );
}
