import t from 'tap';
import { gatePlan } from '../../plans/gate.ts';
import { clausesOf, decidersOf } from '../../plans/plan.ts';
import { grantsNoEarlyData } from '../../src/checkers/controls.ts';
import { ofOwnRecords, type Clause } from '../../src/clause.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import type { Entry, Happening, History } from '../../src/history.ts';
import { wallClockRightUpTo } from '../../src/reading/wall-clock.ts';
import { buildReport, type ClauseReport } from '../../src/report/report.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import { endedClauses, settledClauses } from '../../src/report/settled.ts';
import { seeded } from '../../src/statistics/seeded.ts';
import { suites } from '../../suites/index.ts';
import { readFixture } from './fixture.ts';
import { mutated } from './mutate.ts';
import { pick, renumbered, type Chance } from './mutation.ts';
import { suites as ofSuites } from './oracles/oracles.ts';

// What is told of a run that goes on is what its report says at the end, whatever comes in between.

t.setTimeout(120_000);

const runs = 120;
const deciders = decidersOf(gatePlan());
const bySuites = suites.filter((suite) => clausesOf(suite).some(({ id }) => id in ofSuites.oracles));

const suiteOfClause = new Map(bySuites.flatMap((suite) => clausesOf(suite).map(({ id }) => [id as string, suite.id])));

/** The suite that records such an entry. */
function suiteOf(entry: Entry): string | undefined {
  if (entry.kind === 'exchange') return suiteOfClause.get(entry.clause);
  if (entry.kind === 'leaf') return 'shown';
  if (entry.kind === 'token' || entry.kind === 'token-life' || entry.kind === 'audit-log') return 'tokens';
  if (entry.kind === 'plane-handshake') return entry.about === 'key-exchange' ? 'post-quantum' : 'planes';
  return ['plane', 'listener', 'port-scan'].includes(entry.kind) ? 'planes' : undefined;
}

const chosen: readonly string[] = clauses.map(({ id }) => id).filter((id) => id in ofSuites.oracles);

/** A run in which that was recorded, as the engine makes one: with the end of each suite, and with what may happen to any run. */
function runOf(records: History, chance: Chance): History {
  const without = chance() < 0.3 ? pick(bySuites, chance)?.id : undefined;
  const left = records.filter((entry) => without === undefined || suiteOf(entry) !== without);
  const skips = suites.flatMap((suite) =>
    suite.id === without
      ? clausesOf(suite).map(({ id }): Happening => ({ kind: 'skip', clause: id, reason: 'it lacks that' }))
      : [],
  );
  const accepted = chosen
    .filter(() => chance() < 0.2)
    .map((clause): Happening => ({
      ...{ kind: 'accepted', clause, reason: 'known', owner: 'somebody', until: '2999-12-31' },
      ...{ file: 'accepted.yaml', sha256: '' },
    }));
  const [first, ...more] = left;
  const started = { ...first!, clauses: chosen, versions: { spire: '1.15.3' } } as Entry;
  const lines: Happening[] = [started, ...accepted, ...skips];
  const setAt = chance() < 0.3 ? Math.floor(chance() * left.length) : Infinity;
  const troubleAt = chance() < 0.4 ? Math.floor(chance() * left.length) : Infinity;
  const concerned = pick([[], [pick(chosen, chance)!]], chance)!;
  const killed = chance() < 0.1 ? Math.floor(chance() * left.length) : Infinity;
  const lastOf = new Map(more.map((entry) => [suiteOf(entry), entry]));
  for (const [at, entry] of more.entries()) {
    if (at > killed) return stamped(lines);
    lines.push(entry);
    if (at === troubleAt) lines.push({ kind: 'trouble', clauses: concerned, message: 'something broke' });
    const suite = suiteOf(entry);
    const wallClockOffMs = at >= setAt ? 60_000 : 3;
    if (suite !== undefined && lastOf.get(suite) === entry)
      lines.push({ kind: 'phase', phase: suite, state: 'ended', wallClockOffMs });
  }
  if (setAt < Infinity) {
    const notBefore = wallClockRightUpTo(stamped(lines));
    lines.push({ kind: 'trouble', clauses: [], message: 'the wall clock was set', evenFails: true, notBefore });
  }
  const endedAt = '2026-11-22T09:31:00.000Z';
  lines.push({ kind: 'run-ended', endedAt, ...(chance() < 0.2 && { aborted: 'SIGINT' }) });
  return stamped(lines);
}

function stamped(lines: readonly Happening[]): History {
  let atMs = 0;
  return renumbered(lines.map((line): Entry => ({ index: 0, atMs: (atMs += 1), ...line })));
}

interface Told {
  readonly early: readonly ClauseReport[];
  /** Of those the ones of which the report says otherwise. */
  readonly changed: readonly string[];
}

/** What is told of a run by somebody who looks at it after each of these lines, beside what its report says. */
function told(history: History, catalogue: readonly Clause[], looksAt: (entry: Entry) => boolean): Told {
  const left = new Map([...deciders].filter(([id]) => chosen.includes(id)));
  const early = history.flatMap((entry, at) => {
    if (!looksAt(entry)) return [];
    const prefix = history.slice(0, at + 1);
    const ended = endedClauses(prefix, left);
    for (const id of ended) left.delete(id);
    return settledClauses(prefix, catalogue, ended);
  });
  const final = new Map(buildReport(history, catalogue).clauses.map((clause) => [clause.id, clause]));
  return {
    early,
    changed: early
      .filter((point) => JSON.stringify(point) !== JSON.stringify(final.get(point.id)))
      .map(({ id, verdict, reason }) => `${id}: ${verdict} (${reason})`),
  };
}

const real = readFixture(ofSuites);
const anything = () => true;
const ends = ({ kind }: Entry) => kind === 'phase' || kind === 'skip';

await t.test('of a run that passes nothing but what is known not to hold is told early', async (t) => {
  const { early, changed } = told(
    runOf(real, () => 0.99),
    clauses,
    anything,
  );
  t.strictSame(
    early.map(({ id, verdict }) => [id, verdict]),
    [['mesh/planes/require-pq-kem', 'deviation']],
  );
  t.strictSame(changed, []);
});

await t.test('what is told early is what the report says, in each of many runs', async (t) => {
  const chance = seeded(20261130);
  const seen = new Map<string, number>();
  for (let nth = 0; nth < runs; nth++) {
    const history = runOf(mutated(real, chance).at(-1)!.history, chance);
    const { early, changed } = told(history, clauses, nth % 25 === 0 ? anything : ends);
    t.strictSame(changed, [], `run ${nth}`);
    for (const point of early) seen.set(outcomeOf(point), (seen.get(outcomeOf(point)) ?? 0) + 1);
  }
  t.strictSame([...seen.keys()].sort(), ['accepted', 'deviation', 'fail', 'inconclusive', 'skipped']);
});

await t.test('a judge that reads more than its own suite records is found out', async (t) => {
  const wrong = clauses.map((clause) =>
    clause.id === 'mesh/tls/aead-only' ? { ...clause, judge: ofOwnRecords(grantsNoEarlyData) } : clause,
  );
  // What other suites record comes later, and each ticket allows more than the one before.
  const others = (entry: Entry) => Number(entry.kind === 'exchange' && suiteOf(entry) !== 'tls');
  const records = renumbered(real.toSorted((one, other) => others(one) - others(other))).map((entry): Entry =>
    entry.kind === 'exchange' && entry.role === 'server' ? { ...entry, earlyDataBytes: [entry.index] } : entry,
  );
  const { changed } = told(
    runOf(records, () => 0.99),
    wrong,
    ends,
  );
  t.match(changed, [/^mesh\/tls\/aead-only: fail/]);
});
