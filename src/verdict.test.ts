import t from 'tap';
import { worst, type RunVerdict, type Verdict } from './verdict.ts';

const rows: readonly [Verdict[], RunVerdict][] = [
  [[], 'inconclusive'],
  [['skipped'], 'inconclusive'],
  [['skipped', 'deviation'], 'inconclusive'],
  [['pass'], 'pass'],
  [['pass', 'skipped', 'deviation'], 'pass'],
  [['untested'], 'inconclusive'],
  [['pass', 'untested'], 'pass'],
  [['pass', 'inconclusive'], 'inconclusive'],
  [['pass', 'inconclusive', 'fail'], 'fail'],
  [['skipped', 'fail'], 'fail'],
];
for (const [verdicts, wanted] of rows) {
  await t.test(`${verdicts.join(', ') || 'nothing'}: ${wanted}`, async (t) => t.equal(worst(verdicts), wanted));
}
