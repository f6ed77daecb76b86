import type { Clause, Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { skippedOr } from './skipped.ts';

type Use = EntryOf<'token'>;

const leastRacers = 8;
// Servers compare whole seconds, and the second of the expiry itself still counts as good.
const lastSecond = 1;

function usesOf(history: History, trial: Use['trial']): Use[] {
  return entriesOf(history, 'token').filter((use) => use.trial === trial);
}

/** The first use of each token that is used twice: in time, and of a token that nobody used before. */
function firstUses(history: History): Use[] {
  const tokens = new Set<string>();
  return usesOf(history, 'twice').filter(({ token }) => tokens.size < tokens.add(token).size);
}

function undecided(history: History, clause: Clause, uses: readonly Use[]): Judgement | undefined {
  if (uses.length === 0) return skippedOr(history, clause, 'no join token was used to decide it');
  const unclear = uses.filter(({ outcome }) => outcome === 'unknown');
  if (unclear.length === 0) return undefined;
  return open(
    `could not tell what became of ${unclear[0]!.token}, ${unclear[0]!.row}: ${unclear[0]!.message ?? 'no answer'}`,
    unclear,
  );
}

function open(reason: string, uses: readonly Use[]): Judgement {
  return { verdict: 'inconclusive', reason, evidence: indexes(uses) };
}

/** The control of all the others: a token attests within its TTL. */
export const attestsWithinTtl: Judge = (history, clause) => {
  const uses = firstUses(history);
  const refused = uses.filter(({ outcome, secondsToExpiry }) => outcome === 'refused' && secondsToExpiry > 0);
  if (refused.length > 0)
    return {
      verdict: 'fail',
      reason: `${refused[0]!.token} was refused ${refused[0]!.secondsToExpiry.toFixed(1)} s before its expiry: ${refused[0]!.message ?? ''}`,
      evidence: indexes(refused),
    };
  const undone = undecided(history, clause, uses);
  if (undone !== undefined) return undone;
  const late = uses.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0) return open(`${late[0]!.token} was used only after its expiry`, late);
  return {
    verdict: 'pass',
    reason: `${uses.length} ${uses.length === 1 ? 'token' : 'tokens'} attested within the TTL`,
    evidence: indexes(uses),
  };
};

/** Past its TTL a token is refused, and for that reason. */
export const expiredRefused: Judge = (history, clause) => {
  const uses = usesOf(history, 'late');
  const accepted = uses.filter(
    ({ outcome, secondsToExpiry }) => outcome === 'attested' && secondsToExpiry <= -lastSecond,
  );
  if (accepted.length > 0)
    return {
      verdict: 'fail',
      reason: `${accepted[0]!.token} attested ${(-accepted[0]!.secondsToExpiry).toFixed(1)} s after its expiry`,
      evidence: indexes(accepted),
    };
  const undone = undecided(history, clause, uses) ?? withoutControl(history, clause);
  if (undone !== undefined) return undone;
  const early = uses.filter(({ secondsToExpiry }) => secondsToExpiry > -lastSecond);
  if (early.length > 0)
    return open(`${early[0]!.token} was used before its expiry, or in the very second of it`, early);
  // A server that has forgotten the token meanwhile refuses it too, and shows nothing of what it does with an expired one.
  const otherwise = uses.filter(({ code, message }) => code !== 'INVALID_ARGUMENT' || !/expired/i.test(message ?? ''));
  if (otherwise.length > 0)
    return open(
      `${otherwise[0]!.token} was refused, but not for its expiry: ${otherwise[0]!.code ?? ''}: ${otherwise[0]!.message ?? ''}`,
      otherwise,
    );
  return {
    verdict: 'pass',
    reason: `refused ${(-uses[0]!.secondsToExpiry).toFixed(1)} s after expiry: ${uses[0]!.message ?? ''}`,
    evidence: indexes(uses),
  };
};

/** The second use of a token is refused, whoever comes with it. */
export const singleUse: Judge = (history, clause) => {
  const uses = usesOf(history, 'twice');
  const attested = uses.filter(({ outcome }) => outcome === 'attested');
  const again = attested.filter(({ token, index }) =>
    attested.some((first) => first.token === token && first.index < index),
  );
  if (again.length > 0)
    return { verdict: 'fail', reason: `${again[0]!.token} attested a second time`, evidence: indexes(again) };
  const undone = undecided(history, clause, uses);
  if (undone !== undefined) return undone;
  const second = uses.filter(
    ({ token, index, outcome }) =>
      outcome === 'refused' && attested.some((first) => first.token === token && first.index < index),
  );
  if (second.length === 0 || uses.length > attested.length + second.length)
    return open('the first use of the token did not attest, or there was no second, so nothing was shown', uses);
  const late = second.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0)
    return open('the second use came after the expiry, so its refusal says nothing about the first', late);
  const otherwise = second.filter(({ code }) => code !== 'INVALID_ARGUMENT');
  if (otherwise.length > 0)
    return open(
      `the second use was refused, but not for what the token is: ${otherwise[0]!.code ?? ''}: ${otherwise[0]!.message ?? ''}`,
      otherwise,
    );
  return {
    verdict: 'pass',
    reason: `the second use was refused: ${second[0]!.message ?? ''}`,
    evidence: indexes(uses),
  };
};

/** Of several agents that race for one token exactly one wins. */
export const raceOneWinner: Judge = (history, clause) => {
  const uses = usesOf(history, 'race');
  const winners = uses.filter(({ outcome }) => outcome === 'attested');
  const tied = winners.filter(({ token, index }) =>
    winners.some((other) => other.token === token && other.index !== index),
  );
  if (tied.length > 0)
    return {
      verdict: 'fail',
      reason: `${tied.length} of ${uses.length} agents attested with one token`,
      evidence: indexes(tied),
    };
  const undone = undecided(history, clause, uses);
  if (undone !== undefined) return undone;
  if (new Set(uses.map(({ token }) => token)).size > 1) return open('the agents came with different tokens', uses);
  if (winners.length === 0 && uses.some(({ secondsToExpiry }) => secondsToExpiry <= 0))
    return open('the token was raced for after its expiry', uses);
  // A server that is too busy for them refuses them as well, and shows nothing of what it does with the token.
  // SPIRE tells some who lose by no more than a moment that the token's record was not there to be deleted.
  const lost = ({ code, message }: Use) => code === 'INVALID_ARGUMENT' || /join token/i.test(message ?? '');
  const otherwise = uses.filter((use) => use.outcome === 'refused' && !lost(use));
  if (otherwise.length > 0) {
    const why = `${otherwise[0]!.code ?? ''}: ${otherwise[0]!.message ?? ''}`;
    return open(`${otherwise.length} agents were refused, but not for what the token is: ${why}`, otherwise);
  }
  if (winners.length === 0)
    return {
      verdict: 'fail',
      reason: `none of ${uses.length} agents attested with a token that was good`,
      evidence: indexes(uses),
    };
  if (uses.length < leastRacers) return open(`only ${uses.length} agents raced`, uses);
  // Who comes when another is through races nobody.
  const firstEndMs = Math.min(...uses.map(({ atMs }) => atMs));
  const late = uses.filter(({ beganMs }) => beganMs > firstEndMs);
  if (late.length > 0)
    return open(`${late.length} of ${uses.length} agents came when another was through already`, late);
  return {
    verdict: 'pass',
    reason: `1 of ${uses.length} agents that raced for one token attested`,
    evidence: indexes(uses),
  };
};

function withoutControl(history: History, clause: Clause): Judgement | undefined {
  const control = attestsWithinTtl(history, clause);
  return control.verdict === 'pass'
    ? undefined
    : { ...control, verdict: 'inconclusive', reason: `its control did not hold: ${control.reason}` };
}
