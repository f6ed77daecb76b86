import t from 'tap';
import type { Impostor } from '../impostors/impostor.ts';
import { impostors } from '../impostors/catalogue.ts';
import type { JudgedImpostor, JudgedRight } from './judge-batch.ts';
import { triedConformer, triedImpostor } from './tried.ts';

const impostor: Impostor = { ...impostors[0]!, reason: /^it let NODE in/ };
const judged = (more: Partial<JudgedImpostor>): JudgedImpostor => ({
  ...{ verdict: 'fail', reason: 'it let NODE in', ofRun: 'fail', short: undefined },
  ...more,
});

await t.test('an impostor is caught by its clause, in its run, and for its reason, or it is missed', async (t) => {
  const outcome = (more: Partial<JudgedImpostor>) => triedImpostor(impostor, judged(more)).outcome;
  t.equal(outcome({}), 'caught');
  t.equal(outcome({ verdict: 'pass', ofRun: 'pass' }), 'missed');
  t.equal(outcome({ reason: 'something else' }), 'missed');
  t.equal(outcome({ ofRun: 'pass' }), 'missed');
  t.equal(outcome({ verdict: 'skipped', ofRun: 'inconclusive' }), 'missed');
  t.equal(outcome({ verdict: 'inconclusive', ofRun: 'inconclusive' }), 'missed', 'nothing was wrong with the machine');
  t.equal(outcome({ verdict: 'inconclusive', ofRun: 'inconclusive', short: 'threads waited' }), 'open');
  const open: Impostor = { ...impostor, verdict: 'inconclusive' };
  t.equal(triedImpostor(open, judged({ verdict: 'inconclusive', ofRun: 'inconclusive' })).outcome, 'caught');
  t.match(triedImpostor(impostor, judged({ verdict: 'pass', reason: 'it held' })).said, 'pass: it held');
});

await t.test('a right node is one alarm unless all that is open was left so by the machine', async (t) => {
  const report = (verdict: string, ...clauses: readonly string[]) =>
    ({
      report: {
        verdict,
        clauses: clauses.map((one, at) => ({ id: `c${at}`, verdict: one, reason: 'r' })),
        troubles: [],
      },
      short: undefined,
    }) as unknown as JudgedRight;
  const outcome = (one: JudgedRight) => triedConformer('right', 'suites', one).outcome;
  t.equal(outcome(report('pass', 'pass', 'skipped', 'deviation')), 'right');
  t.equal(outcome(report('fail', 'pass', 'fail')), 'alarm');
  t.equal(outcome(report('inconclusive', 'inconclusive')), 'alarm');
  t.equal(outcome({ ...report('inconclusive', 'inconclusive'), short: 'threads waited' }), 'open');
  t.equal(outcome({ ...report('fail', 'inconclusive', 'fail'), short: 'threads waited' }), 'alarm');
  t.equal(outcome(report('inconclusive', 'pass')), 'alarm', 'a run that says worse than its clauses');
});
