import t from 'tap';
import type { Clause } from '../clause.ts';
import { clauses as catalogue } from '../clauses/catalogue.ts';
import { historyOf } from '../checkers/history-builder.ts';
import type { Happening } from '../history.ts';
import { promises } from '../promises.ts';
import { requirements } from '../requirements/catalogue.ts';
import { documents } from '../requirements/documents.ts';
import { requirementStates } from '../requirements/states.ts';
import type { ClauseVerdict } from '../verdict.ts';
import { certificationOf } from './certification.ts';
import type { ClauseReport } from './shape.ts';

const mark = (state: 'begun' | 'ended'): Happening => ({
  ...{ kind: 'pass', pass: 'fast', title: 'fast', state, cannotShow: [] },
});
const history = historyOf(mark('begun'), mark('ended'));
const accepted = { reason: 'r', owner: 'o', until: '2027-01-01' };

/** What each clause came to; those that are left out were not asked. */
function judged(of: (clause: Clause) => ClauseVerdict | 'accepted' | undefined): ClauseReport[] {
  return catalogue.flatMap((clause) => {
    const outcome = of(clause);
    if (outcome === undefined) return [];
    const { id, catalogue: requirement, level, spec, promise, title, danger } = clause;
    return {
      ...{
        id,
        catalogue: requirement,
        level,
        spec,
        promise,
        title,
        danger,
        reason: 'r',
        evidence: [],
        evidenceTotal: 0,
      },
      ...(outcome === 'accepted' ? { verdict: 'fail' as const, accepted } : { verdict: outcome }),
    };
  });
}

const claimOf = (id: string, of: Parameters<typeof judged>[0]) =>
  certificationOf(history, catalogue, judged(of))!.claims.find((claim) => claim.id === id)!;
const first = catalogue.find(({ promise }) => promise === 'tokens')!;
const but = (verdict: ClauseVerdict | 'accepted' | undefined) => (clause: Clause) =>
  clause.id === first.id ? verdict : 'pass';

await t.test('a promise is claimed for what was exercised, and for no more', async (t) => {
  t.match(
    claimOf('tokens', () => 'pass'),
    { claim: 'conformant', held: 9, wanted: 9 },
  );
  t.match(claimOf('tokens', but('fail')), { claim: 'not conformant', broken: [first.id] });
  t.match(claimOf('tokens', but('inconclusive')), { claim: 'incomplete', open: [first.id] });
  t.match(claimOf('tokens', but('skipped')), { claim: 'incomplete', open: [first.id] });
  t.match(claimOf('tokens', but(undefined)), { claim: 'incomplete', notAsked: 1 });
  t.match(claimOf('tokens', but('accepted')), { claim: 'conformant except', except: [first.id] });
  t.match(claimOf('tokens', but('deviation')), { claim: 'conformant except', except: [first.id] });
  t.match(
    claimOf('tokens', () => 'skipped'),
    { claim: 'incomplete', held: 0 },
  );
  t.match(
    claimOf('tokens', () => 'accepted'),
    { claim: 'incomplete', held: 0 },
    'of what nothing held nothing is claimed',
  );
  t.equal(claimOf('tls', but('fail')).claim, 'conformant', 'another promise is none of its business');
  t.equal(claimOf('tokens', (clause) => (clause === first ? 'fail' : 'inconclusive')).claim, 'not conformant');
});

await t.test('a document is incomplete while it has a mandatory requirement that nothing decides', async (t) => {
  const all = certificationOf(
    history,
    catalogue,
    judged(() => 'pass'),
  )!;
  for (const { id } of documents) {
    const claim = all.claims.find((one) => one.of === 'document' && one.id === id)!;
    const mandatory = all.requirements.filter((one) => one.document === id && /^MUST/.test(one.level));
    t.equal(claim.wanted, mandatory.length, id);
    t.equal(claim.claim, mandatory.every(({ state }) => state === 'pass') ? 'conformant' : 'incomplete', id);
  }
  t.equal(all.claims.length, promises.length + documents.length);
});

await t.test('what a document only recommends makes it not conformant all the same when it is broken', async (t) => {
  const recommended = catalogue.find(({ level, catalogue: id }) => id !== null && level === 'SHOULD')!;
  const document = requirements.find(({ id }) => id === recommended.catalogue)!;
  const { claims } = certificationOf(
    history,
    catalogue,
    judged((one) => (one === recommended ? 'fail' : 'pass')),
  )!;
  t.match(
    claims.find(({ broken }) => broken.includes(document.id)),
    { of: 'document', claim: 'not conformant' },
  );
});

await t.test('each requirement of the catalogue has its state and a reason', async (t) => {
  const lone = catalogue.find(
    ({ catalogue: id }) => id !== null && catalogue.filter((clause) => clause.catalogue === id).length === 1,
  )!;
  const states = requirementStates(
    catalogue,
    judged((clause) => (clause === lone ? undefined : 'pass')).map((clause) => ({ ...clause, outcome: 'pass' })),
  );
  t.strictSame(
    states.map(({ id }) => id),
    requirements.map(({ id }) => id),
  );
  for (const { id, reason } of states) t.not(reason, '', id);
  t.match(
    states.find(({ state }) => state === 'not asked'),
    { id: lone.catalogue, reason: new RegExp(lone.id) },
  );
  const of = (testable: string) =>
    states.find(({ id }) => requirements.find((one) => one.id === id && one.testable === testable));
  t.match(of('no')?.reason, 'No program can decide it');
});

await t.test('a run without passes is no certification', async (t) => {
  t.equal(certificationOf([], catalogue, []), undefined);
});
