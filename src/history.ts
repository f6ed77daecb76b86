import type { Certificate } from './svid/x509/read.ts';
import { authorityId, publicKeyId } from './svid/x509/read.ts';

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
  | ShownLeaf
  | Plane
  | PlaneHandshake
  | Listener
  | PortScan
  | Request
  | Capacity
  | Machine
  | Starved
  | Presented
  | Life
  | Readiness
  | Connections
  | SvidSeen
  | BundleDelivered
  | AuthorityMark
  | Fault
  | TokenUse
  | AuditLog
  | Search
  | TokenLife
  | Skip
  | Written
  | BenchRow
  | BenchWindow
  | BenchSamples
  | BenchLost
  | BenchTold
  | BenchMachine
  | AcceptedFailure
  | Objective
  | BaselineRow
  | PassMark
  | SelfTestMark
  | TriedImpostor
  | TriedConformer
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
  /** Of a run whose names were replaced: of which run it was made. */
  readonly redacted?: Redacted;
}

/** The two records of the run that a redacted one was made of: SHA-256 of the files, in hex. */
export interface Redacted {
  readonly historySha256: string;
  readonly reportSha256: string;
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
  /** How far the wall clock had gone from the clock of the run, in milliseconds; absent where nobody looked. */
  readonly wallClockOffMs?: number;
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
  /** How long it may take to follow what its agent delivers, SVID and bundle. */
  readonly uptakeMs: number;
  /** Nobody said so: it is what is taken for usual. */
  readonly uptakeAssumed?: true;
  /** In whose name it is called, where it does not allow the probe itself: one whom it allows, by SVIDs that SPIRE issues for the run. */
  readonly calledAs?: string;
  /** The roles in which nothing of its pinning may be left out; absent where it is not critical. */
  readonly critical?: readonly ('server' | 'client')[];
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
  /** Its load was a light one on a mesh that others run, which is seen from outside alone. */
  readonly light?: true;
  /** Bounds computed from the configuration, in milliseconds, by name. */
  readonly boundsMs?: Readonly<Record<string, number>>;
}

/**
 * Accepted: application data was answered, naming the caller. Refused: an alert or a close before any application data, or an answer that
 * turns the caller away. Unknown: anything else.
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
  /** Why that proves nothing of who the node is: its chain, its time or its ID, by the bundle of that moment. Absent where it proves it. */
  readonly unproven?: string;
  /**
   * How the certificates that it showed lead to an authority of the bundle: by way of an intermediate, without one, or only together with
   * those that others of its mesh show. Absent where nobody looked, or they prove nothing either way.
   */
  readonly path?: 'whole' | 'direct' | 'incomplete';
  /** Early data in bytes that each session ticket allows which the node gave as a server. */
  readonly earlyDataBytes?: readonly number[];
  /** The node ended while this was under way, was started again, was asked this and nothing else, and ended again. */
  readonly killed?: true;
  /** It was not made: the node was not started any more, or the run was ended. */
  readonly untried?: true;
  readonly tookMs: number;
}

/** A leaf as a node showed it, for what it says: see X509-SVID §2 to §4. */
export interface ShownLeaf {
  readonly kind: 'leaf';
  readonly node: string;
  /** Role of the node. */
  readonly role: 'server' | 'client';
  /** What came of the exchange in which it was shown, or was not. */
  readonly how: string;
  /** Absent where no certificate was shown that can be read. */
  readonly says?: LeafSays;
}

/** What a leaf says; `null` where it says nothing of that. */
export interface LeafSays {
  readonly uriSans: readonly string[];
  /** Whether its subject is the empty name, and whether its alternative names are critical. */
  readonly subjectIsEmpty: boolean;
  readonly namesAreCritical: boolean;
  readonly isCa: boolean;
  readonly keyUsage: readonly string[] | null;
  readonly keyUsageIsCritical: boolean;
  readonly extendedKeyUsage: readonly string[] | null;
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
  /** Why what was shown does not prove that the plane itself answered; absent where it does, or nobody can know. */
  readonly unproven?: string;
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

/** Which ports of a host take connections. */
export interface PortScan {
  readonly kind: 'port-scan';
  /** All the names that it goes by, the first of them for a person. */
  readonly host: string;
  readonly names: readonly string[];
  /** The first and the last port that were tried. */
  readonly from: number;
  readonly to: number;
  readonly open: readonly number[];
  /** How many of them were not tried, as the run was ended. */
  readonly left: number;
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
 * ok: answered in full. fail: surely not served. info: no answer came in the time that was given, so that it may have been served.
 * `dueMs` is when the open-loop schedule wanted it, `startMs` when it began, both since the start of the run.
 */
export interface Request {
  readonly kind: 'request';
  /** Scenario under way when it was due: `healthy` before any of them breaks or changes something; `warm-up` where it was to get the node warm. */
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
  /** Of a kept connection, when it was opened: its requests bear the same instant. */
  readonly openedMs?: number;
  /** Nobody saw how it ended, whatever the outcome says: it is held against nobody. */
  readonly unseen?: true;
  readonly detail?: string;
}

/** What a node bore when it was healthy: after a warm-up, new connections one after the other, several at once. The load is fitted to it. */
export interface Capacity {
  readonly kind: 'capacity';
  readonly mesh: string;
  readonly node: string;
  /** New connections a second that it answered. Once it bore twice the whole load nobody asked for more. */
  readonly bearsPerSecond: number;
  /** New connections a second that the whole load makes at this node, to it and from it. */
  readonly loadPerSecond: number;
  /** The share of that load which it is given, more than 0 and 1 at most: it stays under half of what it bears. */
  readonly share: number;
  /** Of its answers, in milliseconds. */
  readonly p99Ms: number;
  /** Answers that this was read from. */
  readonly count: number;
}

/** How busy the machine was from `fromMs` until this entry, seen beside the nodes: by the thread of a load source, which asks them. */
export interface Machine {
  readonly kind: 'machine';
  readonly source: string;
  readonly fromMs: number;
  /** The longest that a timer of that thread came too late. */
  readonly lagMs: number;
  /** How long that thread was ready to run and had to wait for a processor; absent where the kernel does not tell. */
  readonly waitedMs?: number;
  /** Share of all processor time that the host of this machine took away; absent where the kernel does not tell. */
  readonly stolen?: number;
}

/**
 * A node had work to do and no processor to do it on, as others held them. Told for a quarter of a second in which that took more than a tenth
 * of the time, where the kernel tells; never of a node that itself holds most of the processors.
 */
export interface Starved {
  readonly kind: 'starved';
  readonly node: string;
  readonly fromMs: number;
  /** Of the thread of the node that waited longest. */
  readonly waitedMs: number;
}

/** What a node presented as a client to the harness' own server; as a server it stands in the request, and here where it was looked at alone. */
export interface Presented {
  readonly kind: 'presented';
  readonly scenario: string;
  readonly node: string;
  readonly role: 'server' | 'client';
  readonly svid: PresentedSvid;
  /** When the call was asked for that it may at the earliest belong to. */
  readonly startMs: number;
}

/** What became of the process of a node under test. */
export interface Life {
  readonly kind: 'life';
  readonly node: string;
  /**
   * - `ended`: by itself, while it was judged.
   * - `started`: once more after that, by the same command at the same addresses, and ready.
   * - `given-up`: it is not started once more.
   * - `stopped`: it was told to by SIGTERM when all was over, and within the time for that it did; `overstayed`: it did not.
   */
  readonly state: 'ended' | 'started' | 'given-up' | 'stopped' | 'overstayed';
  /** How it ended, or why it is not started, in words. */
  readonly how: string;
  /** Of one that ended by itself: the last lines that it wrote. */
  readonly lastWords?: string;
  /** Of one that ended by itself: the exchanges that were under way, as `nameOfExchange` names them. */
  readonly underWay?: readonly string[];
  /** Of one that was stopped: how long that took. */
  readonly tookMs?: number;
  /** Of one that was to stop: how long it might have taken. */
  readonly graceMs?: number;
}

/** Answers of a node to `GET /ready` that were alike, one after the other while a scenario ran. */
export interface Readiness {
  readonly kind: 'readiness';
  readonly scenario: string;
  readonly node: string;
  /** `none` where no answer came, for which there may be many reasons; a refused connection is `not-ready`, as who lives and is ready listens. */
  readonly answer: 'ready' | 'not-ready' | 'none';
  /** What the first of them was, in words. */
  readonly how: string;
  /** When the first of them was asked for; the entry itself stands where the last of them came. */
  readonly fromMs: number;
  readonly times: number;
}

/** Connections to a node that were opened for nothing but to be there. */
export interface Connections {
  readonly kind: 'connections';
  readonly node: string;
  /** What they did, in words. */
  readonly what: string;
  readonly opened: number;
  /** How many of them were open at once; 1 where one came after the other. */
  readonly atOnce: number;
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
  /** Of its public key (`publicKeyId`), to tell a new key from a re-certified one. */
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
  /** `followed`: every agent that lives has renewed its own SVID since the taint. */
  readonly state: 'prepared' | 'activated' | 'tainted' | 'followed' | 'revoked';
  readonly authority: string;
}

/** A fault: injected and healed by us, each proven from outside of what injected it. */
export interface Fault {
  readonly kind: 'fault';
  readonly scenario: string;
  readonly fault: string;
  readonly target: string;
  /** The nodes that it keeps from what they need, where its target is what they share; absent where that is a node. */
  readonly nodes?: readonly string[];
  /** `healing` begins to undo it; `healed` is proven. */
  readonly state: 'injected' | 'in-force' | 'healing' | 'healed';
  readonly provenBy?: string;
  /** How long it may take from its injection until what was broken is back, as the owner says; absent where nobody said it. */
  readonly withinMs?: number;
}

/** One presentation of a join token. `token` is our name for it, never its value. */
export interface TokenUse {
  readonly kind: 'token';
  /**
   * What the use belongs to: one that comes too late, two one after the other, several at once, one whose request names another agent, or
   * one whose agent is banned or deleted in between.
   */
  readonly trial: 'late' | 'twice' | 'race' | 'renamed' | 'removed';
  /** Of a fresh token that was used by the same path right before or right after what is tried; absent where this is what is tried. */
  readonly control?: 'before' | 'after';
  readonly row: string;
  readonly token: string;
  readonly outcome: 'attested' | 'refused' | 'unknown';
  readonly code?: string;
  readonly message?: string;
  /** When it was presented, on a connection that stood by then, in milliseconds since the start of the run. */
  readonly beganMs: number;
  /** When the answer was read; absent where the entry itself was written then. */
  readonly endedMs?: number;
  /** host:port of our end of the connection, as the server's audit log names its caller. */
  readonly from?: string;
  /** What an attested agent was given: the ID of its SVID, and what is wrong with the SVID, or null. */
  readonly svid?: { readonly spiffeId: string; readonly fault: string | null };
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
  /** host:port that the call came from, as the server saw it. */
  readonly caller?: string;
  /** When the server wrote it, by its own clock, in milliseconds since the start of the run. */
  readonly writtenMs?: number;
  /** The reason that it gives for a refusal. */
  readonly message?: string;
}

/** A search for secrets in all that the run keeps, made at its end. */
export interface Search {
  readonly kind: 'search';
  /** Whether everything that writes there had ended by then. */
  readonly whole: boolean;
  /** Where, in words. */
  readonly places: readonly string[];
  /** Our names for the join tokens and for the private keys that were looked for; private keys of any kind were, beside them. */
  readonly tokens: readonly string[];
  readonly keys: readonly string[];
  readonly found: readonly FoundSecret[];
}

export interface FoundSecret {
  /** Our name for it. */
  readonly secret: string;
  readonly place: string;
  /** How it stands there: as it is, or encoded, in words. */
  readonly form: string;
}

/** How long a join token lives that the deployment made, or the server by itself when it was told no time. */
export interface TokenLife {
  readonly kind: 'token-life';
  /** Our name for the token. */
  readonly token: string;
  /** What the server was asked for; null where no time was given. */
  readonly askedSeconds: number | null;
  /** From the server's answer to the expiry that it gives; null where it made no token. */
  readonly livesSeconds: number | null;
  /** The server's reason for making none. */
  readonly message?: string;
}

/** A clause that does not apply here: to the whole target, or to one node of it, in one role where that is named. */
export interface Skip {
  readonly kind: 'skip';
  readonly clause: string;
  readonly node?: string;
  readonly role?: 'server' | 'client';
  readonly reason: string;
  /** What the clause warns of cannot come about here, so that nothing was left out. */
  readonly moot?: true;
  /** Whoever runs the target allowed what would have shown it, and it was not done for this reason. */
  readonly allowedInVain?: true;
}

/** Something is about to be written to a mesh that others run, and cannot be taken back. */
export interface Written {
  readonly kind: 'written';
  /** In words. */
  readonly what: string;
  /** host:port */
  readonly at: string;
  /** Until then it has an effect. */
  readonly until: string;
  /** What becomes of it, in words. */
  readonly then: string;
  /** It did not come about after all. */
  readonly undone?: true;
}

/** A row of a benchmark that is to be measured: one distribution. One that is planned and not measured is inconclusive. */
export interface BenchRow {
  readonly kind: 'bench-row';
  readonly row: string;
  /** What is timed from its moment due to its end, in words, where that is no handshake. Its samples know no parts then. */
  readonly times?: string;
  /** Who makes the handshakes. */
  readonly generator: 'assay' | 'k6' | 's_time';
  /** Open: on a schedule that waits for no answer. Closed: each after the one before. */
  readonly loop: 'open' | 'closed';
  /** What the generator verifies of the server, in words. */
  readonly verifies: string;
  /** The node that is called, and what runs there. */
  readonly node: string;
  readonly implementation: string;
  /** What goes on meanwhile: nothing, or a fault or a rotation, by the name of its phase. */
  readonly phase: string;
  readonly resumed: boolean;
  /** Kind of the keys that either side shows. */
  readonly key: string;
  /** The one group that the caller offers for the key exchange; absent where the choice is free. */
  readonly group?: string;
  /** Certificates that either side shows, its leaf included; absent where nobody asked for any number. */
  readonly chain?: number;
  /** The server asks for no certificate; absent where TLS is mutual. */
  readonly serverOnly?: true;
  /** Connections that may be under way at once. */
  readonly atMost: number;
  readonly arrivals?: 'constant' | 'poisson';
  /** Of an open loop. */
  readonly wantedPerSecond?: number;
  readonly seconds: number;
  /** Windows of equal length in which it is measured, in turn with the other rows of its phase; absent for one. */
  readonly rounds?: number;
  /** The row that it measures once more; absent where it is none of that kind. */
  readonly again?: string;
  /** It measures a server of ours and no node: beside the rows of nodes, or for its own sake. */
  readonly yardstick?: 'beside' | 'alone';
  /** The kind of program that is called, where there is a yardstick of that kind; absent for any other, and where nobody knows. */
  readonly on?: 'Node.js';
  /** Generators that shared the schedule; absent for one. */
  readonly shards?: number;
}

/** The time in which a row was measured. */
export interface BenchWindow {
  readonly kind: 'bench-window';
  readonly row: string;
  /** Which one of several, from 1; absent where there is one. */
  readonly round?: number;
  readonly state: 'begun' | 'ended';
  /** It was ended before its time. */
  readonly cut?: true;
  /** What kept it from being measured, in words; absent where nothing did. */
  readonly failed?: string;
  /**
   * Of the generator, in the time that it measured: processor time, and the most connections that it had under way. Of a row in rounds the last one
   * tells of all.
   */
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly inFlight?: number;
  /** Connections that were due until its end; absent where the generator lays none down. */
  readonly due?: number;
  /** Processor time of the node in the same time; absent where nobody can know. */
  readonly nodeCpuMs?: number;
}

/**
 * Connections of a row that were answered. Each is when it was due and when it was begun, in microseconds since the start of the run, then how many
 * microseconds after it was begun TCP was connected, TLS finished on the caller's side and the answer read; last, 1 where a session was resumed.
 */
export interface BenchSamples {
  readonly kind: 'bench-samples';
  readonly row: string;
  readonly round?: number;
  readonly samples: readonly BenchSample[];
}

export type BenchSample = readonly [
  dueUs: number,
  begunUs: number,
  tcpUs: number,
  tlsUs: number,
  answerUs: number,
  resumed: 0 | 1,
];

/** A connection of a row that was not answered: an error, and never a latency. */
export interface BenchLost {
  readonly kind: 'bench-lost';
  readonly row: string;
  readonly round?: number;
  readonly dueMs: number;
  readonly begunMs: number;
  readonly tookMs: number;
  readonly detail: string;
}

/** What a generator that keeps its samples to itself told of a row. */
export interface BenchTold {
  readonly kind: 'bench-told';
  readonly row: string;
  readonly count: number;
  readonly errors: number;
  readonly perSecond: number;
  /** Of the TLS handshake, by percentile; absent where it tells none. */
  readonly handshakeMs?: Readonly<Record<string, number>>;
}

/** What else the machine did while a row was measured. */
export interface BenchMachine {
  readonly kind: 'bench-machine';
  readonly row: string;
  /** Average number of what wanted a processor, over the last minute, as the row began. */
  readonly loadAverage: number;
  readonly processors: number;
  /** Share of their time that the host took away. */
  readonly stolen: number;
  /** Share of their time that programs had which have no part in the run; absent where nobody can tell them apart. */
  readonly others?: number;
  /** The most threads that were seen to run or wait for a processor at once. */
  readonly runQueue: number;
  /** Time for which this control group was kept from running; absent where the kernel does not tell. */
  readonly throttledMs?: number;
}

/** A failure that somebody accepted before the run, by a line of the file that `--accept` named. */
export interface AcceptedFailure {
  readonly kind: 'accepted';
  readonly clause: string;
  readonly reason: string;
  readonly owner: string;
  /** The last day on which it is accepted, in UTC, as 2026-12-31. */
  readonly until: string;
  readonly file: string;
  /** Of the file, in hex. */
  readonly sha256: string;
}

/** A bound that what is measured has to keep, as the person who started it wrote it. */
export interface Objective {
  readonly kind: 'objective';
  readonly objective: string;
  readonly percentile: number;
  readonly boundMs: number;
}

/** A row of an earlier run beside which this one is compared, as that run's history told it. */
export interface BaselineRow {
  readonly kind: 'baseline';
  /** Id of the run. */
  readonly run: string;
  /** The version of the generator and yardstick that it was measured by. */
  readonly generator: string;
  readonly row: string;
  /** By percentile. */
  readonly figures: readonly ComparedFigure[];
  /** What else its machine did beside it and not beside the yardstick, so that it may look slower than it was, in words. */
  readonly slowed: readonly string[];
  /** What else its machine did beside the yardstick, in words. */
  readonly besideSlowed: readonly string[];
  /** The node runs elsewhere, so that it is no matter of this machine alone how long it takes. */
  readonly elsewhere?: true;
  /** The share of a slowdown that is no matter. */
  readonly allowed: number;
}

/** A percentile from the moment due, as far as it takes to compare it, in milliseconds. */
export interface ComparedFigure {
  readonly percentile: number;
  readonly ms: number;
  /** Counted from when the generator began. */
  readonly begunMs: number;
  /** Where it lies with a confidence of 95 %. */
  readonly lowMs: number;
  readonly highMs: number;
  /** By how much one half of the rounds differed from the other, at most, as a share: what is the same differs by so much. */
  readonly apart: number;
  /** Beside the yardstick that was measured in turn with it; null for that itself. */
  readonly ratio: RatioFigure | null;
}

/** How many times as long one thing took as another. */
export interface RatioFigure {
  readonly value: number;
  /** Where it lies with a confidence of 95 %. */
  readonly low: number;
  readonly high: number;
  /** By how much one half of the rounds differed from the other, at most, as a share. */
  readonly apart: number;
}

/** A pass of a certification began or ended: a whole plan, with a timing of its own. What is recorded between is judged by itself. */
export interface PassMark {
  readonly kind: 'pass';
  readonly pass: string;
  readonly state: 'begun' | 'ended';
  readonly title: string;
  /** What a pass of this kind and length cannot show, each in a sentence. */
  readonly cannotShow: readonly string[];
  /** The clauses that it does not look at, of those that the run was asked; absent where it looks at all. */
  readonly leavesOut?: readonly string[];
}

/** A self-test began or ended. What it found stands between, whether it was made now or kept from an earlier one. */
export interface SelfTestMark {
  readonly kind: 'self-test';
  readonly state: 'begun' | 'ended';
  /** When it was made, in UTC. */
  readonly madeAt: string;
  /** It was made by an earlier run of the same code on a machine like this. */
  readonly kept: boolean;
  readonly cores: number;
  /** Of what it rests on. */
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of Assay's own code, in hex. */
  readonly code: string;
  /** At its end: how many were judged again, as the machine was too busy to tell or their company failed them. */
  readonly again?: number;
  /** At its end: those that were not tried, as a program that they are made of cannot be had on that machine. */
  readonly leftOut?: readonly { readonly program: string; readonly why: string; readonly count: number }[];
}

/** An implementation that is known to be wrong was judged. */
export interface TriedImpostor {
  readonly kind: 'impostor';
  readonly impostor: string;
  /** The clause that it breaks. */
  readonly breaks: string;
  /** `caught`: for that clause, and for the reason that it has to give. `open`: by a machine that was too busy. */
  readonly outcome: 'caught' | 'missed' | 'open';
  /** What the clause said of it instead; absent where it was caught. */
  readonly said?: string;
}

/** An implementation that is known to be right was judged. */
export interface TriedConformer {
  readonly kind: 'conformer';
  readonly conformer: string;
  /** The suites, a scenario, or what it stood beside. */
  readonly by: string;
  /** `open`: by a machine that was too busy. */
  readonly outcome: 'right' | 'alarm' | 'open';
  /** The clauses that it did not pass, and why. */
  readonly said: readonly { readonly clause: string; readonly reason: string }[];
}

/** The harness' own trouble: turns the clauses it names (all when none are named) into inconclusive. */
export interface Trouble {
  readonly kind: 'trouble';
  readonly clauses: readonly string[];
  readonly message: string;
  /** What was seen to be broken may have been right: a fail is left open, too. */
  readonly evenFails?: true;
  /** Of a trouble that leaves fails open, the line up to which it had not come about: what was broken by then was. */
  readonly notBefore?: number;
  /** The nodes under test that did not get ready, where that was it; absent where none was. */
  readonly notReady?: readonly NotReady[];
}

/** A node under test that did not get ready, so that nothing of it could be looked at. */
export interface NotReady {
  readonly node: string;
  /** What it did instead, in words. */
  readonly how: string;
  /** The last lines that it wrote; empty where it wrote none. */
  readonly lastWords: string;
  /** Path of its log. */
  readonly log: string;
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

/** How an exchange is named among those that were under way when a node ended. */
export function nameOfExchange({ clause, row, role }: Pick<Exchange, 'clause' | 'row' | 'role'>): string {
  return `${clause} as ${role}: ${row}`;
}

/** The entry that says that `node` holds or presents this SVID. */
export function svidSeen(node: string, seen: SvidSeen['seen'], certificate: Certificate): SvidSeen {
  return {
    kind: 'svid',
    node,
    seen,
    spiffeId: certificate.uriSans[0] ?? '',
    serial: certificate.serial,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    authority: authorityId(certificate) ?? '',
    publicKey: publicKeyId(certificate),
  };
}
