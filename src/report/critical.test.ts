import t from 'tap';
import type { Clause } from '../clause.ts';
import type { Happening } from '../history.ts';
import { historyOf, runStarted } from '../checkers/history-builder.ts';
import type { ClauseVerdict } from '../verdict.ts';
import { judgeClauses } from './clauses.ts';
import { criticalDoubts } from './critical.ts';

const clause = (id: string, verdict: ClauseVerdict, roles: Clause['roles'] = ['server', 'client']): Clause => ({
  ...{ id, catalogue: null, promise: 'pinning', spec: '', level: 'MUST', subject: '', title: id, danger: '', roles },
  judge: () => ({ verdict, reason: 'its reason', evidence: [] }),
});
const node = (name: string, critical?: readonly ('server' | 'client')[]): Happening => ({
  ...{ kind: 'node', node: name, mesh: 'm', spiffeId: `spiffe://m/${name}`, implementation: 'x', judged: true },
  ...{ svidTtlSeconds: 60, syncIntervalMs: 1, uptakeMs: 1 },
  ...(critical && { critical }),
});
const skip = (of: string, more: Partial<Extract<Happening, { kind: 'skip' }>> = {}): Happening => ({
  ...{ kind: 'skip', clause: of, reason: 'nobody may', ...more },
});
const id = 'mesh/pinning/prefix';

/** What a clause comes to on two nodes, of which one is critical. */
function verdictOf(one: Clause, critical: readonly ('server' | 'client')[] | undefined, ...more: readonly Happening[]) {
  const history = historyOf(runStarted([one.id]), node('a', critical), node('b'), ...more);
  return judgeClauses(history, [one], [one.id], criticalDoubts(history, [one]))[0]!;
}

await t.test('nothing of the pinning of a critical node may be left out', (t) => {
  t.equal(verdictOf(clause(id, 'skipped'), undefined, skip(id)).verdict, 'skipped', 'nobody is critical');
  const open = verdictOf(clause(id, 'skipped'), ['server'], skip(id));
  t.equal(open.verdict, 'inconclusive');
  t.match(open.reason, /^Could not be decided: a is critical, and was not looked at: nobody may\./);
  t.equal(verdictOf(clause(id, 'pass'), ['server'], skip(id)).verdict, 'pass', 'what was tried in part is decided');
  t.equal(verdictOf(clause(id, 'pass'), ['server'], skip(id, { node: 'a', role: 'server' })).verdict, 'inconclusive');
  t.equal(verdictOf(clause(id, 'fail'), ['server'], skip(id, { node: 'a', role: 'server' })).verdict, 'fail');
  t.equal(verdictOf(clause(id, 'pass'), ['server'], skip(id, { node: 'b', role: 'server' })).verdict, 'pass');
  t.equal(
    verdictOf(clause(id, 'pass'), ['server'], skip(id, { node: 'a', role: 'client' })).verdict,
    'pass',
    'nobody said that it calls',
  );
  t.equal(verdictOf(clause(id, 'skipped', ['client']), ['server'], skip(id)).verdict, 'skipped');
  const other = 'mesh/tls/aead-only';
  t.equal(verdictOf(clause(other, 'skipped'), ['server'], skip(other)).verdict, 'skipped', 'it is none of pinning');
  t.end();
});

await t.test('where no node lets anybody in, that is what is open', (t) => {
  const letsIn = clause('mesh/pinning/exact-id', 'skipped');
  const unseen = (node: string): Happening => ({ kind: 'skip', clause: letsIn.id, node, reason: 'it allows nobody' });
  const ofBoth = { ...letsIn, roles: ['server', 'client'] } as const;
  t.match(verdictOf(ofBoth, undefined, unseen('a'), unseen('b')), {
    verdict: 'inconclusive',
    reason: /no service was looked at in which somebody of ours is let in, .*: it allows nobody/,
  });
  t.equal(verdictOf(ofBoth, undefined, unseen('a')).verdict, 'skipped', 'one that is looked at is enough');
  t.equal(verdictOf(ofBoth, undefined).verdict, 'skipped', 'nobody was left out');
  t.end();
});
