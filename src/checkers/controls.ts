import type { Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { spiffeIdsOf, zeroOf } from '../reading/nodes.ts';
import { svidsOf } from '../reading/rotations.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';
import { indexes, unlessBusyFor } from './exchanges.ts';

// What the exchanges that had to be accepted show beside that: who called, and what a session ticket allows.

type ExchangeEntry = EntryOf<'exchange'>;

/** Decides whether a node shows its own SVID in the roles of the clause: by what it showed in exchanges that had to be accepted. */
export const presentsItsSvid: Judge = (history, clause) => {
  const own = spiffeIdsOf(history);
  const findings = clause.roles.flatMap((role) =>
    rightExchanges(history, role).map(({ node, all }) => presented(history, node, own.get(node) ?? '', role, all)),
  );
  return byFindingsOfNodes(history, clause, findings);
};

function presented(
  history: History,
  node: string,
  own: string,
  role: ExchangeEntry['role'],
  all: readonly [ExchangeEntry, ...ExchangeEntry[]],
): Finding {
  const did = role === 'client' ? 'called' : 'answered';
  // Whatever came of it, an SVID that was shown was shown.
  const answered = all.filter(({ outcome, shown }) => outcome === 'accepted' || shown);
  const wrong = answered
    .filter(({ shown, unproven }) => shown?.join(', ') !== own || unproven !== undefined)
    .map((exchange): Finding => {
      const { index, shown, unproven } = exchange;
      const who = shown?.join(', ') || 'nobody: it showed no certificate';
      const evidence = [index];
      if (who === own) {
        const says = `${did} as ${own}, but ${unproven}`;
        if (agentWasLate(history, exchange)) {
          const late = `${says}; its agent had not delivered another in time`;
          return { subject: node, state: 'unknown', says: late, evidence };
        }
        const left = unlessBusyFor(history, { verdict: 'fail', reason: says, evidence }, [exchange]);
        return { subject: node, state: left.verdict === 'fail' ? 'broken' : 'unknown', says: left.reason, evidence };
      }
      const says = `${did} as ${who}, wanted ${own}`;
      // Whoever calls at our request is the node. At its address, somebody else may listen.
      return { subject: node, state: role === 'client' ? 'broken' : 'unknown', says, evidence };
    });
  if (wrong.length === 0 && !answered.some(({ outcome }) => role === 'server' || outcome === 'accepted'))
    return unseen(node, all[0], `${role === 'client' ? 'its call' : 'the control'} was not accepted: ${all[0].how}`);
  const holds = {
    subject: node,
    state: 'holds' as const,
    says: `${did} as ${own}`,
    evidence: indexes(answered.slice(0, 3)),
  };
  // What is open does not hide what is broken.
  return wrong.find(({ state }) => state === 'broken') ?? wrong[0] ?? holds;
}

/** Whether what an agent had delivered last, in time to be taken up, had ended when a node was asked: it had nothing better to show. */
export function agentWasLate(history: History, { node, atMs, tookMs }: ExchangeEntry): boolean {
  const startMs = atMs - tookMs;
  const uptakeMs = entriesOf(history, 'node').find((one) => one.node === node)?.uptakeMs ?? 0;
  const last = svidsOf(history, node, 'delivered').findLast((svid) => svid.atMs <= startMs - uptakeMs);
  return last !== undefined && Date.parse(last.notAfter) - zeroOf(history) < startMs;
}

/**
 * Decides whether session tickets allow early data: by all that the node gave as a server, to whomever; what somebody else gave at its address
 * says nothing. That it gives none, or none that does, shows in an exchange that was accepted.
 */
export const grantsNoEarlyData: Judge = (history, clause) => {
  const ids = spiffeIdsOf(history);
  const all = entriesOf(history, 'exchange').filter(
    ({ role, node, shown, unproven }) =>
      role === 'server' && unproven === undefined && (shown === undefined || shown.join(', ') === ids.get(node)),
  );
  const findings = [...Map.groupBy(all, ({ node }) => node)].map(([node, [first, ...more]]): Finding => {
    const own = [first!, ...more];
    const giving = own.filter(({ earlyDataBytes = [] }) => earlyDataBytes.length > 0);
    const granted = giving.flatMap(({ earlyDataBytes }) => earlyDataBytes!);
    const most = Math.max(0, ...granted);
    if (most > 0) {
      const telling = giving.filter(({ earlyDataBytes }) => earlyDataBytes!.some((bytes) => bytes > 0));
      const says = `its session tickets allow ${most} bytes of early data`;
      return { subject: node, state: 'broken', says, evidence: indexes(telling.slice(0, 3)) };
    }
    const right = own.filter(({ expect }) => expect !== 'refused');
    if (!right.some(({ outcome }) => outcome === 'accepted'))
      return unseen(node, right[0] ?? first!, `no accepted exchange to look at: ${(right[0] ?? first!).how}`);
    const says =
      granted.length === 0
        ? 'it gives no session tickets'
        : `${granted.length} session tickets, none allows early data`;
    return { subject: node, state: 'holds', says, evidence: indexes(giving.slice(0, 3)) };
  });
  return byFindingsOfNodes(history, clause, findings);
};

interface RightExchanges {
  readonly node: string;
  readonly all: readonly [ExchangeEntry, ...ExchangeEntry[]];
}

/** By node, the exchanges that had to be accepted. */
function rightExchanges(history: History, role: ExchangeEntry['role']): RightExchanges[] {
  const right = entriesOf(history, 'exchange').filter(
    (exchange) => exchange.role === role && exchange.expect === 'accepted',
  );
  return [...Map.groupBy(right, ({ node }) => node)].map(([node, [first, ...more]]) => ({
    node,
    all: [first!, ...more],
  }));
}

function unseen(subject: string, { index }: ExchangeEntry, says: string): Finding {
  return { subject, state: 'unknown', says, evidence: [index] };
}
