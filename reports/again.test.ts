import t from 'tap';
import { again } from './again.ts';

const commands: readonly [command: string, again: string][] = [
  ['assay gate', 'npx assay gate --seed 7'],
  ['assay gate --seed 3 --json', 'npx assay gate --json --seed 7'],
  ['assay gate --seed=3 --out=reports/out/a', 'npx assay gate --seed 7'],
  [`assay gate --out '/a b/it'\\''s' --node ./n`, 'npx assay gate --node ./n --seed 7'],
  [`assay gate '--out=/a b' --quiet`, 'npx assay gate --quiet --seed 7'],
  [`assay gate --node './n --out x --seed 1'`, `npx assay gate --node './n --out x --seed 1' --seed 7`],
];
for (const [command, wanted] of commands) {
  await t.test(`once more: ${command}`, async (t) => t.equal(again({ command, seed: 7 }), wanted));
}
