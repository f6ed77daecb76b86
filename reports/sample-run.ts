import type { Clause, Level } from '../src/clause.ts';
import { chained } from '../src/evidence/chain.ts';
import type { Entry, Happening, History } from '../src/history.ts';
import { entriesOf } from '../src/history.ts';
import { promises } from '../src/promises.ts';
import { scenarioOf } from '../src/reading/scenarios.ts';
import type { RequirementId } from '../src/requirements/catalogue.ts';
import { seeded } from '../src/statistics/seeded.ts';
import { thousandths } from '../src/thousandths.ts';
import type { Judgement } from '../src/verdict.ts';

/** A run for tests and for looking at the page: every kind of entry, some thousands of requests, the same each time. */
export interface SampleRun {
  readonly history: History;
  readonly clauses: readonly Clause[];
}

/** The kinds of sample run, by the verdict that the run comes to. */
export type SampleKind = 'pass' | 'fail' | 'inconclusive';

/**
 * Makes the sample run that comes to this verdict.
 *
 * @param kind - `fail`: a node that lets a neighbour in and loses requests at a rotation; `inconclusive`: a partition that nobody saw
 * @param hostile - a string put wherever a target chooses the words
 */
export function sampleRun(kind: SampleKind, hostile = ''): SampleRun {
  const happenings: [number, Happening][] = [];
  const add = (atMs: number, happening: Happening) => happenings.push([atMs, happening]);
  const chance = seeded(7);
  const clauses = catalogue();
  start(add, clauses, hostile);
  exchanges(add, kind, hostile);
  tokens(add);
  rotation(add, chance, kind);
  partition(add, chance, kind);
  quietWindow(add);
  add(9_412.4, { kind: 'run-ended', endedAt: '2026-11-22T09:30:09.412Z' });
  const history = happenings
    .sort(([a], [b]) => a - b)
    .map(([atMs, happening], at): Entry => ({ index: at + 1, atMs: thousandths(atMs), ...happening }));
  return { history, clauses };
}

/** The history as the lines of `history.jsonl`. */
export function historyLines(history: History): string {
  return chained(history.map((entry) => JSON.stringify(entry)));
}

type Add = (atMs: number, happening: Happening) => void;

/** What is measured when all else is over, with a bound that it keeps. */
function quietWindow(add: Add): void {
  const chance = seeded(11);
  const row = 'steady/full';
  add(1, {
    ...{ kind: 'bench-row', row, generator: 'assay', loop: 'open', verifies: 'the chain, its time and the exact ID' },
    ...{ node: 'frontend', implementation: 'a node', phase: 'steady', resumed: false, key: 'EC P-256', chain: 1 },
    ...{ atMost: 1_000, arrivals: 'constant', wantedPerSecond: 200, seconds: 1.3 },
  });
  add(1, { kind: 'objective', objective: 'p90<=25ms', percentile: 90, boundMs: 25 });
  add(8_000, { kind: 'bench-window', row, state: 'begun' });
  add(9_310, {
    ...{ kind: 'bench-samples', row },
    samples: Array.from({ length: 260 }, (_, nth) => {
      const tls = Math.round(1_500 - 700 * Math.log(1 - chance()));
      return [8_000_000 + nth * 5_000, 8_000_000 + nth * 5_000 + 60, 150, tls, tls + 600, 0] as const;
    }),
  });
  add(9_320, { kind: 'bench-window', row, state: 'ended', cpuMs: 150, wallMs: 1_310, inFlight: 2, due: 260 });
}

const id = (name: string) => `spiffe://x0tta6bl4.mesh/service/${name}`;
const meshes = { rolling: ['frontend', 'backend', 'api'], cut: ['edge', 'store'] } as const;
const keyIds = ['3f9a1c77d2e04b51', 'b8e20464c19f7a3d'] as const;

function start(add: Add, clauses: readonly Clause[], hostile: string): void {
  add(0, {
    kind: 'run-started',
    id: '20261122-093000-7f3a',
    command: 'assay gate --seed 7',
    startedAt: '2026-11-22T09:30:00.000Z',
    seed: 7,
    runtime: 'process',
    versions: { assay: '0.1.0', node: '24.21.0', openssl: '3.5.4', spire: '1.15.3', toxiproxy: '2.12.0' },
    target: { trustDomain: 'x0tta6bl4.mesh', node: `./mesh-node --verbose ${hostile}`.trim(), nodes: 5 },
    clauses: clauses.map((clause) => clause.id),
  });
  for (const [mesh, nodes] of Object.entries(meshes)) {
    for (const node of nodes)
      add(900, {
        kind: 'node',
        node,
        mesh,
        spiffeId: id(node),
        implementation: './mesh-node',
        judged: true,
        svidTtlSeconds: 6,
        syncIntervalMs: mesh === 'cut' ? 250 : 1000,
        uptakeMs: 2000,
      });
  }
  for (const [phase, from, to] of [
    ['start SPIRE', 12, 720],
    ['attest', 720, 980],
    ['matrix', 1000, 2100],
    ['scenarios', 1200, 9200],
  ] as const) {
    add(from, { kind: 'phase', phase, state: 'begun' });
    add(to, { kind: 'phase', phase, state: 'ended' });
  }
  const planes = [
    ['backend', '127.0.0.1:8443', 'mTLS, TLS 1.3 only', 'carries all service traffic'],
    ['backend admin', '127.0.0.1:9443', 'plain HTTP on loopback', 'readiness and dialling, never leaves the host'],
    ['SPIRE server', '127.0.0.1:8081', 'mTLS, TLS 1.2 or later', 'bootstrap: an agent has no SVID yet'],
    ['SPIRE metrics', '127.0.0.1:9988', 'plain HTTP on loopback', 'scraped by the local collector'],
  ] as const;
  for (const [plane, address, policy, why] of planes) add(1000, { kind: 'plane', plane, address, policy, why });
  add(1300, {
    kind: 'listener',
    plane: 'backend admin',
    address: '127.0.0.1:9443',
    answered: true,
    boundTo: [{ address: `127.0.0.1 ${hostile}`.trim(), loopback: true }],
  });
  const handshake = (atMs: number, version: string, agreed: string | null, how: string): void =>
    add(atMs, {
      kind: 'plane-handshake',
      plane: 'SPIRE server',
      address: '127.0.0.1:8081',
      about: 'versions',
      version,
      agreed,
      outcome: agreed === null ? 'refused' : 'accepted',
      how,
    });
  handshake(1320, 'TLSv1.3', 'TLSv1.3', 'handshake done, server SVID verified against the bundle');
  handshake(1330, 'TLSv1.1', null, `alert protocol_version (70) ${hostile}`.trim());
}

function exchanges(add: Add, kind: SampleKind, hostile: string): void {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: false };
  const rows = [
    ['mesh/tls/only-tls13', 'ClientHello offers TLS 1.2 only', 'alert protocol_version (70) before any data'],
    ['mesh/tls/no-plaintext', 'plain HTTP on the mTLS port', `closed after 0 bytes ${hostile}`.trim()],
    ['mesh/tls/client-certificate', 'no client certificate', 'alert certificate_required (116) before any data'],
    [
      'mesh/pinning/exact-id',
      'SVID of a neighbour: spiffe://x0tta6bl4.mesh/service/api',
      'alert bad_certificate (42) before any data',
    ],
    [
      'mesh/pinning/own-trust-domain',
      'SVID of another trust domain with the same path',
      'alert unknown_ca (48) before any data',
    ],
    ['mesh/pinning/not-expired', 'SVID that expired 60 s ago', 'alert certificate_expired (45) before any data'],
  ] as const;
  rows.forEach(([clause, row, how], at) => {
    const control = (atMs: number): void =>
      add(atMs, {
        kind: 'exchange',
        clause: 'mesh/pinning/control',
        row: 'valid SVID of an allowed peer',
        node: 'backend',
        role: 'server',
        expect: 'accepted',
        control: 'valid',
        outcome: 'accepted',
        how: `200, names ${id('frontend')}`,
        tls,
        shown: [`${id('backend')} ${hostile}`.trim()],
        earlyDataBytes: [0, 0],
        tookMs: 4.8,
      });
    control(1400 + at * 90);
    const letIn = kind === 'fail' && clause === 'mesh/pinning/exact-id';
    add(1430 + at * 90, {
      kind: 'exchange',
      clause,
      row,
      node: 'backend',
      role: 'server',
      expect: 'refused',
      control: 'valid',
      outcome: letIn ? 'accepted' : 'refused',
      how: letIn ? `200, names ${id('api')} ${hostile}`.trim() : how,
      ...(letIn ? { tls } : {}),
      tookMs: 3.1,
    });
    control(1460 + at * 90);
  });
  add(1990, {
    kind: 'skip',
    clause: 'mesh/tls/no-downgrade',
    reason: 'the node answers 501 to POST /dial, so its client side cannot be asked',
  });
}

function tokens(add: Add): void {
  const use = (
    atMs: number,
    trial: 'late' | 'twice',
    row: string,
    outcome: 'attested' | 'refused',
    secondsToExpiry: number,
  ): void =>
    add(atMs, {
      kind: 'token',
      beganMs: 0,
      trial,
      row,
      token: trial === 'late' ? 'token-2' : 'token-1',
      outcome,
      secondsToExpiry,
      ...(outcome === 'refused'
        ? { code: 'INVALID_ARGUMENT', message: 'failed to attest: join token does not exist or has already been used' }
        : {}),
    });
  add(1490, { kind: 'token-life', token: 'token-1', askedSeconds: 60, livesSeconds: 59.8 });
  use(1500, 'twice', 'first use', 'attested', 58.4);
  use(1740, 'twice', 'second use, from another agent', 'refused', 58.2);
  use(3100, 'late', 'used 0.4 s after its expiry', 'refused', -0.4);
  add(3200, {
    kind: 'audit-log',
    records: [
      { status: 'success', token: 'token-1' },
      { status: 'error', token: null },
      { status: 'error', token: null },
    ],
  });
  const places = ['the history', 'the log of the agent'];
  add(3300, { kind: 'search', whole: true, places, tokens: ['token-1', 'token-2'], keys: [], found: [] });
}

function rotation(add: Add, chance: () => number, kind: SampleKind): void {
  const scenario = 'rotation';
  const decides = ['mesh/rotation/requests-survive', 'mesh/rotation/fresh-key'];
  const hypothesis =
    'While every SVID is replaced at least twice and the authority once, no request is lost and no old SVID is presented for more than 500 ms.';
  add(1_250, {
    kind: 'scenario',
    scenario,
    state: 'begun',
    hypothesis,
    clauses: decides,
    boundsMs: { oldSvidPresentedAtMost: 500, firstRotationWithin: 1500 },
  });
  for (const [at, state, key] of [
    [1900, 'prepared', 1],
    [2900, 'activated', 1],
    [3900, 'tainted', 0],
    [4800, 'revoked', 0],
  ] as const) {
    add(at, { kind: 'authority', mesh: 'rolling', state, authority: keyIds[key] });
    add(at + 60, {
      kind: 'bundle',
      node: 'backend',
      trustDomain: 'x0tta6bl4.mesh',
      authorities: state === 'revoked' ? [keyIds[1]] : keyIds,
    });
  }
  const svids = rollSvids(add, 'rolling', 1000, 5600);
  requests(add, chance, {
    scenario,
    from: 'load',
    to: 'backend',
    fromMs: 1300,
    toMs: 5500,
    perSecond: 420,
    serialAt: (atMs) => svids('backend', atMs),
    fails: (atMs) => (kind === 'fail' && atMs > 2915 && atMs < 3060 ? 'tls: alert unknown_ca (48)' : undefined),
  });
  for (let atMs = 1400; atMs < 5500; atMs += 400)
    add(atMs, {
      kind: 'presented',
      scenario,
      node: 'frontend',
      role: 'client',
      svid: svids('frontend', atMs),
      startMs: atMs,
    });
  add(5_600, { kind: 'scenario', scenario, state: 'ended', hypothesis, clauses: decides });
}

function partition(add: Add, chance: () => number, kind: SampleKind): void {
  const scenario = 'partition-short';
  const decides = ['mesh/partition/short-requests-survive', 'mesh/partition/short-rotates-after'];
  const hypothesis =
    'A cut between the agents and the server that is shorter than half the SVID lifetime refuses no request.';
  add(5_650, {
    kind: 'scenario',
    scenario,
    state: 'begun',
    hypothesis,
    clauses: decides,
    boundsMs: { longestCut: 3000, rotationAfterHeal: 750 },
  });
  rollSvids(add, 'cut', 1000, 6_350);
  for (const target of ['edge', 'store']) {
    const fault = (atMs: number, state: 'injected' | 'in-force' | 'healing' | 'healed', provenBy?: string): void =>
      add(atMs, {
        kind: 'fault',
        scenario,
        fault: 'cut',
        target,
        state,
        ...(provenBy === undefined ? {} : { provenBy }),
      });
    fault(6_300, 'injected');
    if (kind !== 'inconclusive' || target === 'edge')
      fault(6_380, 'in-force', `dial of the SPIRE server from ${target}: reset, where 40 ms before it connected`);
    fault(7_900, 'healing');
    fault(7_960, 'healed', `dial of the SPIRE server from ${target}: connected again`);
  }
  const after = rollSvids(add, 'cut', 8_050, 9_100, 9);
  requests(add, chance, {
    scenario,
    from: 'load',
    to: 'store',
    fromMs: 5_700,
    toMs: 9_000,
    perSecond: 300,
    serialAt: (atMs) => after('store', atMs),
    fails: () => undefined,
  });
  if (kind === 'inconclusive')
    add(7_000, {
      kind: 'trouble',
      clauses: ['mesh/tokens/expires'],
      message: 'the clock of this machine stepped by 1.2 s while the token ran out',
    });
  add(9_150, { kind: 'scenario', scenario, state: 'ended', hypothesis, clauses: decides });
}

/** Every second a new SVID for each node of a mesh, delivered and then presented; gives the SVID of a node at an instant. */
function rollSvids(
  add: Add,
  mesh: keyof typeof meshes,
  fromMs: number,
  toMs: number,
  firstSerial = 1,
): (node: string, atMs: number) => { spiffeId: string; serial: string } {
  for (const [which, node] of meshes[mesh].entries()) {
    for (let n = 0, atMs = fromMs + which * 130; atMs < toMs; n += 1, atMs += 1000) {
      const svid = {
        node,
        spiffeId: id(node),
        serial: serialOf(which, n + firstSerial),
        authority: keyIds[atMs > 2900 && mesh === 'rolling' ? 1 : 0],
        publicKey: `sha256:${serialOf(which, n)}`,
        notBefore: new Date(Date.UTC(2026, 10, 22, 9, 29, 50) + atMs).toISOString(),
        notAfter: new Date(Date.UTC(2026, 10, 22, 9, 30, 6) + atMs).toISOString(),
      };
      add(atMs, { kind: 'svid', seen: 'delivered', ...svid });
      add(atMs + 45 + which * 20, { kind: 'svid', seen: 'presented', ...svid });
    }
  }
  return (node, atMs) => {
    const which = (meshes[mesh] as readonly string[]).indexOf(node);
    return {
      spiffeId: id(node),
      serial: serialOf(which, Math.max(0, Math.floor((atMs - fromMs - which * 130) / 1000)) + firstSerial),
    };
  };
}

interface Load {
  readonly scenario: string;
  readonly from: string;
  readonly to: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly perSecond: number;
  readonly serialAt: (atMs: number) => { spiffeId: string; serial: string };
  readonly fails: (atMs: number) => string | undefined;
}

function requests(add: Add, chance: () => number, load: Load): void {
  const { scenario, from, to } = load;
  for (let dueMs = load.fromMs; dueMs < load.toMs; dueMs += 1000 / load.perSecond) {
    const lateMs = chance() < 0.02 ? chance() * 14 : chance() * 0.3;
    const resumed = chance() < 0.2;
    const handshakeMs = thousandths(
      (resumed ? 0.9 : 2.1) * Math.exp(gauss(chance) * 0.28) + (chance() < 0.008 ? chance() * 22 : 0),
    );
    const detail = load.fails(dueMs);
    const startMs = thousandths(dueMs + lateMs);
    add(startMs + handshakeMs + 1, {
      kind: 'request',
      scenario,
      from,
      to,
      connection: 'new',
      outcome: detail === undefined ? 'ok' : 'fail',
      dueMs: thousandths(dueMs),
      startMs,
      totalMs: thousandths(lateMs + handshakeMs + 1.1),
      resumed,
      ...(detail === undefined ? { handshakeMs, server: load.serialAt(dueMs) } : { detail }),
    });
  }
}

type Row = readonly [
  id: string,
  catalogue: RequirementId | null,
  level: Level,
  spec: string,
  title: string,
  danger: string,
];

function catalogue(): Clause[] {
  const rows: readonly Row[] = [
    [
      'mesh/tls/only-tls13',
      'MESH-TLS-01',
      'MUST',
      'Mesh policy, Network security',
      'A node speaks TLS 1.3 and nothing older',
      'An attacker downgrades the session to a cipher that can be read later.',
    ],
    [
      'mesh/tls/no-plaintext',
      'MESH-ARCH-01',
      'MUST',
      'Mesh policy, Goal',
      'A node answers nothing to plain text',
      'Anyone on the wire reads and writes service traffic.',
    ],
    [
      'mesh/tls/client-certificate',
      'X509-SVID-5.2-01',
      'MUST',
      'X509-SVID §5.2',
      'A node asks every client for its SVID',
      'Anonymous callers are served.',
    ],
    [
      'mesh/tls/listeners-as-declared',
      null,
      'MUST',
      'Mesh policy, Listeners',
      'Every listener keeps the transport policy declared for it',
      'A forgotten debug port speaks to the network.',
    ],
    [
      'mesh/tls/no-downgrade',
      'MESH-TLS-01',
      'MUST',
      'Mesh policy, Network security',
      'A node as a client refuses a server below TLS 1.3',
      'A rogue server picks the protocol.',
    ],
    [
      'mesh/pinning/exact-id',
      'MESH-PIN-01',
      'MUST',
      'SPIFFE-ID §2, X509-SVID §4',
      'Only the exact SPIFFE IDs that are allowed get in',
      'Any member of the trust domain may call any service.',
    ],
    [
      'mesh/pinning/own-trust-domain',
      'X509-SVID-5.2-03',
      'MUST',
      'X509-SVID §5.2',
      'An SVID of a foreign trust domain is refused',
      'A federated stranger passes for a neighbour.',
    ],
    [
      'mesh/pinning/not-expired',
      'X509-SVID-5.2-04',
      'MUST',
      'X509-SVID §5.2, RFC 5280 §6',
      'An expired SVID is refused',
      'A stolen key is good for ever.',
    ],
    [
      'mesh/tokens/once',
      'MESH-TOK-01',
      'MUST',
      'Mesh policy, Join tokens',
      'A join token admits one agent',
      'A leaked token lets a second, hostile agent in.',
    ],
    [
      'mesh/tokens/expires',
      'MESH-TOK-02',
      'MUST',
      'Mesh policy, Join tokens',
      'A join token is refused after its expiry',
      'A token found in an old log opens the mesh.',
    ],
    [
      'mesh/rotation/requests-survive',
      'MESH-ROT-03',
      'MUST',
      'Mesh policy, Rotation',
      'No request is lost while SVIDs rotate',
      'Every rotation is a small outage.',
    ],
    [
      'mesh/rotation/fresh-key',
      'WORKLOAD-API-5.1-02',
      'SHOULD',
      'SPIFFE Workload API §5.1',
      'A new SVID comes with a new key',
      'A key that leaked once stays useful after every rotation.',
    ],
    [
      'mesh/partition/short-requests-survive',
      'MESH-ROT-04',
      'MUST',
      'Mesh policy, Partition',
      'A short cut from the control plane refuses no request',
      'The control plane is a single point of failure of every call.',
    ],
    [
      'mesh/partition/short-rotates-after',
      'MESH-ROT-02',
      'MUST',
      'Mesh policy, Partition',
      'Rotation goes on soon after the cut is healed',
      'The mesh dies half a lifetime after an outage that everyone thought was over.',
    ],
  ];
  return rows.map(([clause, catalogueId, level, spec, title, danger]) => ({
    id: clause,
    catalogue: catalogueId,
    level,
    spec,
    title,
    danger,
    subject: 'validator',
    promise: promises.find((promise) => promise.id === clause.split('/')[1])?.id ?? null,
    roles: [],
    judge: (history) => judgeSample(clause, history),
  }));
}

/** Which observations decide a clause that no entry names. */
const observed: Readonly<Record<string, (entry: Entry) => boolean>> = {
  'mesh/tls/listeners-as-declared': ({ kind }) => kind === 'listener' || kind === 'plane-handshake',
  'mesh/tokens/once': (entry) => entry.kind === 'token' && entry.trial === 'twice',
  'mesh/tokens/expires': (entry) => entry.kind === 'token' && entry.trial === 'late',
};

function judgeSample(clause: string, history: History): Judgement {
  const scenario = scenarioOf(history, clause)?.scenario;
  if (scenario !== undefined) {
    const requests = entriesOf(history, 'request').filter((request) => request.scenario === scenario);
    const lost = requests.filter((request) => request.outcome !== 'ok');
    if (clause.endsWith('requests-survive') && lost.length > 0)
      return {
        verdict: 'fail',
        reason: `${lost.length} of ${requests.length} requests were lost, all within 145 ms of the new authority being activated: ${lost[0]?.detail ?? ''}.`,
        evidence: lost.map((request) => request.index),
      };
    return {
      verdict: 'pass',
      reason: `${requests.length} requests, none lost; 4 rotations seen on every node.`,
      evidence: requests.slice(0, 40).map((request) => request.index),
    };
  }
  const skip = entriesOf(history, 'skip').find((entry) => entry.clause === clause);
  if (skip !== undefined) return { verdict: 'skipped', reason: skip.reason, evidence: [skip.index] };
  const own = history.filter((entry) => observed[clause]?.(entry) ?? ('clause' in entry && entry.clause === clause));
  const wrong = entriesOf(own, 'exchange').filter((entry) => entry.outcome !== entry.expect);
  const [first] = wrong;
  if (first !== undefined)
    return {
      verdict: 'fail',
      reason: `Let in what it must refuse: ${first.row}. It answered ${first.how}.`,
      evidence: wrong.map((entry) => entry.index),
    };
  return own.length === 0
    ? { verdict: 'inconclusive', reason: 'Nothing was recorded.', evidence: [] }
    : {
        verdict: 'pass',
        reason: `As it should be in all ${own.length} rows, and the control was accepted before and after.`,
        evidence: own.map((entry) => entry.index),
      };
}

function serialOf(which: number, n: number): string {
  return (0x5a17_0000 + which * 0x1000 + n * 7).toString(16);
}

function gauss(chance: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}
