import type { Clause } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { indexes } from './exchanges.ts';
import { skippedOr } from './skipped.ts';

// The uses of join tokens that a history tells of, and which of them say something.

export type Use = EntryOf<'token'>;
export type Trial = Use['trial'];

// A server that is too busy, or in trouble, refuses whatever it is shown, and shows nothing of what it does with the token.
const trouble: ReadonlySet<string> = new Set([
  ...['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED', 'DEADLINE_EXCEEDED', 'CANCELLED'],
  ...['INTERNAL', 'UNKNOWN', 'UNIMPLEMENTED', 'DATA_LOSS'],
]);

/**
 * Whether a use was refused for what its token is. SPIRE says INVALID_ARGUMENT; and INTERNAL to some who lose a race by no more than a
 * moment, as the token's record was not there any more to be deleted.
 *
 * Source: SPIRE 1.15, pkg/server/api/agent/v1, attestJoinToken.
 */
export function refusedForToken({ outcome, code, message }: Pick<Use, 'outcome' | 'code' | 'message'>): boolean {
  if (outcome !== 'refused') return false;
  return !trouble.has(code ?? '') || (code === 'INTERNAL' && /delete join token/i.test(message ?? ''));
}

/** Whether a use says nothing: nobody knows what became of it, or it was refused for another reason than its token. */
export function isUnclear(use: Pick<Use, 'outcome' | 'code' | 'message'>): boolean {
  return use.outcome !== 'attested' && !refusedForToken(use);
}

export function usesOf(history: History, ...trials: readonly Trial[]): Use[] {
  return entriesOf(history, 'token').filter(({ trial }) => trials.includes(trial));
}

/** Without the tokens of which a use says nothing, where the same was asked again with another token: one accident decides nothing. */
export function telling(uses: readonly Use[]): Use[] {
  const askedAgain = ({ index, trial, row, token }: Use) =>
    uses.some((other) => other.index > index && other.trial === trial && other.row === row && other.token !== token);
  const left = new Set(uses.filter((use) => isUnclear(use) && askedAgain(use)).map(({ token }) => token));
  return uses.filter(({ token }) => !left.has(token));
}

export function endOf({ endedMs, atMs }: Use): number {
  return endedMs ?? atMs;
}

export function open(reason: string, uses: readonly Use[]): Judgement {
  return { verdict: 'inconclusive', reason, evidence: indexes(uses) };
}

export function broken(reason: string, uses: readonly Use[]): Judgement {
  return { verdict: 'fail', reason, evidence: indexes(uses) };
}

export function said({ code, message }: Use): string {
  return [code, message].filter((part) => part !== undefined).join(': ') || 'no answer';
}

export function nothingTried(history: History, clause: Clause): Judgement {
  return skippedOr(history, clause, 'no join token was used to decide it');
}

export function unclear(uses: readonly Use[]): Judgement | undefined {
  const [first, ...others] = uses.filter(isUnclear);
  return (
    first && open(`could not tell what became of ${first.token}, ${first.row}: ${said(first)}`, [first, ...others])
  );
}
