import { entriesOf, nameOfExchange, type EntryOf, type History } from '../history.ts';

/** An end of a node under test while it was judged. */
export interface End {
  readonly node: string;
  readonly entry: EntryOf<'life'>;
  /** When it was ready again, in milliseconds; Infinity when it never was. */
  readonly backAtMs: number;
  /** An exchange that was under way ended it again when it was all that was asked: the end is that one's doing. */
  readonly explained: boolean;
}

/** The ends of nodes under test, in their order. */
export function endsOf(history: History): End[] {
  const lives = entriesOf(history, 'life');
  const killers = new Set(
    entriesOf(history, 'exchange')
      .filter(({ killed }) => killed)
      .map((exchange) => `${exchange.node} ${nameOfExchange(exchange)}`),
  );
  return lives
    .filter(({ state }) => state === 'ended')
    .map((entry) => ({
      node: entry.node,
      entry,
      backAtMs:
        lives.find(({ node, state, index }) => node === entry.node && state === 'started' && index > entry.index)
          ?.atMs ?? Infinity,
      explained: (entry.underWay ?? []).some((name) => killers.has(`${entry.node} ${name}`)),
    }));
}

// A process closes its connections before anybody learns that it ended.
const beforeItIsKnownMs = 500;

/**
 * Whether a request failed for no other reason than that one of its two nodes had ended of an exchange, which is what that exchange's
 * clause is about. What came of the request says nothing then.
 */
export function falls(ends: readonly End[], { from, to, startMs, totalMs }: EntryOf<'request'>): boolean {
  return ends.some(
    ({ node, entry, backAtMs, explained }) =>
      explained &&
      (node === from || node === to) &&
      startMs <= backAtMs &&
      startMs + totalMs >= entry.atMs - beforeItIsKnownMs,
  );
}
