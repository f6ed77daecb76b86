import type { AuditRecord } from '../history.ts';
import { endOf, type Use } from './token-uses.ts';

// An audit record names no token that was refused, so that a refusal is tied to the attempt: to our end of the connection that it came over, to
// the reason that was given, and to its time.

/** How a log ties a refusal to the attempt: `address` where it names our ends of the connections, `time` where it names others. */
export type Tie = 'address' | 'time';

export interface AuditTrail {
  readonly tiedBy: Tie;
  /** Uses that the server answered, without a record of their own. */
  readonly missing: readonly Use[];
}

// The server writes a record after it has answered, and a busy machine may let either of us wait for a while.
const slackMs = 1_000;

/**
 * Finds each use its own record, as many as can have one: a record serves one use.
 *
 * A log behind a proxy or a translation of addresses names none of our ends; then time and reason are all that ties a refusal to its attempt.
 */
export function auditTrail(uses: readonly Use[], records: readonly AuditRecord[]): AuditTrail {
  const callers = new Set(records.map(({ caller }) => caller));
  const tiedBy: Tie = uses.some(({ from }) => from !== undefined && callers.has(from)) ? 'address' : 'time';
  const left = new Set(uses.filter(({ outcome }) => outcome !== 'unknown'));
  // The earliest record goes to the use that can wait the least for one: so no use misses what another could have spared.
  for (const record of [...records].sort(byTime)) {
    const [next] = [...left].filter((use) => fits(use, record, tiedBy)).sort((one, other) => endOf(one) - endOf(other));
    if (next !== undefined) left.delete(next);
  }
  return { tiedBy, missing: [...left] };
}

function byTime(one: AuditRecord, other: AuditRecord): number {
  return (one.writtenMs ?? 0) - (other.writtenMs ?? 0);
}

function fits(use: Use, record: AuditRecord, tiedBy: Tie): boolean {
  if (tiedBy === 'address' && record.caller !== use.from) return false;
  if (record.writtenMs !== undefined && !isDuring(use, record.writtenMs)) return false;
  if (use.outcome === 'attested') return record.status === 'success' && record.token === use.token;
  return record.status === 'error' && (record.message === undefined || (use.message ?? '').endsWith(record.message));
}

function isDuring(use: Use, writtenMs: number): boolean {
  return writtenMs >= use.beganMs - slackMs && writtenMs <= endOf(use) + slackMs;
}
