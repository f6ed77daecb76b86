import { FixtureError, messageOf } from './errors.ts';
import type { NotReady } from './history.ts';

/** A node under test did not get ready, which is its own doing: nothing of it could be looked at. */
export class NotReadyError extends FixtureError {
  override name = 'NotReadyError';
  readonly notReady: NotReady;

  constructor(notReady: NotReady, cause: unknown) {
    super(messageOf(cause), { cause });
    this.notReady = notReady;
  }
}
