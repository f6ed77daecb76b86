import { ofOwnRecords, type Clause } from '../clause.ts';
import type { History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { broken, nothingTried, open, refusedForToken, said, telling, unclear, usesOf } from './token-uses.ts';
import type { Trial, Use } from './token-uses.ts';

// Servers compare whole seconds, and the second of the expiry itself still counts as good.
const lastSecond = 1;

/** Uses of a good token: the first of each that is used twice, and the controls of all that is tried. */
function freshUses(history: History, ...trials: readonly Trial[]): Use[] {
  const tokens = new Set<string>();
  return usesOf(history, ...trials).filter(
    ({ trial, control, token }) => control !== undefined || (trial === 'twice' && tokens.size < tokens.add(token).size),
  );
}

/** The control of all the others: a token attests within its TTL, and the agent is given a right SVID. */
export const attestsWithinTtl = ofOwnRecords((history, clause) => {
  const all = freshUses(history, 'late', 'twice', 'race', 'renamed', 'removed');
  if (all.length === 0) return nothingTried(history, clause);
  const refused = all.filter((use) => refusedForToken(use) && use.secondsToExpiry > 0);
  if (refused.length > 0)
    return broken(
      `${refused[0]!.token} was refused ${refused[0]!.secondsToExpiry.toFixed(1)} s before its expiry: ${refused[0]!.message ?? ''}`,
      refused,
    );
  const faulty = all.filter(({ svid }) => svid !== undefined && svid.fault !== null);
  if (faulty.length > 0)
    return broken(`${faulty[0]!.token} attested an agent, but its SVID is wrong: ${faulty[0]!.svid!.fault}`, faulty);
  const uses = telling(all);
  const undone = unclear(uses);
  if (undone !== undefined) return undone;
  const late = uses.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0) return open(`${late[0]!.token} was used only after its expiry`, late);
  return {
    verdict: 'pass',
    reason: `${uses.length} ${uses.length === 1 ? 'token' : 'tokens'} attested within the TTL`,
    evidence: indexes(uses),
  };
});

/** Past its TTL a token is refused, and for that reason. */
export const expiredRefused = ofOwnRecords((history, clause) => {
  const all = usesOf(history, 'late').filter(({ control }) => control === undefined);
  if (all.length === 0) return nothingTried(history, clause);
  const accepted = all.filter(
    ({ outcome, secondsToExpiry }) => outcome === 'attested' && secondsToExpiry <= -lastSecond,
  );
  if (accepted.length > 0)
    return broken(
      `${accepted[0]!.token} attested ${(-accepted[0]!.secondsToExpiry).toFixed(1)} s after its expiry`,
      accepted,
    );
  const tried = telling(all);
  const undone = unclear(tried);
  if (undone !== undefined) return undone;
  const early = tried.filter(({ secondsToExpiry }) => secondsToExpiry > 0);
  if (early.length > 0) return open(`${early[0]!.token} was used before its expiry`, early);
  const late = tried.filter(({ secondsToExpiry }) => secondsToExpiry <= -lastSecond);
  if (late.length === 0)
    return open(`${tried[0]!.token} was used in the very second of its expiry, and not later`, tried);
  // A server that has forgotten the token meanwhile refuses it too, and shows nothing of what it does with an expired one.
  const otherwise = late.filter(({ code, message }) => code !== 'INVALID_ARGUMENT' || !/expired/i.test(message ?? ''));
  if (otherwise.length > 0)
    return open(`${otherwise[0]!.token} was refused, but not for its expiry: ${said(otherwise[0]!)}`, otherwise);
  const controls = beside(history, 'late', late);
  if ('verdict' in controls) return controls;
  const justLate = tried.find(({ secondsToExpiry }) => secondsToExpiry > -lastSecond);
  const inTheSecond =
    justLate === undefined
      ? ''
      : justLate.outcome === 'attested'
        ? '; in the second of the expiry itself one still attested'
        : `, and ${(-justLate.secondsToExpiry).toFixed(2)} s after it`;
  return {
    verdict: 'pass',
    reason: `refused ${(-late[0]!.secondsToExpiry).toFixed(1)} s after expiry${inTheSecond}: ${late[0]!.message ?? ''}`,
    evidence: indexes([...tried, ...controls]),
  };
});

/** The second use of a token is refused, whoever comes with it. */
export const singleUse = ofOwnRecords((history, clause) => refusedAgain(history, clause, 'twice'));

/** The same where the agent that used it is banned or deleted in between: what made it used is not that this agent is known. */
export const staysUsed = ofOwnRecords((history, clause) => refusedAgain(history, clause, 'removed'));

function refusedAgain(history: History, clause: Clause, trial: 'twice' | 'removed'): Judgement {
  const all = usesOf(history, trial).filter(({ control }) => control === undefined);
  if (all.length === 0) return nothingTried(history, clause);
  const isAgain = ({ token, index }: Use) =>
    all.some((first) => first.outcome === 'attested' && first.token === token && first.index < index);
  const again = all.filter((use) => use.outcome === 'attested' && isAgain(use));
  if (again.length > 0) return broken(`${again[0]!.token} attested a second time${where(again[0]!)}`, again);
  const tried = telling(all);
  const attested = tried.filter(({ outcome }) => outcome === 'attested');
  const undone = unclear(tried);
  if (undone !== undefined) return undone;
  const second = tried.filter((use) => use.outcome === 'refused' && isAgain(use));
  const withoutSecond = attested.filter(({ token }) => second.every((use) => use.token !== token));
  if (second.length === 0 || withoutSecond.length > 0 || tried.length > attested.length + second.length)
    return open('the first use of the token did not attest, or there was no second, so nothing was shown', tried);
  const late = second.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0)
    return open('the second use came after the expiry, so its refusal says nothing about the first', late);
  const otherwise = second.filter(({ code }) => code !== 'INVALID_ARGUMENT');
  if (otherwise.length > 0)
    return open(`the second use was refused, but not for what the token is: ${said(otherwise[0]!)}`, otherwise);
  // The first use of each is what came before.
  const controls = beside(history, trial, second, attested);
  if ('verdict' in controls) return controls;
  return {
    verdict: 'pass',
    reason: `${trial === 'twice' ? 'the second use was' : `${second.length} tokens were`} refused${trial === 'twice' ? '' : ' when their agents were gone'}: ${second[0]!.message ?? ''}`,
    evidence: indexes([...tried, ...controls]),
  };
}

function where({ trial, row }: Use): string {
  return trial === 'removed' ? `, ${row}` : '';
}

/** A token attests the agent that is called after it, whatever name the request asks for. */
export const ownAgent = ofOwnRecords((history, clause) => {
  const all = usesOf(history, 'renamed').filter(({ control }) => control === undefined);
  if (all.length === 0) return nothingTried(history, clause);
  // The history holds our name for the token where the ID has its value.
  const own = ({ token }: Use) => `/spire/agent/join_token/[${token}]`;
  const strangers = all.filter((use) => use.svid !== undefined && !use.svid.spiffeId.endsWith(own(use)));
  if (strangers.length > 0)
    return broken(
      `${strangers[0]!.token}, ${strangers[0]!.row}, made an agent ${strangers[0]!.svid!.spiffeId}`,
      strangers,
    );
  const tried = telling(all);
  const undone = unclear(tried);
  if (undone !== undefined) return undone;
  const unseen = tried.filter(({ outcome, svid }) => outcome === 'attested' && svid === undefined);
  if (unseen.length > 0) return open(`the SVID that ${unseen[0]!.token} gave was not looked at`, unseen);
  const late = tried.filter(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late.length > 0) return open(`${late[0]!.token} was used only after its expiry`, late);
  const controls = beside(history, 'renamed', tried);
  if ('verdict' in controls) return controls;
  const refused = tried.filter(({ outcome }) => outcome === 'refused').length;
  return {
    verdict: 'pass',
    reason: `of ${tried.length} requests that named another agent ${refused} were refused, and the others gave the agent of the token`,
    evidence: indexes([...tried, ...controls]),
  };
});

/**
 * The fresh tokens that attested by the same path before what was tried and after it; or why nothing can be decided beside them.
 *
 * @param own - uses of the trial itself that show the same as a control before
 */
function beside(history: History, trial: Trial, tried: readonly Use[], own: readonly Use[] = []): Use[] | Judgement {
  const controls = telling(usesOf(history, trial).filter(({ control }) => control !== undefined));
  const failed = controls.find((use) => use.outcome !== 'attested' || (use.svid?.fault ?? null) !== null);
  if (failed !== undefined)
    return open(`its control did not hold: ${failed.token}, ${failed.row}: ${failed.svid?.fault ?? said(failed)}`, [
      failed,
    ]);
  const late = controls.find(({ secondsToExpiry }) => secondsToExpiry <= 0);
  if (late !== undefined) return open(`its control did not hold: ${late.token} was used only after its expiry`, [late]);
  for (const use of tried) {
    const before = [...controls, ...own].some(({ index }) => index < use.index);
    const after = controls.some(({ index }) => index > use.index);
    if (!before || !after)
      return open(`no fresh token was used ${before ? 'after' : 'before'} ${use.token}, ${use.row}`, [use]);
  }
  return controls;
}
