import { entriesOf, type History, type NotReady } from '../history.ts';

/** The nodes under test that did not get ready, so that nothing of them could be looked at. */
export function notReadyOf(history: History): NotReady[] {
  return entriesOf(history, 'trouble').flatMap(({ notReady = [] }) => notReady);
}
