import type { Level } from '../clause.ts';
import type { Redacted } from '../history.ts';
import type { MeshPromise } from '../promises.ts';
import type { FaultRead } from '../reading/faults.ts';
import type { RotationCount } from '../reading/rotations.ts';
import type { Bench } from '../statistics/handshakes.ts';
import type { Knee } from '../statistics/knee.ts';
import type { Acceptance, AcceptanceReport } from './acceptance.ts';
import type { CertificationReport } from './certification.ts';
import type { LeftReport } from './left.ts';
import type { ObjectiveReport } from './objectives.ts';
import type { SelfTestReport } from './self-test.ts';
import type { RunCoverage } from '../requirements/coverage.ts';
import type { ClauseVerdict, RunVerdict, Verdict } from '../verdict.ts';

/**
 * What `report.json` holds. With `history.jsonl` beside it, it is all that any other report is made from.
 *
 * Times named `…AtMs` are milliseconds since the start of the run; evidence reads `history.jsonl#L12`, lines counted from 1.
 */
export interface Report {
  readonly schema: 1;
  readonly run: RunReport;
  readonly verdict: RunVerdict;
  readonly clauses: readonly ClauseReport[];
  readonly scenarios: readonly ScenarioReport[];
  readonly bench: readonly Bench[];
  /** Of a benchmark that searched for it: up to which rate the node keeps its latency. */
  readonly capacity?: Knee;
  /** Of a benchmark: what came of each bound that was set, on each row. Absent where none was. */
  readonly objectives?: readonly ObjectiveReport[];
  /** Of failures that somebody accepted beforehand: what came of each. Absent where none was. */
  readonly acceptances?: readonly AcceptanceReport[];
  /** Of a certification: its passes, and what it claims. Absent in every other run. */
  readonly certification?: CertificationReport;
  /** Of a run that tried Assay itself on implementations of which it is known whether they are right. Absent where none was tried. */
  readonly selfTest?: SelfTestReport;
  readonly planes: readonly PlaneReport[];
  /** What was written to a mesh that others run, and could not be taken back. Absent where nothing was. */
  readonly left?: readonly LeftReport[];
  readonly troubles: readonly TroubleReport[];
  /** By document, in the order of the catalogue; empty in a report that was written before it was counted. */
  readonly coverage: readonly RunCoverage[];
}

export interface RunReport {
  readonly id: string;
  readonly command: string;
  readonly startedAt: string;
  /** Where the run left no end of its own, the instant of its last entry. */
  readonly endedAt: string;
  readonly seed: number;
  readonly runtime: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly target: Readonly<Record<string, unknown>>;
  /** Why the run ended before its end, or null. */
  readonly aborted: string | null;
  /** Names and addresses were replaced, and what programs under test said was left out; absent where they were not. */
  readonly redacted?: Redacted;
}

export interface ClauseReport {
  readonly id: string;
  readonly catalogue: string | null;
  readonly level: Level;
  readonly spec: string;
  readonly verdict: ClauseVerdict;
  readonly reason: string;
  /** Of a run of several passes: what it came to in each that judged it. */
  readonly passes?: readonly InPass[];
  /** Of a fail that somebody accepted: it is none of the run's. */
  readonly accepted?: Acceptance;
  /** At most 20; `evidenceTotal` says how many there were. */
  readonly evidence: readonly string[];
  readonly evidenceTotal: number;
  /** Null where it belongs to none, and for an id that the catalogue in use does not know. */
  readonly promise: MeshPromise | null;
  readonly title: string;
  readonly danger: string;
}

/** What a clause came to in one pass of a run. */
export interface InPass {
  readonly pass: string;
  readonly verdict: ClauseVerdict;
  readonly reason: string;
}

export interface ScenarioReport {
  readonly id: string;
  /** Of a run of several passes: the one that it was part of. */
  readonly pass?: string;
  readonly hypothesis: string;
  /** Ids of the clauses that it decides. */
  readonly clauses: readonly string[];
  readonly verdict: Verdict;
  readonly findings: readonly string[];
  readonly faults: readonly FaultReport[];
  readonly beganAtMs: number;
  /** Null when the scenario never came to its end. */
  readonly endedAtMs: number | null;
  readonly boundsMs: Readonly<Record<string, number>>;
  readonly rotations: readonly RotationCount[];
  readonly requests: { readonly ok: number; readonly fail: number; readonly unknown: number };
}

/** `provenBy` and `healedProvenBy` are null where nothing outside of the injector saw the fault in force, or gone. */
export type FaultReport = Omit<FaultRead, 'missing'>;

export interface PlaneReport {
  readonly plane: string;
  readonly address: string;
  readonly policy: string;
  readonly why: string;
  /** `unobserved`: declared, and nothing in the history speaks of it. */
  readonly state: 'holds' | 'broken' | 'unknown' | 'unobserved';
  readonly found: string;
  readonly evidence: readonly string[];
}

export interface TroubleReport {
  readonly atMs: number;
  readonly message: string;
  readonly clauses: readonly string[];
  readonly evidence: readonly string[];
}
