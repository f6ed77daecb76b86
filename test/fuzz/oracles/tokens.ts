import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { ofKind, skipped } from './entries.ts';

type Use = EntryOf<'token'>;

// From the documentation: docs/decisions/0015-what-ties-an-attempt.md and the titles of the clauses.

const lastSecond = -1;
const troubles = [
  ...['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED'],
  ...['INTERNAL', 'UNKNOWN', 'UNIMPLEMENTED', 'DATA_LOSS'],
];

function lostItsRecord(use: Use): boolean {
  return use.code === 'INTERNAL' && /delete join token/i.test(use.message ?? '');
}

/** No answer, or one that is about the server and not about the token. */
function saysNothing(use: Use): boolean {
  if (use.outcome === 'unknown') return true;
  return use.outcome === 'refused' && troubles.includes(use.code ?? '') && !lostItsRecord(use);
}

/** What was tried again with another token, because a use of this one said nothing. */
function isReplaced(use: Use, among: readonly Use[]): boolean {
  for (const bad of among) {
    if (bad.token !== use.token || !saysNothing(bad)) continue;
    for (const later of among)
      if (later.index > bad.index && later.trial === bad.trial && later.row === bad.row && later.token !== bad.token)
        return true;
  }
  return false;
}

function tried(history: History, trial: Use['trial']): Use[] {
  return ofKind(history, 'token').filter((use) => use.trial === trial && use.control === undefined);
}

function none(history: History, id: string): Verdict {
  return skipped(history, { id }).length > 0 ? 'skipped' : 'inconclusive';
}

/** Fresh tokens that attested before the use and after it, and none that did not. */
function isBetweenFresh(history: History, use: Use, alsoBefore: readonly Use[] = []): boolean {
  const all = ofKind(history, 'token').filter((other) => other.trial === use.trial && other.control !== undefined);
  const fresh = all.filter((other) => !isReplaced(other, all));
  for (const other of fresh) {
    if (other.outcome !== 'attested' || other.secondsToExpiry <= 0) return false;
    if (other.svid !== undefined && other.svid.fault !== null) return false;
  }
  const before = [...fresh, ...alsoBefore].some((other) => other.index < use.index);
  return before && fresh.some((other) => other.index > use.index);
}

const attests: Oracle = (history, { id }) => {
  const good: Use[] = [];
  const firsts = new Set<string>();
  for (const use of ofKind(history, 'token')) {
    if (use.control !== undefined) good.push(use);
    else if (use.trial === 'twice' && !firsts.has(use.token)) {
      firsts.add(use.token);
      good.push(use);
    }
  }
  if (good.length === 0) return none(history, id);
  for (const use of good) {
    if (use.outcome === 'refused' && !saysNothing(use) && use.secondsToExpiry > 0) return 'fail';
    if (use.svid !== undefined && use.svid.fault !== null) return 'fail';
  }
  for (const use of good)
    if (!isReplaced(use, good) && (saysNothing(use) || use.secondsToExpiry <= 0)) return 'inconclusive';
  return 'pass';
};

const expires: Oracle = (history, { id }) => {
  const uses = tried(history, 'late');
  if (uses.length === 0) return none(history, id);
  for (const use of uses) if (use.outcome === 'attested' && use.secondsToExpiry <= lastSecond) return 'fail';
  let decided = false;
  for (const use of uses) {
    if (isReplaced(use, uses)) continue;
    if (saysNothing(use) || use.secondsToExpiry > 0) return 'inconclusive';
    if (use.secondsToExpiry > lastSecond) continue;
    if (use.code !== 'INVALID_ARGUMENT' || !/expired/i.test(use.message ?? '')) return 'inconclusive';
    if (!isBetweenFresh(history, use)) return 'inconclusive';
    decided = true;
  }
  return decided ? 'pass' : 'inconclusive';
};

function onlyOnce(trial: 'twice' | 'removed'): Oracle {
  return (history, { id }) => {
    const uses = tried(history, trial);
    if (uses.length === 0) return none(history, id);
    const counts = new Map<string, number>();
    for (const { token, outcome } of uses) if (outcome === 'attested') counts.set(token, (counts.get(token) ?? 0) + 1);
    for (const count of counts.values()) if (count > 1) return 'fail';
    const kept = uses.filter((use) => !isReplaced(use, uses));
    const firsts = kept.filter(({ outcome }) => outcome === 'attested');
    const seconds = kept.filter(({ outcome }) => outcome === 'refused');
    if (kept.some(saysNothing) || firsts.length === 0 || seconds.length === 0) return 'inconclusive';
    // Each token attests first, and is refused after that.
    for (const first of firsts) if (!seconds.some(({ token }) => token === first.token)) return 'inconclusive';
    for (const second of seconds) {
      if (!firsts.some(({ token, index }) => token === second.token && index < second.index)) return 'inconclusive';
      if (second.secondsToExpiry <= 0 || second.code !== 'INVALID_ARGUMENT') return 'inconclusive';
      if (!isBetweenFresh(history, second, firsts)) return 'inconclusive';
    }
    return 'pass';
  };
}

const ownAgent: Oracle = (history, { id }) => {
  const uses = tried(history, 'renamed');
  if (uses.length === 0) return none(history, id);
  for (const use of uses)
    if (use.svid !== undefined && !use.svid.spiffeId.endsWith(`/spire/agent/join_token/[${use.token}]`)) return 'fail';
  for (const use of uses) {
    if (isReplaced(use, uses)) continue;
    if (saysNothing(use) || use.secondsToExpiry <= 0) return 'inconclusive';
    if (use.outcome === 'attested' && use.svid === undefined) return 'inconclusive';
    if (!isBetweenFresh(history, use)) return 'inconclusive';
  }
  return 'pass';
};

const race: Oracle = (history, { id }) => {
  const uses = tried(history, 'race');
  if (uses.length === 0) return none(history, id);
  const tokens = [...new Set(uses.map(({ token }) => token))];
  const races = tokens.map((token) => uses.filter((use) => use.token === token));
  for (const agents of races) if (agents.filter(({ outcome }) => outcome === 'attested').length > 1) return 'fail';
  // Beside a winner, one of whom nobody knows may be a second.
  for (const agents of races)
    if (['attested', 'unknown'].every((wanted) => agents.some(({ outcome }) => outcome === wanted)))
      return 'inconclusive';
  const real = races.filter(isRace);
  for (const agents of real) if (!agents.some(({ outcome }) => outcome === 'attested')) return 'fail';
  return real.length >= 3 ? 'pass' : 'inconclusive';
};

/** Eight agents, each under way before the first was answered, answered within half a second, and judged by their token. */
function isRace(agents: readonly Use[]): boolean {
  if (agents.length < 8) return false;
  for (const one of agents) {
    if (saysNothing(one) || one.secondsToExpiry <= 0) return false;
    for (const other of agents) {
      if (one.beganMs >= (other.endedMs ?? other.atMs)) return false;
      if (Math.abs((one.endedMs ?? one.atMs) - (other.endedMs ?? other.atMs)) >= 500) return false;
    }
  }
  return true;
}

export const tokenOracles: Oracles = {
  'mesh/tokens/attests-within-ttl': attests,
  'mesh/tokens/expired-refused': expires,
  'mesh/tokens/single-use': onlyOnce('twice'),
  'mesh/tokens/stays-used': onlyOnce('removed'),
  'mesh/tokens/own-agent': ownAgent,
  'mesh/tokens/race-one-winner': race,
};
