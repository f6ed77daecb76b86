import t from 'tap';
import { clauseOf } from '../checkers/history-builder.ts';
import type { Clause } from '../clause.ts';
import type { Entry, Happening, History } from '../history.ts';
import type { RequirementId } from '../requirements/catalogue.ts';
import type { Report } from './report.ts';
import { buildReport } from './report.ts';
import type { Judgement } from '../verdict.ts';

const started = (clauses: readonly string[]): Happening => ({
  kind: 'run-started',
  id: 'r',
  command: 'assay gate',
  startedAt: '2026-11-22T09:00:00.000Z',
  seed: 1,
  runtime: 'process',
  versions: {},
  target: {},
  clauses,
});
const ended: Happening = { kind: 'run-ended', endedAt: '2026-11-22T09:00:09.000Z' };
const mark = (state: 'begun' | 'ended'): Happening => ({
  kind: 'scenario',
  scenario: 'rotation',
  state,
  hypothesis: 'holds',
  clauses: ['rotation/a', 'rotation/b'],
});
const fault = (state: 'injected' | 'in-force' | 'healing' | 'healed', provenBy?: string): Happening => ({
  kind: 'fault',
  scenario: 'rotation',
  fault: 'cut',
  target: 'edge',
  state,
  ...(provenBy === undefined ? {} : { provenBy }),
});

const history = (...happenings: readonly Happening[]): History =>
  happenings.map((happening, at): Entry => ({ index: at + 1, atMs: at * 10, ...happening }));

const clause = (id: string, judge: () => Judgement) => clauseOf(id, judge, { promise: 'rotation' });

const pass = (id: string) => clause(id, () => ({ verdict: 'pass', reason: 'seen', evidence: [1] }));
const fail = (id: string) => clause(id, () => ({ verdict: 'fail', reason: 'lost', evidence: [1] }));
const verdicts = (report: Report) => report.clauses.map((one) => one.verdict);

await t.test('a run whose clauses all hold passes', async (t) => {
  const report = buildReport(history(started(['rotation/a']), ended), [
    pass('rotation/a'),
    fail('rotation/not-chosen'),
  ]);
  t.equal(report.verdict, 'pass');
  t.equal(report.run.aborted, null);
  t.strictSame(
    report.clauses.map(({ id, evidence }) => ({ id, evidence })),
    [{ id: 'rotation/a', evidence: ['history.jsonl#L1'] }],
  );
});

await t.test('the report counts, by document, what came of the requirements that have a clause', async (t) => {
  const deciding = (catalogue: RequirementId, one: Clause): Clause => ({ ...one, catalogue });
  const clauses = [
    deciding('MESH-ROT-03', pass('rotation/a')),
    deciding('MESH-ROT-03', fail('rotation/b')),
    deciding('WORKLOAD-API-5.1-02', pass('rotation/not-chosen')),
  ];
  const { coverage } = buildReport(history(started(['rotation/a', 'rotation/b']), ended), clauses);
  const [mesh, api] = ['MESH', 'WORKLOAD-API'].map((id) => coverage.find((one) => one.id === id)!);
  t.strictSame([mesh!.withClause, mesh!.fail, mesh!.pass, mesh!.untested], [1, 1, 0, mesh!.requirements - 1]);
  t.strictSame([api!.withClause, api!.notAsked], [1, 1]);
});

await t.test('nothing decided is not a pass', async (t) => {
  t.equal(buildReport(history(started([]), ended), []).verdict, 'inconclusive');
});

await t.test('a judge that throws gives inconclusive with its message', async (t) => {
  const report = buildReport(history(started(['rotation/a']), ended), [
    clause('rotation/a', () => {
      throw new RangeError('no such window');
    }),
  ]);
  t.equal(report.verdict, 'inconclusive');
  t.match(report.clauses[0]?.reason ?? '', /no such window/);
});

await t.test('a chosen clause that the catalogue lacks is inconclusive', async (t) => {
  t.strictSame(verdicts(buildReport(history(started(['tls/gone']), ended), [])), ['inconclusive']);
});

await t.test('trouble takes passes away, of the named clauses only, and leaves fails', async (t) => {
  const clauses = [pass('rotation/a'), pass('rotation/b'), fail('rotation/c')];
  const chosen = started(clauses.map(({ id }) => id));
  const named = buildReport(
    history(chosen, { kind: 'trouble', clauses: ['rotation/a', 'rotation/c'], message: 'clock stepped' }, ended),
    clauses,
  );
  t.strictSame(verdicts(named), ['inconclusive', 'pass', 'fail']);
  const all = buildReport(history(chosen, { kind: 'trouble', clauses: [], message: 'clock stepped' }, ended), clauses);
  t.strictSame(verdicts(all), ['inconclusive', 'inconclusive', 'fail']);
  t.equal(all.verdict, 'fail');
  const worthless = { kind: 'trouble', clauses: [], message: 'clock set', evenFails: true } as const;
  t.strictSame(verdicts(buildReport(history(chosen, worthless, ended), clauses)), Array(3).fill('inconclusive'));
  const since = (notBefore: number) => ({ ...worthless, notBefore });
  const early = verdicts(buildReport(history(chosen, since(1), ended), clauses));
  t.strictSame(early, ['inconclusive', 'inconclusive', 'fail'], 'what was broken before stays so');
  const late = verdicts(buildReport(history(chosen, since(0), ended), clauses));
  t.strictSame(late, Array(3).fill('inconclusive'));
});

await t.test('an aborted run and a killed one do not pass', async (t) => {
  const aborted = buildReport(history(started(['rotation/a']), { ...ended, aborted: 'by the user' }), [
    pass('rotation/a'),
  ]);
  t.equal(aborted.verdict, 'inconclusive');
  t.equal(aborted.run.aborted, 'by the user');
  const killed = buildReport(history(started(['rotation/a'])), [pass('rotation/a')]);
  t.equal(killed.verdict, 'inconclusive');
  t.equal(killed.run.endedAt, '2026-11-22T09:00:00.000Z');
});

await t.test('a scenario is as bad as its worst clause, and other scenarios are not touched', async (t) => {
  const clauses = [pass('rotation/a'), fail('rotation/b'), pass('rotation-long/a')];
  const report = buildReport(
    history(started(clauses.map(({ id }) => id)), mark('begun'), mark('ended'), ended),
    clauses,
  );
  t.equal(report.scenarios[0]?.verdict, 'fail');
  t.strictSame(report.scenarios[0]?.findings, ['rotation/b: lost']);
  t.strictSame(verdicts(report), ['pass', 'fail', 'pass']);
});

const proofs: readonly [title: string, faults: readonly Happening[], verdict: string][] = [
  [
    'proven in force and gone',
    [fault('injected'), fault('in-force', 'a probe'), fault('healing'), fault('healed', 'a probe')],
    'pass',
  ],
  ['never seen in force', [fault('injected'), fault('healing'), fault('healed', 'a probe')], 'inconclusive'],
  ['never seen gone', [fault('injected'), fault('in-force', 'a probe'), fault('healing')], 'inconclusive'],
  ['never healed', [fault('injected'), fault('in-force', 'a probe')], 'inconclusive'],
  [
    'seen in force only after the heal',
    [fault('injected'), fault('healing'), fault('in-force', 'a probe'), fault('healed', 'a probe')],
    'inconclusive',
  ],
  [
    'seen in force by nobody that is named',
    [fault('injected'), fault('in-force'), fault('healing'), fault('healed', 'a probe')],
    'inconclusive',
  ],
];
for (const [title, faults, verdict] of proofs) {
  await t.test(`a scenario with a fault ${title} is ${verdict}`, async (t) => {
    const report = buildReport(
      history(started(['rotation/a', 'tls/b']), mark('begun'), ...faults, mark('ended'), ended),
      [pass('rotation/a'), pass('tls/b')],
    );
    t.equal(report.scenarios[0]?.verdict, verdict);
    t.strictSame(verdicts(report), [verdict, 'pass']);
  });
}

await t.test('a fail under a fault without proof is not held against the target', async (t) => {
  const report = buildReport(history(started(['rotation/a']), mark('begun'), fault('injected'), mark('ended'), ended), [
    fail('rotation/a'),
  ]);
  t.strictSame(verdicts(report), ['inconclusive']);
});

await t.test('evidence is capped, keeps to lines that exist, and is never empty', async (t) => {
  const skips = Array.from({ length: 50 }, (): Happening => ({
    kind: 'skip',
    clause: 'rotation/none',
    reason: 'x',
  }));
  const clauses = [
    clause('rotation/many', () => ({
      verdict: 'pass',
      reason: '',
      evidence: Array.from({ length: 50 }, (_, at) => at + 2),
    })),
    clause('rotation/none', () => ({ verdict: 'pass', reason: '', evidence: [] })),
    clause('rotation/wrong', () => ({ verdict: 'pass', reason: '', evidence: [0, -3, 9_999, 1.5] })),
  ];
  const [many, none, wrong] = buildReport(
    history(started(clauses.map(({ id }) => id)), ...skips, ended),
    clauses,
  ).clauses;
  t.equal(many?.evidence.length, 20);
  t.equal(many?.evidenceTotal, 50);
  t.equal(none?.evidence[0], 'history.jsonl#L2');
  t.strictSame(wrong?.evidence, ['history.jsonl#L1']);
});

await t.test('rotations are replacements inside the scenario, counted per node; the first SVID is none', async (t) => {
  const svid = (node: string, serial: string, seen: 'delivered' | 'presented'): Happening => ({
    kind: 'svid',
    node,
    seen,
    serial,
    spiffeId: `spiffe://td/${node}`,
    notBefore: '',
    notAfter: '',
    authority: '',
    publicKey: '',
  });
  const node = (name: string): Happening => ({
    kind: 'node',
    node: name,
    mesh: 'm',
    spiffeId: '',
    implementation: '',
    judged: true,
    svidTtlSeconds: 6,
    syncIntervalMs: 200,
    uptakeMs: 2_000,
  });
  const request: Happening = {
    kind: 'request',
    scenario: 'rotation',
    from: 'web',
    to: 'api',
    connection: 'new',
    outcome: 'ok',
    dueMs: 41,
    startMs: 41,
    totalMs: 5,
  };
  const report = buildReport(
    history(
      started(['rotation/a']),
      node('web'),
      node('api'),
      svid('web', '1', 'delivered'),
      mark('begun'),
      request,
      svid('web', '2', 'delivered'),
      svid('web', '1', 'presented'),
      svid('web', '2', 'presented'),
      svid('api', '9', 'delivered'),
      mark('ended'),
      svid('web', '3', 'delivered'),
      ended,
    ),
    [pass('rotation/a')],
  );
  t.strictSame(report.scenarios[0]?.rotations, [
    { node: 'web', delivered: 1, presented: 1 },
    { node: 'api', delivered: 0, presented: 0 },
  ]);
});

await t.test(
  'a plane says what was found at it, the worst first, and that nothing looked where nothing did',
  async (t) => {
    const plane = (name: string): Happening => ({
      kind: 'plane',
      plane: name,
      address: `127.0.0.1:${name.length}`,
      policy: 'mTLS',
      why: 'traffic',
    });
    const handshake = (version: string): Happening => ({
      kind: 'plane-handshake',
      plane: 'web',
      address: '127.0.0.1:3',
      about: 'versions',
      version,
      agreed: version,
      outcome: 'accepted',
      how: 'a handshake',
    });
    const listener: Happening = {
      kind: 'listener',
      plane: 'web',
      address: '127.0.0.1:3',
      answered: true,
      boundTo: [{ address: '127.0.0.1', loopback: true }],
    };
    const { planes } = buildReport(
      history(started([]), plane('web'), plane('admin'), listener, handshake('TLSv1.3'), handshake('TLSv1.1'), ended),
      [],
    );
    t.strictSame(
      planes.map(({ state, found }) => [state, found]),
      [
        ['broken', 'speaks TLSv1.1, declared is mTLS'],
        ['unobserved', 'Nothing in this run looked at it.'],
      ],
    );
  },
);

await t.test('a history without its first line is refused', async (t) => {
  t.throws(() => buildReport([], []), TypeError);
});

await t.test('what is measured beside clauses decides nothing, unless a bound was set', (t) => {
  const row: Happening = {
    ...{ kind: 'bench-row', row: 'steady/full', generator: 'assay', loop: 'open', verifies: 'all', node: 'a' },
    ...{ implementation: 'a node', phase: 'steady', resumed: false, key: 'EC P-256', chain: 1, atMost: 1_000 },
    ...{ arrivals: 'constant', wantedPerSecond: 200, seconds: 1.5 },
  };
  const kept: Happening = {
    ...{ kind: 'bench-window', row: 'steady/full', state: 'ended', cut: true, failed: 'the node was gone' },
  };
  const bound: Happening = { kind: 'objective', objective: 'p99<=25ms', percentile: 99, boundMs: 25 };
  const judge = (clauses: readonly string[], ...more: readonly Happening[]) =>
    buildReport(history(started(clauses), row, kept, ...more, ended), [pass('rotation/a')]);
  const beside = judge(['rotation/a']);
  t.equal(beside.verdict, 'pass');
  t.match(beside.bench, [{ id: 'handshake/steady/full', row: { state: 'cut', less: ['the node was gone'] } }]);
  const bounded = judge(['rotation/a'], bound);
  t.equal(bounded.verdict, 'inconclusive');
  t.match(bounded.objectives, [{ verdict: 'inconclusive', reason: 'it was cut short: the node was gone' }]);
  t.strictSame(verdicts(bounded), ['pass'], 'and clauses stay as they are');
  t.equal(judge([]).verdict, 'inconclusive', 'figures are all that a benchmark is for');
  t.end();
});
