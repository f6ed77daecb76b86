/**
 * The harness' own trouble: never held against the target. The message says what was wanted, how long,
 * what was seen last, where to look and what to do.
 */
export class FixtureError extends Error {
  override name = 'FixtureError';
}

/** A named wait ran out. */
export class DeadlineError extends FixtureError {
  override name = 'DeadlineError';
}

/** Wrong input of the person who called: exit code 2. The message names file, line and key, and what would be right. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The message of anything that was thrown, with its causes. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return [thrown.message, ...thrown.errors.map(messageOf)].filter(Boolean).join('; ');
  // What went wrong first, and then what went wrong while it was being undone.
  if (thrown instanceof SuppressedError) return `${messageOf(thrown.suppressed)}; and then: ${messageOf(thrown.error)}`;
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : messageOf(thrown.cause);
  return thrown.message.includes(cause) ? thrown.message : `${thrown.message} (${cause})`;
}

/** The first error of this kind in what was thrown: itself, a cause, or one of several. */
export function findError<E extends Error>(thrown: unknown, kind: new (...args: never[]) => E): E | undefined {
  return findErrors(thrown, kind)[0];
}

/** All errors of this kind in what was thrown, but for those inside of one that is. */
export function findErrors<E extends Error>(thrown: unknown, kind: new (...args: never[]) => E): E[] {
  if (thrown instanceof kind) return [thrown];
  return thrown instanceof Error ? innerErrors(thrown).flatMap((one) => findErrors(one, kind)) : [];
}

/** Whether the operating system said that a disk is full. */
export function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code } = thrown as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || innerErrors(thrown).some(isDiskFull);
}

function innerErrors(thrown: Error): unknown[] {
  if (thrown instanceof AggregateError) return thrown.errors as unknown[];
  return thrown instanceof SuppressedError ? [thrown.error, thrown.suppressed] : [thrown.cause];
}
