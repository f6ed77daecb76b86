import t from 'tap';
import { bundleEndpointPlane, metricsLoopback, requirePqKem, spireServerPlane } from '../clauses/mesh/planes.ts';
import type { Happening, Listener, Plane, PlaneHandshake } from '../history.ts';
import { entriesOf } from '../history.ts';
import { historyOf, judgedBy, skip, told, type Step } from './history-builder.ts';
import { classicalGroups, planeFindings } from './planes.ts';

const address = '127.0.0.1:8081';
const plane = (change: Partial<Plane> = {}): Happening => ({
  kind: 'plane',
  plane: 'spire-server',
  address,
  policy: 'tls1.2-or-later',
  why: 'bootstrap',
  ...change,
});
const handshake = (version: string, change: Partial<PlaneHandshake> = {}): Happening => ({
  kind: 'plane-handshake',
  plane: 'spire-server',
  address,
  about: 'versions',
  version,
  agreed: version,
  outcome: 'accepted',
  how: 'done',
  ...change,
});
const refusal = { agreed: null, outcome: 'refused', how: 'alert protocol_version' } as const;
const silence = { agreed: null, outcome: 'unknown', how: 'no answer' } as const;
const old = ['TLSv1.1', 'TLSv1'].map((version) => handshake(version, refusal));
const asDeclared = [plane(), handshake('TLSv1.3'), handshake('TLSv1.2'), ...old];

const policy: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  [
    'the versions that are declared, and no others',
    /^pass: spire-server 127\.0\.0\.1:8081: speaks TLSv1\.3, TLSv1\.2 and refuses the others; declared is tls1\.2-or-later$/,
    asDeclared,
  ],
  [
    'TLS 1.3 alone, where that is declared',
    /^pass: .*speaks TLSv1\.3 and refuses the others; declared is tls1\.3-only$/,
    plane({ policy: 'tls1.3-only' }),
    handshake('TLSv1.3'),
    handshake('TLSv1.2', refusal),
    old,
  ],
  ['stricter than declared is no fault', /^pass/, plane(), handshake('TLSv1.3'), handshake('TLSv1.2', refusal), old],
  [
    'TLS 1.2 where 1.3 alone is declared',
    /^fail: .*speaks TLSv1\.2, declared is tls1\.3-only$/,
    plane({ policy: 'tls1.3-only' }),
    handshake('TLSv1.3'),
    handshake('TLSv1.2'),
    old,
  ],
  [
    'versions that are too old, whatever else is unclear',
    /^fail: .*speaks TLSv1\.1, TLSv1, declared/,
    plane(),
    handshake('TLSv1.3', silence),
    handshake('TLSv1.1'),
    handshake('TLSv1'),
  ],
  [
    'a control that was refused',
    /^inconclusive: .*the control, TLS 1\.3, was not accepted: alert protocol_version$/,
    plane(),
    handshake('TLSv1.3', refusal),
    handshake('TLSv1.2'),
    old,
  ],
  [
    'no control at all',
    /^inconclusive: .*the control, TLS 1\.3, was not accepted: it was not offered$/,
    plane(),
    handshake('TLSv1.2'),
    old,
  ],
  [
    'an old version of which nobody knows',
    /^inconclusive: .*could not tell for TLSv1\.1: no answer$/,
    plane(),
    handshake('TLSv1.3'),
    handshake('TLSv1.1', silence),
    handshake('TLSv1', refusal),
  ],
  [
    'a control that somebody else took',
    /^inconclusive: .*whoever took the control, TLSv1\.3, did not prove to be it: it is the SVID of x$/,
    plane(),
    handshake('TLSv1.3', { unproven: 'it is the SVID of x' }),
    handshake('TLSv1.2'),
    old,
  ],
  [
    'versions that are too old, whoever speaks them',
    /^fail: .*speaks TLSv1\.1, declared/,
    plane(),
    handshake('TLSv1.3', { unproven: 'it is the SVID of x' }),
    handshake('TLSv1.1'),
  ],
  ['the control alone', /^inconclusive: .*nothing was offered but the control/, plane(), handshake('TLSv1.3')],
  ['nothing', /^inconclusive: nothing was observed/],
  ['a plane that nobody looked at', /^inconclusive: nothing was observed/, plane()],
  ['handshakes with a plane that nobody declared', /^inconclusive: nothing/, handshake('TLSv1.3'), old],
  [
    'handshakes with another address only',
    /^inconclusive: nothing/,
    plane(),
    handshake('TLSv1.3', { address: '127.0.0.1:1' }),
  ],
  [
    'handshakes that were about the key exchange only',
    /^inconclusive: nothing/,
    plane(),
    handshake('TLSv1.3', { about: 'key-exchange' }),
  ],
  ['a skip with its reason', /^skipped: no such listener$/, skip(spireServerPlane.id, 'no such listener')],
  [
    'a second listener that is worse',
    /^fail: spire-server 127\.0\.0\.2:8081: speaks TLSv1, /,
    asDeclared,
    plane({ address: '127.0.0.2:8081' }),
    handshake('TLSv1.3', { address: '127.0.0.2:8081' }),
    handshake('TLSv1', { address: '127.0.0.2:8081' }),
  ],
];
for (const [name, wanted, ...steps] of policy) {
  await t.test(`declared policy: ${name}`, async (t) =>
    t.match(told(judgedBy(spireServerPlane)(historyOf(...steps))), wanted),
  );
}

await t.test('declared policy: each clause looks at its own plane', async (t) => {
  t.match(told(judgedBy(bundleEndpointPlane)(historyOf(asDeclared))), /^inconclusive: nothing/);
  const endpoint = { plane: 'bundle-endpoint' };
  const steps = [plane(endpoint), handshake('TLSv1.3', endpoint), handshake('TLSv1', endpoint)];
  t.match(told(judgedBy(bundleEndpointPlane)(historyOf(steps))), /^fail: bundle-endpoint /);
  t.match(told(judgedBy(spireServerPlane)(historyOf(steps))), /^inconclusive: nothing/);
});

await t.test('declared policy: the evidence is what tells', async (t) => {
  const history = historyOf(plane(), handshake('TLSv1.3'), handshake('TLSv1.2'), handshake('TLSv1'));
  t.strictSame(judgedBy(spireServerPlane)(history).evidence, [4]);
  t.strictSame(judgedBy(spireServerPlane)(historyOf(asDeclared)).evidence, [2, 3, 4, 5]);
});

const exchange = (group: string | undefined, change: Partial<PlaneHandshake> = {}): Happening =>
  handshake(group === undefined ? 'TLSv1.2' : 'TLSv1.3', {
    about: 'key-exchange',
    ...(group !== undefined && { group }),
    ...change,
  });
const right = exchange('X25519MLKEM768');
const classical = classicalGroups.map((group) => exchange(group, refusal));

const keyExchange: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  [
    'classical groups and TLS 1.2 refused',
    /^pass: spire-server 127\.0\.0\.1:8081: TLS 1\.2 and all 13 key exchanges without a post-quantum part were refused, X25519MLKEM768 was accepted$/,
    right,
    exchange(undefined, refusal),
    classical,
    right,
  ],
  [
    'one group that nobody thought of is accepted',
    /^fail: .*require_pq_kem is on, yet P-521 alone was accepted$/,
    right,
    exchange(undefined, refusal),
    classicalGroups.map((group) => exchange(group, group === 'P-521' ? {} : refusal)),
    right,
  ],
  [
    'groups that were not offered',
    /^inconclusive: .*not offered: X448, ffdhe8192$/,
    right,
    exchange(undefined, refusal),
    classicalGroups.filter((group) => !/X448|8192/.test(group)).map((group) => exchange(group, refusal)),
    right,
  ],
  ['TLS 1.2 was not offered', /^inconclusive: .*not offered: TLS 1\.2$/, right, classical, right],
  [
    'a port that went away in between',
    /^inconclusive: .*the control, X25519MLKEM768, was not accepted: alert/,
    right,
    exchange(undefined, refusal),
    classical,
    exchange('X25519MLKEM768', refusal),
  ],
  [
    'everything accepted',
    /^fail: .*require_pq_kem is on, yet TLS 1\.2 and X25519 alone and P-256 alone was accepted$/,
    right,
    exchange(undefined),
    exchange('X25519'),
    exchange('P-256'),
  ],
  [
    'a classical group accepted, although the control was not',
    /^fail: .*yet X25519 alone was accepted$/,
    exchange('X25519MLKEM768', refusal),
    exchange('X25519'),
  ],
  [
    'a control that was refused',
    /^inconclusive: .*the control, X25519MLKEM768, was not accepted: alert/,
    exchange('X25519MLKEM768', refusal),
    exchange(undefined, refusal),
    classical,
  ],
  [
    'a control that somebody else took',
    /^inconclusive: .*whoever took the control, X25519MLKEM768, did not prove to be it: no certificate$/,
    right,
    exchange(undefined, refusal),
    classical,
    exchange('X25519MLKEM768', { unproven: 'no certificate' }),
  ],
  ['no control', /^inconclusive: .*X25519MLKEM768, was not accepted: it was not offered$/, classical],
  [
    'silence is no refusal',
    /^inconclusive: .*could not tell for X25519: no answer$/,
    right,
    exchange('X25519', silence),
    exchange('P-256', refusal),
  ],
  [
    'what was accepted tells beside silence',
    /^fail: .*yet P-256 alone was accepted$/,
    right,
    exchange('X25519', silence),
    exchange('P-256'),
  ],
  ['the control alone', /^inconclusive: .*nothing was offered but the control/, right],
  ['nothing', /^inconclusive: nothing was observed/],
  ['handshakes that were about versions only', /^inconclusive: nothing was observed/, asDeclared],
  ['a skip with its reason', /^skipped: the switch is off$/, skip(requirePqKem.id, 'the switch is off')],
  [
    'one server of two that does not heed it',
    /^fail: spire-server 127\.0\.0\.2:8081: /,
    right,
    classical,
    exchange('X25519MLKEM768', { address: '127.0.0.2:8081' }),
    exchange('X25519', { address: '127.0.0.2:8081' }),
  ],
];
for (const [name, wanted, ...steps] of keyExchange) {
  await t.test(`post-quantum: ${name}`, async (t) =>
    t.match(told(judgedBy(requirePqKem)(historyOf(...steps))), wanted),
  );
}

const loopback = { address: '127.0.0.1', loopback: true };
const everywhere = { address: '0.0.0.0', loopback: false };
const listener = (change: Partial<Listener> = {}): Happening => ({
  kind: 'listener',
  plane: 'metrics',
  address: '127.0.0.1:9988',
  answered: true,
  boundTo: [loopback],
  ...change,
});

const bound: readonly [name: string, wanted: RegExp, ...steps: Step[]][] = [
  ['loopback only', /^pass: metrics 127\.0\.0\.1:9988: scraped, and bound to 127\.0\.0\.1 only$/, listener()],
  [
    'both loopback addresses',
    /bound to 127\.0\.0\.1, ::1 only$/,
    listener({ boundTo: [loopback, { address: '::1', loopback: true }] }),
  ],
  [
    'every address beside loopback',
    /^fail: .*plaintext metrics are bound to 0\.0\.0\.0$/,
    listener({ boundTo: [loopback, everywhere] }),
  ],
  ['every address, and no answer', /^fail/, listener({ boundTo: [everywhere], answered: false })],
  ['one that nothing listens on', /^inconclusive: .*nothing is seen to listen on its port$/, listener({ boundTo: [] })],
  ['no answer', /^inconclusive: .*could not be scraped$/, listener({ answered: false })],
  ['one of two not scraped', /^inconclusive/, listener(), listener({ address: '127.0.0.1:1', answered: false })],
  ['nothing', /^inconclusive: nothing was observed/],
  ['a skip with its reason', /^skipped: no metrics$/, skip(metricsLoopback.id, 'no metrics')],
];
for (const [name, wanted, ...steps] of bound) {
  await t.test(`metrics: ${name}`, async (t) => t.match(told(judgedBy(metricsLoopback)(historyOf(...steps))), wanted));
}

await t.test('all that was found about a listener: its versions, its key exchange, where it is bound', async (t) => {
  const findings = (...steps: Step[]) => {
    const history = historyOf(...steps);
    return planeFindings(history, entriesOf(history, 'plane')[0]!).map(({ state, says }) => `${state}: ${says}`);
  };
  t.strictSame(findings(plane(), handshake('TLSv1.3', { address: '127.0.0.1:1' })), []);
  const all = findings(asDeclared, exchange('X25519'), listener({ address }));
  t.equal(all.length, 3);
  t.match(all[0]!, /^holds: speaks TLSv1\.3, TLSv1\.2/);
  t.match(all[1]!, /^broken: require_pq_kem is on, yet X25519 alone/);
  t.match(all[2]!, /^holds: scraped/);
});
