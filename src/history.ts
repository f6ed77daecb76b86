import type { Certificate } from './svid/x509/read.ts';
import { authorityId } from './svid/x509/read.ts';

/**
 * Everything that happened in a run, one entry a line of `history.jsonl`, on one monotonic clock.
 * Verdicts are pure functions of it, so a finished run can be judged again by anyone.
 */
export type History = readonly Entry[];

/** Where an entry stands: `index` is its line number in history.jsonl, from 1; `atMs` counts from the start of the run. */
export interface Stamp {
  readonly index: number;
  readonly atMs: number;
}

export type Entry = Stamp & Happening;
export type EntryOf<K extends Happening['kind']> = Entry & { readonly kind: K };

export type Happening =
  | RunStarted
  | RunEnded
  | PhaseMark
  | TargetNode
  | ScenarioMark
  | Exchange
  | Plane
  | PlaneHandshake
  | Listener
  | Request
  | Presented
  | SvidSeen
  | BundleDelivered
  | AuthorityMark
  | Fault
  | TokenUse
  | AuditLog
  | Search
  | Setting
  | Skip
  | Trouble;

/** First line of every history. */
export interface RunStarted {
  readonly kind: 'run-started';
  readonly id: string;
  readonly command: string;
  readonly startedAt: string;
  readonly seed: number;
  readonly runtime: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly target: Readonly<Record<string, unknown>>;
  /** Clause ids chosen for this run; a chosen clause that leaves no trace is inconclusive. */
  readonly clauses: readonly string[];
}

export interface RunEnded {
  readonly kind: 'run-ended';
  readonly endedAt: string;
  /** Why it ended before its end, if it did. */
  readonly aborted?: string;
}

/** Work of the harness itself, for the timeline and for finding the slow part. */
export interface PhaseMark {
  readonly kind: 'phase';
  readonly phase: string;
  readonly state: 'begun' | 'ended';
}

/** A node of the target: `judged` nodes are under test, the others are their peers. */
export interface TargetNode {
  readonly kind: 'node';
  readonly node: string;
  readonly mesh: string;
  readonly spiffeId: string;
  readonly implementation: string;
  readonly judged: boolean;
  /** The nodes that it exchanges requests with; absent where these are all others of its mesh. */
  readonly peers?: readonly string[];
  /** Timing that oracles are computed from, as configured. */
  readonly svidTtlSeconds: number;
  readonly syncIntervalMs: number;
}

/** A scenario began or ended. */
export interface ScenarioMark {
  readonly kind: 'scenario';
  readonly scenario: string;
  readonly state: 'begun' | 'ended';
  readonly hypothesis: string;
  /** Ids of the clauses that it decides. */
  readonly clauses: readonly string[];
  /** The share of the usual load that it is judged by, where it was asked to bear less: more than 0, and 1 where this is absent. */
  readonly loadShare?: number;
  /** Bounds computed from the configuration, in milliseconds, by name. */
  readonly boundsMs?: Readonly<Record<string, number>>;
}

/**
 * Accepted: application data was answered, naming the caller. Refused: an alert or a close before any application data.
 * Unknown: anything else.
 */
export type Outcome = 'accepted' | 'refused' | 'unknown';

/**
 * One mutual TLS exchange with a node under test, made to decide a clause.
 *
 * Refusals count only beside their control: an accepted exchange of the same `control` before and after them.
 */
export interface Exchange {
  readonly kind: 'exchange';
  /** Clause that this exchange helps to decide; a control may serve many clauses and then names the group's own. */
  readonly clause: string;
  /** What was offered, in words: the row of the matrix. */
  readonly row: string;
  readonly node: string;
  /** Role of the node under test. */
  readonly role: 'server' | 'client';
  /** What it has to come to; `either` where that is the node's own choice. */
  readonly expect: 'accepted' | 'refused' | 'either';
  /** Name of the control that this row stands beside; a control names itself. */
  readonly control: string;
  readonly outcome: Outcome;
  /** What was seen that makes the outcome so: the alert, the close, the answer, the timeout. */
  readonly how: string;
  readonly tls?: { readonly version: string; readonly cipher: string; readonly resumed: boolean };
  /** The SPIFFE ID that the node was called as. */
  readonly as?: string;
  /** The caller that its answer named; null where it named none. Absent where there was no answer. */
  readonly named?: string | null;
  /** URI SANs of the certificate that the node itself showed; absent where it showed none. */
  readonly shown?: readonly string[];
  /** Early data in bytes that each session ticket allows which the node gave as a server. */
  readonly earlyDataBytes?: readonly number[];
  readonly tookMs: number;
}

/** One listener of the target and the transport policy declared for it. */
export interface Plane {
  readonly kind: 'plane';
  readonly plane: string;
  readonly address: string;
  readonly policy: string;
  /** Why this policy and not a stricter one. */
  readonly why: string;
}

/** One handshake with a plane: these listeners speak protocols of their own, so that the handshake alone is what is looked at. */
export interface PlaneHandshake {
  readonly kind: 'plane-handshake';
  readonly plane: string;
  readonly address: string;
  /** What it is made to learn: which versions are spoken, or whether only post-quantum key exchanges are. */
  readonly about: 'versions' | 'key-exchange';
  /** The only version that was offered, as OpenSSL names it. */
  readonly version: string;
  /** The only group that was offered for the key exchange; absent where the choice was free. */
  readonly group?: string;
  /** The version that was agreed on, or null when no handshake came about. */
  readonly agreed: string | null;
  readonly outcome: Outcome;
  readonly how: string;
}

/** A listener that serves without TLS: whether it answered, and the addresses that the kernel says it is bound to. */
export interface Listener {
  readonly kind: 'listener';
  readonly plane: string;
  readonly address: string;
  readonly answered: boolean;
  readonly boundTo: readonly BoundAddress[];
}

export interface BoundAddress {
  readonly address: string;
  readonly loopback: boolean;
}

export interface PresentedSvid {
  readonly spiffeId: string;
  readonly serial: string;
}

/**
 * One request of the load source or between two nodes.
 *
 * ok: answered in full. fail: surely not served. info: nobody knows (a timeout).
 * `dueMs` is when the open-loop schedule wanted it, `startMs` when it began, both since the start of the run.
 */
export interface Request {
  readonly kind: 'request';
  /** Scenario under way when it was due. */
  readonly scenario: string;
  readonly from: string;
  readonly to: string;
  readonly connection: 'new' | 'kept';
  readonly outcome: 'ok' | 'fail' | 'info';
  readonly dueMs: number;
  readonly startMs: number;
  /** TCP connect done to TLS finished on our side; absent where only the whole is seen. */
  readonly handshakeMs?: number;
  /** From `startMs` to the end of the answer. */
  readonly totalMs: number;
  readonly resumed?: boolean;
  readonly client?: PresentedSvid;
  readonly server?: PresentedSvid;
  readonly detail?: string;
}

/** What a node presented as a client to the harness' own server; as a server it stands in the request. */
export interface Presented {
  readonly kind: 'presented';
  readonly scenario: string;
  readonly node: string;
  readonly role: 'server' | 'client';
  readonly svid: PresentedSvid;
  /** When the call was asked for that it may at the earliest belong to. */
  readonly startMs: number;
}

/** An SVID, the first time it was delivered to a node by its agent, or seen presented by it. */
export interface SvidSeen {
  readonly kind: 'svid';
  readonly node: string;
  readonly seen: 'delivered' | 'presented';
  readonly spiffeId: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Subject key id of the authority that signed it. */
  readonly authority: string;
  /** SHA-256 of its public key, to tell a new key from a re-certified one. */
  readonly publicKey: string;
}

/** The authorities of one trust domain as delivered to a node by its agent: subject key ids. */
export interface BundleDelivered {
  readonly kind: 'bundle';
  readonly node: string;
  readonly trustDomain: string;
  readonly authorities: readonly string[];
}

export interface AuthorityMark {
  readonly kind: 'authority';
  readonly mesh: string;
  readonly state: 'prepared' | 'activated' | 'tainted' | 'revoked';
  readonly authority: string;
}

/** A fault: injected and healed by us, each proven from outside of what injected it. */
export interface Fault {
  readonly kind: 'fault';
  readonly scenario: string;
  readonly fault: string;
  readonly target: string;
  /** `healing` begins to undo it; `healed` is proven. */
  readonly state: 'injected' | 'in-force' | 'healing' | 'healed';
  readonly provenBy?: string;
}

/** One presentation of a join token. `token` is our name for it, never its value. */
export interface TokenUse {
  readonly kind: 'token';
  /** What the use belongs to: one that comes too late, two one after the other, or several at once. */
  readonly trial: 'late' | 'twice' | 'race';
  readonly row: string;
  readonly token: string;
  readonly outcome: 'attested' | 'refused' | 'unknown';
  readonly code?: string;
  readonly message?: string;
  /** When it was presented, in milliseconds since the start of the run. */
  readonly beganMs: number;
  /** Seconds between the use and the token's expiry by the server's own answer; negative after it. */
  readonly secondsToExpiry: number;
}

/** The SPIRE server's audit log as it was read after all tokens were used: its records of attestations. */
export interface AuditLog {
  readonly kind: 'audit-log';
  readonly records: readonly AuditRecord[];
}

export interface AuditRecord {
  readonly status: string;
  /** Our name for the token that the agent of the record was attested with, where the record names that agent. */
  readonly token: string | null;
}

/** A search for a secret in what the run keeps. */
export interface Search {
  readonly kind: 'search';
  /** Our name for the token that was looked for. */
  readonly token: string;
  /** Where, in words. */
  readonly places: readonly string[];
  readonly foundIn: readonly string[];
}

/** A setting of the target as it is deployed. */
export interface Setting {
  readonly kind: 'setting';
  readonly setting: 'join-token-ttl';
  readonly seconds: number;
}

/** A clause that does not apply here: to the whole target, or to one node of it, in one role where that is named. */
export interface Skip {
  readonly kind: 'skip';
  readonly clause: string;
  readonly node?: string;
  readonly role?: 'server' | 'client';
  readonly reason: string;
}

/** The harness' own trouble: turns the clauses it names (all when none are named) into inconclusive. */
export interface Trouble {
  readonly kind: 'trouble';
  readonly clauses: readonly string[];
  /** The node under test that it came of, where it came of one. */
  readonly node?: string;
  readonly message: string;
}

/** The entries of one kind, in their order. A history may have grown since it was last asked; what is written in it never changes. */
export function entriesOf<K extends Happening['kind']>(history: History, kind: K): readonly EntryOf<K>[] {
  let known = sorted.get(history);
  if (known === undefined) sorted.set(history, (known = { upTo: 0, byKind: new Map() }));
  for (; known.upTo < history.length; known.upTo++) {
    const entry = history[known.upTo]!;
    const alike = known.byKind.get(entry.kind);
    if (alike === undefined) known.byKind.set(entry.kind, [entry]);
    else alike.push(entry);
  }
  return (known.byKind.get(kind) ?? []) as readonly Entry[] as readonly EntryOf<K>[];
}

// Every clause asks for a few kinds of the same history.
const sorted = new WeakMap<History, { upTo: number; readonly byKind: Map<Happening['kind'], Entry[]> }>();

/** The entry that says that `node` holds or presents this SVID. */
export function svidSeen(node: string, seen: SvidSeen['seen'], certificate: Certificate, publicKey: string): SvidSeen {
  return {
    kind: 'svid',
    node,
    seen,
    spiffeId: certificate.uriSans[0] ?? '',
    serial: certificate.serial,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    authority: authorityId(certificate) ?? '',
    publicKey,
  };
}
