import type { Level } from '../clause.ts';

/**
 * The side that a requirement binds, which is the side under test. Brokers count as `workload-api-client`, the broker endpoint
 * as `workload-api-server`, producers of bundle maps as `bundle-endpoint-server`.
 */
export type Subject =
  | 'validator'
  | 'issuer'
  | 'operator'
  | 'workload-api-server'
  | 'workload-api-client'
  | 'bundle-endpoint-server'
  | 'bundle-endpoint-client';

/**
 * What it takes to decide a requirement.
 *
 * - `black-box`: inputs and observed behaviour decide.
 * - `white-box`: configuration, files or logs of the system are needed.
 * - `no`: no program can decide it.
 */
export type Testable = 'black-box' | 'white-box' | 'no';

/**
 * A requirement is one thing that one document asks for, in our own words; the document decides in case of doubt.
 *
 * Source: spiffe/spiffe at 665a28f3253ecdce59f26f3ef29c0d6408b37c3d (2026-07-01) and the two deployment documents of the mesh.
 * SPIFFE.md and STABILITY.md hold no requirement on implementations.
 */
export interface Requirement {
  /**
   * Document, section or area, and a number in reading order: `X509-SVID-5.2-06`, `MESH-TOK-02`. `A` and `B.1` are appendices,
   * `SCHEMA` is the JSON schema. It never changes: a new requirement gets the next free number, that of a withdrawn one is not used again.
   */
  readonly id: string;
  /** The deployment documents use no keywords: there the level is ours, MUST where it is stated, SHOULD where it is implied or advice. */
  readonly level: Level;
  /** Document and section; more than one where a requirement stands in several places. */
  readonly source: string;
  /** Whether the document says it with a keyword of RFC 2119, and not in lower case or as a fact. */
  readonly keyword: boolean;
  /** What has to hold, in one sentence. */
  readonly rule: string;
  readonly subject: Subject;
  readonly testable: Testable;
  /** How a check decides it. */
  readonly how: string;
  /** What a broken implementation does that the check has to catch, or null where none makes sense. */
  readonly mutant: string | null;
  /** The telemetry of SPIRE that answers for it, where the rule names a metric. */
  readonly mapsTo?: TelemetryMapping;
}

/**
 * The telemetry mapping of a requirement says how near SPIRE's own metrics come to the one that a document names.
 *
 * Source: doc/telemetry/telemetry.md of SPIRE v1.15.3; the names for Prometheus are not read off a running server.
 */
export interface TelemetryMapping {
  readonly fit: 'exact' | 'near' | 'partial' | 'none';
  /** The keys of the metric as SPIRE documents them; empty where it has none. */
  readonly keys: readonly string[];
  /** The type of the metric, null where SPIRE has none. A call counter also gives `_elapsed_time` and a label `status`. */
  readonly type: 'Counter' | 'Call Counter' | 'Gauge' | null;
  /** Prefix and keys joined by `_`, as in SPIRE's own Grafana dashboard; SPIRE adds no `_total`. Null where it has none. */
  readonly prometheus: string | null;
  readonly note: string | null;
}
