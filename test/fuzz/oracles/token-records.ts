import type { AuditRecord, EntryOf } from '../../../src/history.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { ofKind, skipped } from './entries.ts';

type Use = EntryOf<'token'>;

const lives: Oracle = (history, clause) => {
  const all = ofKind(history, 'token-life');
  if (all.length === 0) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
  let made = 0;
  for (const { askedSeconds, livesSeconds } of all) {
    if (livesSeconds === null) continue;
    made++;
    // Whole seconds: what is told may lie up to one beyond what was asked for.
    if ((askedSeconds ?? 0) > 300 || livesSeconds >= 301) return 'fail';
  }
  if (made === 0) return 'inconclusive';
  return all.some(({ askedSeconds, livesSeconds }) => livesSeconds === null && askedSeconds !== null)
    ? 'inconclusive'
    : 'pass';
};

const audited: Oracle = (history, clause) => {
  const logs = ofKind(history, 'audit-log');
  if (logs.length === 0) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
  const all = ofKind(history, 'token');
  const uses = all.filter(({ outcome }) => outcome !== 'unknown');
  const both = ['attested', 'refused'].every((outcome) => uses.some((use) => use.outcome === outcome));
  const complete = logs.map(({ records }) => eachHasItsOwn(uses, records));
  if (uses.length > 0 && complete.includes(false)) return 'fail';
  // Nobody knows what the record of such a one was to say.
  if (all.length > uses.length) return 'inconclusive';
  return both ? 'pass' : 'inconclusive';
};

/** Whether records can be dealt out so that each use has one: whoever lacks one asks those that hold a fitting one to take another. */
function eachHasItsOwn(uses: readonly Use[], records: readonly AuditRecord[]): boolean {
  const byAddress = uses.some(({ from }) => from !== undefined && records.some(({ caller }) => caller === from));
  const holder = new Map<AuditRecord, Use>();
  const finds = (use: Use, asked: Set<AuditRecord>): boolean => {
    for (const record of records) {
      if (asked.has(record) || !isOf(use, record, byAddress)) continue;
      asked.add(record);
      const other = holder.get(record);
      if (other !== undefined && !finds(other, asked)) continue;
      holder.set(record, use);
      return true;
    }
    return false;
  };
  return uses.every((use) => finds(use, new Set()));
}

function isOf(use: Use, { status, token, caller, writtenMs, message }: AuditRecord, byAddress: boolean): boolean {
  if (byAddress && caller !== use.from) return false;
  const endedMs = use.endedMs ?? use.atMs;
  if (writtenMs !== undefined && (writtenMs < use.beganMs - 1_000 || writtenMs > endedMs + 1_000)) return false;
  if (use.outcome === 'attested') return status === 'success' && token === use.token;
  return status === 'error' && (message === undefined || (use.message ?? '').endsWith(message));
}

const leaks: Oracle = (history, clause) => {
  const searches = ofKind(history, 'search');
  if (searches.some(({ found }) => found.length > 0)) return 'fail';
  const telling = searches.filter(({ tokens }) => tokens.length > 0);
  if (telling.length === 0) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
  return telling.every(({ whole, places }) => whole && places.length > 0) ? 'pass' : 'inconclusive';
};

export const tokenRecordOracles: Oracles = {
  'mesh/tokens/policy-ttl': lives,
  'mesh/tokens/audit-log': audited,
  'mesh/tokens/not-in-our-logs': leaks,
};
