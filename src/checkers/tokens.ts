import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { skippedOr } from './skipped.ts';

type Use = EntryOf<'token'>;

const clauses = {
  attests: 'tokens/attests-within-ttl', expired: 'tokens/expired-refused', once: 'tokens/single-use', race: 'tokens/race-one-winner',
} as const;

function usesOf(history: History, clause: string): Use[] {
  return entriesOf(history, 'token').filter((use) => use.clause === clause);
}

function undecided(history: History, clause: string, uses: readonly Use[]): Judgement | undefined {
  if (uses.length === 0) return skippedOr(history, clause, 'no join token was used to decide it');
  const unclear = uses.filter(({ outcome }) => outcome === 'unknown');
  if (unclear.length === 0) return undefined;
  return { verdict: 'inconclusive', reason: `could not tell what became of ${unclear[0]!.token}, ${unclear[0]!.row}: ${unclear[0]!.message ?? 'no answer'}`, evidence: indexes(unclear) };
}

/** The control of all the others: a token attests within its TTL. */
export function attestsWithinTtl(history: History): Judgement {
  const uses = usesOf(history, clauses.attests);
  const refused = uses.filter(({ outcome }) => outcome === 'refused');
  if (refused.length > 0) return { verdict: 'fail', reason: `${refused[0]!.token} was refused ${refused[0]!.secondsToExpiry.toFixed(1)} s before its expiry: ${refused[0]!.message ?? ''}`, evidence: indexes(refused) };
  return undecided(history, clauses.attests, uses)
    ?? { verdict: 'pass', reason: `${uses.length} tokens attested within their TTL`, evidence: indexes(uses) };
}

/** Past its TTL a token is refused, and for that reason. */
export function expiredRefused(history: History): Judgement {
  const uses = usesOf(history, clauses.expired);
  const accepted = uses.filter(({ outcome }) => outcome === 'attested');
  if (accepted.length > 0) return { verdict: 'fail', reason: `${accepted[0]!.token} attested ${(-accepted[0]!.secondsToExpiry).toFixed(1)} s after its expiry`, evidence: indexes(accepted) };
  const open = undecided(history, clauses.expired, uses) ?? withoutControl(history);
  if (open !== undefined) return open;
  const early = uses.filter(({ secondsToExpiry }) => secondsToExpiry >= 0);
  if (early.length > 0) return { verdict: 'inconclusive', reason: `${early[0]!.token} was used before its expiry`, evidence: indexes(early) };
  const otherwise = uses.filter(({ code, message }) => code !== 'INVALID_ARGUMENT' || !/expired/i.test(message ?? ''));
  if (otherwise.length > 0) return { verdict: 'fail', reason: `${otherwise[0]!.token} was refused, but not for its expiry: ${otherwise[0]!.code}: ${otherwise[0]!.message ?? ''}`, evidence: indexes(otherwise) };
  return { verdict: 'pass', reason: `refused ${(-uses[0]!.secondsToExpiry).toFixed(1)} s after expiry: ${uses[0]!.message ?? ''}`, evidence: indexes(uses) };
}

/** The second use of a token is refused, whoever comes with it. */
export function singleUse(history: History): Judgement {
  const uses = usesOf(history, clauses.once);
  const again = uses.filter(({ expect, outcome }) => expect === 'refused' && outcome === 'attested');
  if (again.length > 0) return { verdict: 'fail', reason: `${again[0]!.token} attested a second time`, evidence: indexes(again) };
  const open = undecided(history, clauses.once, uses);
  if (open !== undefined) return open;
  const first = uses.filter(({ expect }) => expect === 'attested');
  const second = uses.filter(({ expect }) => expect === 'refused');
  if (first.length === 0 || first.some(({ outcome }) => outcome !== 'attested') || second.length === 0) {
    return { verdict: 'inconclusive', reason: 'the first use of the token did not attest, so the second says nothing', evidence: indexes(uses) };
  }
  const late = second.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0) return { verdict: 'inconclusive', reason: 'the second use came after the expiry, so its refusal says nothing about the first', evidence: indexes(late) };
  return { verdict: 'pass', reason: `the second use was refused: ${second[0]!.message ?? ''}`, evidence: indexes(uses) };
}

/** Of several agents that race for one token exactly one wins. */
export function raceOneWinner(history: History): Judgement {
  const uses = usesOf(history, clauses.race);
  const winners = uses.filter(({ outcome }) => outcome === 'attested');
  if (winners.length > 1) return { verdict: 'fail', reason: `${winners.length} of ${uses.length} agents attested with one token`, evidence: indexes(winners) };
  const open = undecided(history, clauses.race, uses);
  if (open !== undefined) return open;
  if (winners.length === 0) return { verdict: 'fail', reason: `none of ${uses.length} agents attested with a token that was good`, evidence: indexes(uses) };
  if (uses.length < 8) return { verdict: 'inconclusive', reason: `only ${uses.length} agents raced`, evidence: indexes(uses) };
  return { verdict: 'pass', reason: `1 of ${uses.length} agents that raced for one token attested`, evidence: indexes(uses) };
}

function withoutControl(history: History): Judgement | undefined {
  const control = attestsWithinTtl(history);
  return control.verdict === 'pass' ? undefined : { ...control, verdict: 'inconclusive', reason: `its control did not hold: ${control.reason}` };
}
