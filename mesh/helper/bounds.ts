import type { Certificate } from '../../src/svid/x509/read.ts';
import type { HelperSettings } from './settings.ts';

type Life = Pick<Certificate, 'notBefore' | 'notAfter'>;

/** The latest instant by which a newer SVID has to be there, by rotation_threshold. It delays nothing: SPIRE hands out a newer one at half of the life. */
export function expiringFrom({ notBefore, notAfter }: Life, { rotationThreshold }: HelperSettings): Date {
  return new Date(notBefore.getTime() + rotationThreshold * (notAfter.getTime() - notBefore.getTime()));
}

/** The share of a life that is over: 0 at notBefore, 1 at notAfter, and beyond them outside of that. */
export function shareUsed({ notBefore, notAfter }: Life, at: Date): number {
  return (at.getTime() - notBefore.getTime()) / (notAfter.getTime() - notBefore.getTime());
}

const longestPauseMs = 60_000;

/**
 * The longest pause before the next try, in milliseconds: retry_interval after the first that bore no fruit, and twice as long after each further
 * one, up to a minute, or to retry_interval where that is longer.
 *
 * @param fruitless - tries in a row, from 1
 */
export function longestPause(fruitless: number, { retryIntervalMs }: HelperSettings): number {
  return Math.min(retryIntervalMs * 2 ** Math.min(fruitless - 1, 30), Math.max(retryIntervalMs, longestPauseMs));
}

/** Whether more tries in a row bore no fruit than the first one and max_retries. */
export function isPastRetries(fruitless: number, { maxRetries }: HelperSettings): boolean {
  return maxRetries !== undefined && fruitless > maxRetries + 1;
}
