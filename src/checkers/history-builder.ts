import type { Clause, Judge } from '../clause.ts';
import * as life from '../clauses/mesh/node.ts';
import * as outage from '../clauses/mesh/outage.ts';
import * as partition from '../clauses/mesh/partition.ts';
import * as pause from '../clauses/mesh/pause.ts';
import * as restart from '../clauses/mesh/restart.ts';
import * as rotation from '../clauses/mesh/rotation.ts';
import * as traffic from '../clauses/mesh/traffic.ts';
import type {
  AuthorityMark,
  Capacity,
  EntryOf,
  Exchange,
  Happening,
  History,
  Machine,
  Request,
  TargetNode,
  TokenUse,
} from '../history.ts';
import type { Judgement } from '../verdict.ts';

// Histories written by hand, for the tests of the rules that judge them.

export type Step = Happening | readonly [atMs: number, happening: Happening] | readonly Step[];

/** A history of these in this order, one millisecond apart; `[atMs, happening]` says its own instant, and what comes after goes on from the latest. */
export function historyOf(...steps: readonly Step[]): History {
  let latestMs = 0;
  return flat(steps).map(([at, happening], line) => {
    const atMs = at ?? latestMs + 1;
    latestMs = Math.max(latestMs, atMs);
    return { index: line + 1, atMs, ...happening };
  });
}

function flat(steps: readonly Step[]): [number | undefined, Happening][] {
  return steps.flatMap((step): [number | undefined, Happening][] => {
    if (!Array.isArray(step)) return [[undefined, step as Happening]];
    if (typeof step[0] === 'number') return [[step[0], step[1] as Happening]];
    return flat(step as readonly Step[]);
  });
}

/** The same history with every entry of a kind changed, or left out where `change` gives undefined. */
export function altered<K extends Happening['kind']>(
  history: History,
  kind: K,
  change: (entry: EntryOf<K>) => object | undefined,
): History {
  return history.flatMap((entry) => {
    if (entry.kind !== kind) return [entry];
    const next = change(entry as EntryOf<K>);
    return next === undefined ? [] : [{ ...entry, ...next }];
  });
}

/** When runs begin in these histories. */
const startedAt = '2026-01-01T00:00:00.000Z';

/** A wall-clock instant so many milliseconds after the start, as a certificate would say it. */
function instant(atMs: number): string {
  return new Date(Date.parse(startedAt) + atMs).toISOString();
}

export function runStarted(clauses: readonly string[] = []): Happening {
  return {
    kind: 'run-started',
    id: 'r',
    command: 'gate',
    startedAt,
    seed: 1,
    runtime: 'process',
    versions: {},
    target: {},
    clauses,
  };
}

/** The last line of a run that nobody stopped. */
export const runEnded: Happening = { kind: 'run-ended', endedAt: instant(9_000) };

/** A clause of no document, of the promise that it names or of TLS, that comes to what `judge` says. */
export function clauseOf(id: string, judge: Judge, change: Partial<Clause> = {}): Clause {
  return {
    ...{ id, catalogue: null, promise: 'tls', spec: 'policy', level: 'MUST', subject: 's', title: id, danger: 'd' },
    ...{ roles: [], judge, ...change },
  };
}

export function node(name: string, change: Partial<TargetNode> = {}): Happening {
  return {
    kind: 'node',
    node: name,
    mesh: 'steady',
    spiffeId: `spiffe://td/${name}`,
    implementation: 'i',
    judged: true,
    svidTtlSeconds: 6,
    syncIntervalMs: 200,
    uptakeMs: 500,
    ...change,
  };
}

export function exchange(
  clause: string,
  row: string,
  expect: Exchange['expect'],
  change: Partial<Exchange> = {},
): Happening {
  const { node: of = 'a', role = 'server' } = change;
  return {
    kind: 'exchange',
    clause,
    row,
    node: of,
    role,
    expect,
    control: `${clause} ${of} ${role}`,
    outcome: expect === 'either' ? 'accepted' : expect,
    how: 'alert or answer',
    tookMs: 1,
    ...change,
  };
}

export function token(trial: TokenUse['trial'], row: string, change: Partial<TokenUse>): Happening {
  return {
    kind: 'token',
    trial,
    row,
    token: 'a token',
    beganMs: 0,
    outcome: 'attested',
    secondsToExpiry: 100,
    ...change,
  };
}

export function skip(
  clause: string,
  reason: string,
  part: { readonly node?: string; readonly role?: 'server' | 'client' } = {},
): Happening {
  return { kind: 'skip', clause, reason, ...part };
}

export function scenario(
  name: string,
  state: 'begun' | 'ended',
  boundsMs?: Readonly<Record<string, number>>,
  loadShare?: number,
): Happening {
  const decides = decidedBy[name] ?? [];
  return {
    kind: 'scenario',
    scenario: name,
    state,
    hypothesis: 'it holds',
    clauses: decides,
    ...(boundsMs && { boundsMs }),
    ...(loadShare !== undefined && { loadShare }),
    ...((name === 'watch' || name === 'commanded') && { light: true }),
  };
}

// As the scenarios of these names say it.
const decidedBy: Readonly<Record<string, readonly string[]>> = {
  rotation: [...Object.values(rotation), life.nodeStaysReady].map(({ id }) => id),
  commanded: [partition.shortRequestsSurvive, life.nodeServesWithoutAgent, life.nodeRefusesWithoutAgent].map(
    ({ id }) => id,
  ),
  restart: Object.values(restart).map(({ id }) => id),
  pause: Object.values(pause).map(({ id }) => id),
  watch: [traffic.healthyTraffic, ...Object.values(rotation)].map(({ id }) => id),
  'agent-restart': [life.nodeServesWithoutAgent, life.nodeRefusesWithoutAgent, life.nodeReconnects].map(({ id }) => id),
  'server-killed': Object.values(outage).map(({ id }) => id),
  'server-hung': Object.values(outage).map(({ id }) => id),
  'partition-short': [partition.shortRequestsSurvive.id, partition.shortRecovers.id],
  'partition-long': [partition.longTrafficWhileValid.id, partition.longFailsClosed.id, partition.longRecovers.id],
};

/** The rule that decides a clause, its own where no other is given, handed that clause. */
export function judgedBy(clause: Clause, judge: Judge = clause.judge): (history: History) => Judgement {
  return (history) => judge(history, clause);
}

export function request(
  during: string,
  from: string,
  to: string,
  startMs: number,
  change: Partial<Request> = {},
): readonly [number, Happening] {
  const { totalMs = 5 } = change;
  return [
    startMs + totalMs,
    {
      kind: 'request',
      scenario: during,
      from,
      to,
      connection: 'new',
      outcome: 'ok',
      dueMs: startMs,
      startMs,
      totalMs,
      ...change,
    },
  ];
}

/** What every scenario wants before it: traffic to these nodes that lost nothing, and what they bore. */
export function healthyBefore(...names: readonly string[]): Step[] {
  return names.flatMap((name) => [
    ...every(10, 0, 200).map((atMs) => request('healthy', 'probe', name, atMs)),
    [250, capacity(name)] as const,
  ]);
}

export function capacity(name: string, change: Partial<Capacity> = {}): Happening {
  return {
    kind: 'capacity',
    mesh: 'steady',
    node: name,
    bearsPerSecond: 400,
    loadPerSecond: 100,
    share: 1,
    p99Ms: 20,
    count: 20,
    ...change,
  };
}

/** A quarter of a second of the machine, quiet where nothing else is said. */
export function machine(fromMs: number, change: Partial<Machine> = {}): readonly [number, Happening] {
  return [fromMs + 250, { kind: 'machine', source: 'probe', fromMs, lagMs: 2, waitedMs: 20, stolen: 0, ...change }];
}

/** A quarter of a second in which a node had to wait for a processor. */
export function starved(fromMs: number, node: string, waitedMs: number): readonly [number, Happening] {
  return [fromMs + 250, { kind: 'starved', node, fromMs, waitedMs }];
}

export function presented(during: string, who: string, startMs: number, serial: string): readonly [number, Happening] {
  return [
    startMs + 2,
    {
      kind: 'presented',
      scenario: during,
      node: who,
      role: 'client',
      svid: { spiffeId: `spiffe://td/${who}`, serial },
      startMs,
    },
  ];
}

export interface SvidParts {
  readonly serial: string;
  readonly notAfterMs: number;
  readonly authority?: string;
  readonly publicKey?: string;
}

export function svid(
  atMs: number,
  who: string,
  seen: 'delivered' | 'presented',
  { serial, notAfterMs, authority = 'old', publicKey = `key of ${serial}` }: SvidParts,
): readonly [number, Happening] {
  return [
    atMs,
    {
      kind: 'svid',
      node: who,
      seen,
      spiffeId: `spiffe://td/${who}`,
      serial,
      notBefore: instant(notAfterMs - 16_000),
      notAfter: instant(notAfterMs),
      authority,
      publicKey,
    },
  ];
}

export function bundle(
  atMs: number,
  who: string,
  authorities: readonly string[],
  trustDomain = 'td',
): readonly [number, Happening] {
  return [atMs, { kind: 'bundle', node: who, trustDomain, authorities }];
}

export function authority(
  atMs: number,
  state: AuthorityMark['state'],
  id: string,
  mesh = 'steady',
): readonly [number, Happening] {
  return [atMs, { kind: 'authority', mesh, state, authority: id }];
}

/** One fault, from its injection at the first instant to the proof that it is gone at the last: of a node, or of what these `nodes` share. */
export function fault(
  during: string,
  target: string,
  [injected, inForce, healing, healed]: readonly [number, number, number, number],
  { kind = 'partition', nodes }: { readonly kind?: string; readonly nodes?: readonly string[] } = {},
): Step[] {
  const mark = (atMs: number, state: 'injected' | 'in-force' | 'healing' | 'healed', provenBy?: string): Step => [
    atMs,
    {
      ...{ kind: 'fault', scenario: during, fault: kind, target, state },
      ...(state === 'injected' && nodes !== undefined && { nodes }),
      ...(provenBy !== undefined && { provenBy }),
    },
  ];
  return [
    mark(injected, 'injected'),
    mark(inForce, 'in-force', 'the link is closed'),
    mark(healing, 'healing'),
    mark(healed, 'healed', 'the link is open'),
  ];
}

/** From one instant to another in equal steps. */
export function every(stepMs: number, fromMs: number, toMs: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((toMs - fromMs) / stepMs)) }, (_, at) => fromMs + at * stepMs);
}

/** What a judgement comes to, for a test that also looks at its reason. */
export function told({ verdict, reason }: Judgement): string {
  return `${verdict}: ${reason}`;
}
