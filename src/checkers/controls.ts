import type { Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { spiffeIdsOf } from '../reading/nodes.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';
import { indexes } from './exchanges.ts';

// What the exchanges that had to be accepted show beside that: who called, and what a session ticket allows.

type ExchangeEntry = EntryOf<'exchange'>;

/** Decides whether a node calls as itself: by the certificate that it showed to right servers of the harness. */
export const presentsItsSvid: Judge = (history, clause) => {
  const own = spiffeIdsOf(history);
  const findings = rightExchanges(history, 'client').map(({ node, accepted, first }): Finding => {
    if (accepted.length === 0) return unseen(node, first, `its call was not accepted: ${first.how}`);
    const wrong = accepted.find(({ shown }) => shown?.join(', ') !== own.get(node));
    if (wrong === undefined) {
      return {
        subject: node,
        state: 'holds',
        says: `called as ${own.get(node)}`,
        evidence: indexes(accepted.slice(0, 3)),
      };
    }
    const who = wrong.shown?.join(', ') ?? 'nobody: it showed no certificate';
    return {
      subject: node,
      state: 'broken',
      says: `called as ${who}, wanted ${own.get(node)}`,
      evidence: [wrong.index],
    };
  });
  return byFindingsOfNodes(history, clause, findings);
};

/** Decides whether session tickets allow early data: by those that came with the answers to a right client. */
export const grantsNoEarlyData: Judge = (history, clause) => {
  const findings = rightExchanges(history, 'server').map(({ node, accepted, first }): Finding => {
    if (accepted.length === 0) return unseen(node, first, `no accepted exchange to look at: ${first.how}`);
    const granted = accepted.flatMap(({ earlyDataBytes }) => earlyDataBytes ?? []);
    const most = Math.max(0, ...granted);
    const evidence = indexes(accepted.filter(({ earlyDataBytes }) => earlyDataBytes !== undefined).slice(0, 3));
    if (most > 0)
      return {
        subject: node,
        state: 'broken',
        says: `its session tickets allow ${most} bytes of early data`,
        evidence,
      };
    const says =
      granted.length === 0
        ? 'it gives no session tickets'
        : `${granted.length} session tickets, none allows early data`;
    return { subject: node, state: 'holds', says, evidence };
  });
  return byFindingsOfNodes(history, clause, findings);
};

interface RightExchanges {
  readonly node: string;
  readonly first: ExchangeEntry;
  readonly accepted: readonly ExchangeEntry[];
}

/** By node, the exchanges that had to be accepted. */
function rightExchanges(history: History, role: ExchangeEntry['role']): RightExchanges[] {
  const right = entriesOf(history, 'exchange').filter(
    (exchange) => exchange.role === role && exchange.expect === 'accepted',
  );
  return [...Map.groupBy(right, ({ node }) => node)].map(([node, all]) => ({
    node,
    first: all[0]!,
    accepted: all.filter(({ outcome }) => outcome === 'accepted'),
  }));
}

function unseen(subject: string, { index }: ExchangeEntry, says: string): Finding {
  return { subject, state: 'unknown', says, evidence: [index] };
}
