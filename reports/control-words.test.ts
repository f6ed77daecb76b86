import t from 'tap';
import { byControl } from '../src/controls/by-control.ts';
import { clausesOf, frameworks } from '../src/controls/catalogue.ts';
import type { ClauseReport } from '../src/report/report.ts';
import type { ClauseOutcome } from '../src/report/acceptance.ts';
import { controlWords, worstOfControl } from './control-words.ts';

const number = 'SC-23';
const ids = clausesOf(frameworks.flatMap(({ controls }) => controls).find((one) => one.number === number)!.lines);

/** What is told of a control of three clauses, of which these came to something, and the rest were not asked. */
function told(...outcomes: readonly ClauseOutcome[]) {
  const asked = outcomes.map((outcome, at): ClauseReport => ({
    ...{ id: ids[at]!, catalogue: null, level: 'MUST', spec: '', reason: '', evidence: [], evidenceTotal: 0 },
    ...{ promise: null, title: '', danger: '', verdict: outcome === 'accepted' ? 'fail' : outcome },
    ...(outcome === 'accepted' && { accepted: { reason: 'r', owner: 'o', until: '2027-05-31' } }),
  }));
  const read = byControl(asked)
    .flatMap(({ controls }) => controls)
    .find(({ control }) => control.number === number)!;
  return [worstOfControl(read), controlWords(read)];
}

await t.test('a control is told by the worst of its clauses, and by how many came to what', async (t) => {
  t.equal(ids.length, 3);
  t.strictSame(told('pass', 'pass', 'pass'), ['pass', 'all 3 clauses held']);
  t.strictSame(told('pass', 'fail', 'pass'), ['fail', '1 of 3 broken, 2 held']);
  t.strictSame(told('pass', 'inconclusive', 'fail'), ['fail', '1 of 3 broken, 1 inconclusive, 1 held']);
  t.strictSame(told('pass', 'accepted', 'deviation'), [
    'accepted',
    '1 of 3 accepted failure, 1 known deviation, 1 held',
  ]);
  t.strictSame(told('pass', 'skipped', 'deviation'), ['deviation', '1 of 3 known deviation, 1 skipped, 1 held']);
  t.strictSame(told('skipped', 'pass', 'pass'), ['skipped', '1 of 3 skipped, 2 held']);
});

await t.test('a control of which only a part was asked does not look as if it held', async (t) => {
  t.strictSame(told('pass'), ['none', '1 of 3 held, 2 not asked']);
  t.strictSame(told('pass', 'fail'), ['fail', '1 of 3 broken, 1 held, 1 not asked']);
});
