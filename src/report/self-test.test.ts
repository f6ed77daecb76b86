import t from 'tap';
import { clauseOf, historyOf, runEnded, runStarted } from '../checkers/history-builder.ts';
import type { Happening, TriedConformer, TriedImpostor } from '../history.ts';
import { buildReport } from './report.ts';

const mark = (state: 'begun' | 'ended'): Happening => ({
  ...{ kind: 'self-test', state, madeAt: '2026-11-22T09:00:00.000Z', kept: false, cores: 2, versions: {}, code: '' },
});
const impostor = (outcome: TriedImpostor['outcome']): Happening => ({
  ...{ kind: 'impostor', impostor: 'wolf', breaks: 'mesh/a/b', outcome },
  ...(outcome === 'caught' ? {} : { said: 'pass: it held' }),
});
const conformer = (outcome: TriedConformer['outcome']): Happening => ({
  ...{ kind: 'conformer', conformer: 'sheep', by: 'suites', outcome },
  said: outcome === 'right' ? [] : [{ clause: 'mesh/a/b', reason: 'fail: it did not' }],
});
const clause = (id: string, verdict: 'pass' | 'fail') =>
  clauseOf(id, () => ({ verdict, reason: 'seen', evidence: [1] }));
const judged = (verdict: 'pass' | 'fail', ...tried: readonly Happening[]) =>
  buildReport(historyOf(runStarted(['mesh/a/b', 'mesh/a/c']), mark('begun'), ...tried, mark('ended'), runEnded), [
    clause('mesh/a/b', verdict),
    clause('mesh/a/c', verdict),
  ]).clauses.map((one) => one.verdict);
const alone = (...happenings: readonly Happening[]) =>
  buildReport(historyOf(runStarted(), ...happenings, runEnded), []);

await t.test('a clause that let an impostor pass passes nobody, and what it fails stays failed', async (t) => {
  t.strictSame(judged('pass', impostor('caught')), ['pass', 'pass']);
  t.strictSame(judged('pass', impostor('missed')), ['inconclusive', 'pass']);
  t.strictSame(judged('fail', impostor('missed')), ['fail', 'fail']);
  t.strictSame(judged('pass', impostor('open')), ['inconclusive', 'pass'], 'nobody saw that it catches anything');
  t.strictSame(
    judged('pass', impostor('open'), impostor('caught')),
    ['pass', 'pass'],
    'a busy machine says nothing of it',
  );
});

await t.test('a clause that failed what is right decides nothing', async (t) => {
  t.strictSame(judged('pass', conformer('right')), ['pass', 'pass']);
  t.strictSame(judged('pass', conformer('alarm')), ['inconclusive', 'pass']);
  t.strictSame(judged('fail', conformer('alarm')), ['inconclusive', 'fail']);
  t.strictSame(judged('fail', conformer('open')), ['fail', 'fail']);
});

await t.test('alone it passes where all was caught and nothing right failed, and says how much it saw', async (t) => {
  const { verdict, selfTest } = alone(mark('begun'), impostor('caught'), conformer('right'), mark('ended'));
  t.equal(verdict, 'pass');
  t.match(selfTest, { impostors: { tried: 1, caught: 1, missed: [] }, conformers: { tried: 1, right: 1, alarms: [] } });
  t.equal(alone(mark('begun'), impostor('missed'), mark('ended')).verdict, 'fail');
  t.equal(alone(mark('begun'), conformer('alarm'), mark('ended')).verdict, 'fail');
  t.equal(alone(mark('begun'), impostor('caught')).verdict, 'inconclusive', 'it never came to its end');
  t.equal(alone(mark('begun'), mark('ended')).verdict, 'inconclusive', 'nothing was tried');
  t.equal(alone(mark('begun'), impostor('open'), mark('ended')).verdict, 'inconclusive', 'too little was found out');
  t.equal(alone().verdict, 'inconclusive');
});
