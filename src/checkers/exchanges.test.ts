import t from 'tap';
import { exactId, prefix } from '../clauses/mesh/pinning.ts';
import { bundleTakenUp } from '../clauses/mesh/rotation.ts';
import type { Exchange, Happening } from '../history.ts';
import {
  acceptedAsMust,
  acceptedShowingItsPath,
  notNegotiated,
  only13Negotiated,
  refusedBesideControl,
} from './exchanges.ts';
import { exchange, historyOf, judgedBy, machine, node, skip, starved, told, type Step } from './history-builder.ts';

const clause = prefix.id;
const both = ['server', 'client'] as const;
const row = (change: Partial<Exchange> = {}) => exchange(clause, 'a prefix', 'refused', change);
const control = (change: Partial<Exchange> = {}) =>
  exchange('mesh/pinning/exact-id', 'the right ID', 'accepted', {
    control: `${clause} ${change.node ?? 'a'} ${change.role ?? 'server'}`,
    ...change,
  });
const beside = (change: Partial<Exchange> = {}, ...rows: Happening[]) => [
  control(change),
  ...(rows.length > 0 ? rows : [row(change)]),
  control(change),
];
const inRoles = (roles: readonly ('server' | 'client')[]) => judgedBy({ ...prefix, roles }, refusedBesideControl);
const judge = (roles: readonly ('server' | 'client')[], ...steps: Step[]) =>
  told(inRoles(roles)(historyOf(node('a'), ...steps)));

await t.test('a refusal beside its controls passes, with the controls in evidence', async (t) => {
  const judgement = inRoles(['server'])(historyOf(node('a'), beside()));
  t.equal(told(judgement), 'pass: 1 refused, each beside an accepted control; 1 node, as server');
  t.strictSame(judgement.evidence, [3, 2, 4]);
});

await t.test('an accepted wrong row fails, whatever else there is', async (t) => {
  t.match(
    judge(['server'], beside(), row({ outcome: 'accepted', how: 'answered' })),
    /^fail: a as server: a prefix: accepted, wanted refused \(answered\)$/,
  );
  t.match(judge(['server'], row({ outcome: 'accepted' })), /^fail/, 'also without a control');
  t.match(
    judge(['server'], beside(), row({ outcome: 'unknown' }), row({ outcome: 'accepted' })),
    /^fail/,
    'also beside one that is unclear',
  );
});

await t.test('what is told of a node that nothing is declared of decides nothing', async (t) => {
  const either = row({ expect: 'either', outcome: 'accepted' });
  t.match(
    judge(['server'], beside({}, either), skip(clause, 'nobody declares it', { node: 'a' })),
    /^skipped: nobody declares it/,
  );
  t.match(judge(['server'], beside({}, row({ outcome: 'accepted' }))), /^fail: /, 'where it is declared it does');
});

await t.test('a refused right row fails its own clause', async (t) => {
  const history = historyOf(
    node('a'),
    exchange('mesh/pinning/exact-id', 'the right ID', 'accepted', { outcome: 'refused' }),
  );
  t.match(
    told(judgedBy({ ...exactId, roles: ['server'] }, acceptedAsMust)(history)),
    /^fail: .*refused, wanted accepted/,
  );
});

await t.test('what a node shows has to lead to the bundle by way of an intermediate', async (t) => {
  const showing = (change: Partial<Exchange>) =>
    told(
      judgedBy(
        { ...exactId, roles: ['server'] },
        acceptedShowingItsPath,
      )(historyOf(node('a'), exchange(exactId.id, 'a right peer', 'accepted', change))),
    );
  t.match(showing({ path: 'whole' }), /^pass: /);
  t.match(
    showing({ path: 'incomplete', unproven: 'unknown-authority: nobody' }),
    /^fail: a as server: a right peer: accepted, but its SVID was shown without the intermediates behind it \(unknown-a/,
  );
  t.match(
    showing({ path: 'direct' }),
    /^inconclusive: .* showed an SVID that an authority of the bundle signed itself$/,
  );
  t.match(showing({ unproven: 'expired: it ended' }), /^inconclusive: .* showed nothing that proves it \(expired/);
  t.match(showing({ outcome: 'unknown', path: 'whole' }), /^inconclusive: /);
});

const inconclusive: readonly [name: string, reason: RegExp, ...steps: Step[]][] = [
  ['nothing at all', /no exchange was made/],
  ['only other clauses', /no exchange was made/, exchange('mesh/pinning/case', 'another case', 'refused')],
  ['only controls of its own', /no exchange was made/, exchange(clause, 'the right ID', 'accepted')],
  ['no control before', /control before it was not accepted \(there is none\)/, row(), control()],
  ['no control after', /control after it was not accepted \(there is none\)/, control(), row()],
  [
    'a refused control before',
    /before it was not accepted \(refused: alert/,
    control({ outcome: 'refused' }),
    row(),
    control(),
  ],
  ['a refused control after', /after it was not accepted \(refused/, control(), row(), control({ outcome: 'refused' })],
  [
    'an unknown control after',
    /after it was not accepted \(unknown/,
    control(),
    row(),
    control({ outcome: 'unknown' }),
  ],
  [
    'the nearest control was not accepted, an earlier one was',
    /before it was not accepted/,
    control(),
    control({ outcome: 'unknown' }),
    row(),
    control(),
  ],
  [
    'the control of another node',
    /there is none/,
    node('b'),
    control({ node: 'b', control: 'c' }),
    row({ control: 'c' }),
    control({ node: 'b', control: 'c' }),
  ],
  [
    'the control in the other role',
    /there is none/,
    control({ role: 'client', control: 'c' }),
    row({ control: 'c' }),
    control({ role: 'client', control: 'c' }),
  ],
  [
    'an unknown outcome',
    /could not tell: a as server: a prefix: unknown/,
    beside({}, row({ outcome: 'unknown', how: 'a timeout' })),
  ],
  ['one row of two unknown', /could not tell/, beside({}, row(), row({ outcome: 'unknown' }))],
  [
    'a node under test of the same mesh was left out',
    /^inconclusive: b was not looked at as server/,
    node('b'),
    beside(),
  ],
  ['a node that is not under test', /no exchange was made/, node('peer', { judged: false }), beside({ node: 'peer' })],
  ['a node that nobody declared', /no exchange was made/, beside({ node: 'ghost' })],
  ['a skip without a reason', /no exchange was made/, skip(clause, ' ')],
];
for (const [name, reason, ...steps] of inconclusive) {
  await t.test(`inconclusive: ${name}`, async (t) => {
    const said = judge(['server'], ...steps);
    t.match(said, /^inconclusive/);
    t.match(said, reason);
  });
}

await t.test('controls go by the order of the lines, not by when another thread says that it was', async (t) => {
  const late: Step = [5, control()];
  t.match(judge(['server'], [100, control()], [200, row()], late), /^pass/);
});

await t.test('each role has to be looked at, or say why not', async (t) => {
  t.match(judge(both, beside()), /^inconclusive: a was not looked at as client/);
  t.match(judge(both, beside(), beside({ role: 'client' })), /^pass: 2 refused.*as client and server/);
  t.match(judge(both, beside(), skip(clause, 'a does not dial', { node: 'a', role: 'client' })), /^pass/);
  t.match(
    judge(both, beside(), skip(clause, 'not here')),
    /^inconclusive/,
    'a skip of the whole clause says nothing of one role',
  );
});

await t.test('skipped only with a reason, and only when it covers everybody', async (t) => {
  t.equal(judge(['server'], skip(clause, 'no authority')), 'skipped: no authority');
  t.match(
    judge(['client'], node('b'), skip(clause, 'a does not dial', { node: 'a', role: 'client' })),
    /^inconclusive: b was not looked at as client/,
  );
  t.match(
    judge(['client'], node('b'), ...['a', 'b'].map((one) => skip(clause, `${one} does not dial`, { node: one }))),
    /^skipped: a does not dial; b does not dial/,
  );
  t.match(
    judge(both, skip(clause, 'a does not dial', { node: 'a', role: 'client' })),
    /^inconclusive: a was not looked at as server/,
  );
  t.match(
    judge(['server'], skip(clause, 'no authority'), row({ outcome: 'accepted' })),
    /^fail/,
    'what was seen outweighs a skip',
  );
});

await t.test('nodes of another mesh, where the suite did not run, need no rows', async (t) => {
  t.match(judge(['server'], node('z', { mesh: 'brief' }), node('peer', { judged: false }), beside()), /^pass/);
});

const spoke = (version: string, cipher = 'TLS_AES_128_GCM_SHA256') => ({ tls: { version, cipher, resumed: false } });
const judgeBy = (by: typeof notNegotiated, ...steps: Step[]) =>
  told(judgedBy({ ...prefix, roles: ['server'] }, by)(historyOf(node('a'), ...steps)));

await t.test(
  'a handshake that was completed and closed afterwards is no refusal of what was agreed on in it',
  async (t) => {
    const closedLate = beside({}, row(spoke('TLSv1.2')));
    for (const by of [notNegotiated, only13Negotiated]) {
      t.match(
        judgeBy(by, closedLate),
        /^fail: a as server: a prefix: refused, but only after a handshake of TLSv1\.2 with TLS_AES_128_GCM_SHA256 was complete, wanted refused/,
      );
      t.match(judgeBy(by, beside()), /^pass/);
    }
    t.match(judgeBy(refusedBesideControl, closedLate), /^pass/, 'for an identity, a close after the handshake is one');
  },
);

await t.test('what is accepted has to have agreed on TLS 1.3, where that is the clause', async (t) => {
  const range = (version: string) =>
    exchange(clause, 'a range', 'accepted', { control: `${clause} a server`, ...spoke(version) });
  t.match(judgeBy(only13Negotiated, beside({}, row(), range('TLSv1.3') as Happening)), /^pass/);
  t.match(
    judgeBy(only13Negotiated, beside({}, row(), range('TLSv1.2') as Happening)),
    /^fail: .*a range: accepted, but agreed on TLSv1\.2 although 1\.3 was offered, wanted accepted/,
  );
});

await t.test('an answer that names somebody else as its caller accepted somebody else', async (t) => {
  const right = (named: string | null) =>
    exchange(exactId.id, 'the right ID', 'accepted', { as: 'spiffe://td/us', named });
  const judgeExact = (named: string | null) =>
    told(judgedBy({ ...exactId, roles: ['server'] }, acceptedAsMust)(historyOf(node('a'), right(named))));
  t.match(judgeExact('spiffe://td/us'), /^pass/);
  t.match(
    judgeExact('spiffe://td/them'),
    /^fail: .*accepted, but taken for spiffe:\/\/td\/them instead of spiffe:\/\/td\/us/,
  );
  t.match(judgeExact(null), /^fail: .*taken for nobody/);
  const misnamed = { as: 'spiffe://td/us', named: 'spiffe://td/them' };
  t.match(
    judge(['server'], beside(misnamed)),
    /^inconclusive: .*control before it was not accepted \(accepted, but taken for/,
    'so that it is no control either',
  );
});

await t.test("what is the node's own choice decides nothing, and is no control", async (t) => {
  const choice = (outcome: Exchange['outcome']) =>
    exchange(clause, 'a choice', 'either', { control: `${clause} a server`, outcome });
  for (const outcome of ['accepted', 'refused', 'unknown'] as const) {
    t.match(judge(['server'], beside({}, row(), choice(outcome))), /^pass: 1 refused, each/, outcome);
  }
  t.match(judge(['server'], choice('accepted'), row(), choice('accepted')), /^inconclusive: .*there is none/);
});

await t.test('a row that may go either way, and ends the node, fails', async (t) => {
  const either = (change: Partial<Exchange>) => exchange(clause, 'an odd one', 'either', change);
  t.match(judge(['server'], beside({}, row(), either({ outcome: 'accepted' }))), /^pass/);
  t.match(
    judge(['server'], beside({}, row(), either({ outcome: 'unknown', killed: true, how: 'it was ended by SIGSEGV' }))),
    /^fail: a as server: an odd one: .*SIGSEGV/,
  );
});

await t.test('what is to be followed in time is left open where the machine kept the node from running', async (t) => {
  const taken = judgedBy(bundleTakenUp);
  const refused = (role: Exchange['role']): Step => [
    5_000,
    exchange(bundleTakenUp.id, 'of a new authority', 'accepted', { role, outcome: 'refused', tookMs: 5 }),
  ];
  const failed = (...more: Step[]) => told(taken(historyOf(node('a'), ...more, refused('server'), refused('client'))));
  t.match(failed(), /^fail/);
  t.match(failed(machine(4_000, { lagMs: 400 })), /^inconclusive: this machine was too busy to tell/);
  t.match(failed(machine(100, { lagMs: 400 })), /^fail/, 'long before');
  t.match(failed(starved(4_000, 'a', 1_500)), /^inconclusive: this machine was too busy to tell/);
  t.match(failed(starved(4_000, 'b', 1_500)), /^fail/, 'another node');
});
