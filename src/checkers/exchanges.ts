import type { Clause, Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { judgedNodes } from '../reading/nodes.ts';
import type { Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';

type ExchangeEntry = EntryOf<'exchange'>;

/**
 * Decides a clause by its exchanges with the nodes under test, where the rows that have to be refused decide.
 *
 * A refusal counts only beside its control: the same node in the same role accepted the right exchange before it and after it.
 * So a node that refuses everybody, or died half way, passes nothing. Every node has to be looked at in each role of the clause.
 */
export const refusedBesideControl: Judge = (history, clause) => byExchanges(history, clause, 'refused');

/** Decides a clause by its exchanges with the nodes under test, where the rows that have to be accepted decide. */
export const acceptedAsMust: Judge = (history, clause) => byExchanges(history, clause, 'accepted');

/** @param decisive - what the deciding rows expect; rows of the other kind are controls and decide nothing by themselves */
function byExchanges(history: History, clause: Clause, decisive: 'accepted' | 'refused'): Judgement {
  const all = entriesOf(history, 'exchange');
  const judged = judgedNodes(history);
  const rows = all.filter((exchange) => exchange.clause === clause.id && judged.has(exchange.node));
  const wrong = rows.filter(({ expect, outcome }) => outcome !== 'unknown' && outcome !== expect);
  if (wrong.length > 0) return { verdict: 'fail', reason: sentence(wrong), evidence: indexes(wrong) };
  const unclear = rows.filter(({ outcome }) => outcome === 'unknown');
  if (unclear.length > 0) {
    return { verdict: 'inconclusive', reason: `could not tell: ${sentence(unclear)}`, evidence: indexes(unclear) };
  }

  const controls = new Set<ExchangeEntry>();
  for (const row of rows) {
    if (row.expect === 'accepted') continue;
    const { before, after } = controlsOf(row, all);
    if (before?.outcome !== 'accepted') return withoutControl(row, 'before', before);
    if (after?.outcome !== 'accepted') return withoutControl(row, 'after', after);
    controls.add(before).add(after);
  }
  const deciding = rows.filter(({ expect }) => expect === decisive);
  return (
    uncovered(history, clause, deciding, 'no exchange was made to decide it') ?? {
      verdict: 'pass',
      reason: praise(rows),
      evidence: indexes([...rows, ...controls]),
    }
  );
}

function controlsOf(
  row: ExchangeEntry,
  all: readonly ExchangeEntry[],
): { before: ExchangeEntry | undefined; after: ExchangeEntry | undefined } {
  const controls = all.filter(
    ({ control, expect, node, role }) =>
      control === row.control && expect === 'accepted' && node === row.node && role === row.role,
  );
  return {
    before: controls.findLast(({ index }) => index < row.index),
    after: controls.find(({ index }) => index > row.index),
  };
}

function withoutControl(row: ExchangeEntry, where: 'before' | 'after', control: ExchangeEntry | undefined): Judgement {
  const what = control === undefined ? 'there is none' : `${control.outcome}: ${control.how}`;
  return {
    verdict: 'inconclusive',
    evidence: indexes([row, ...(control ? [control] : [])]),
    reason: `${row.node} refused ${row.row} as ${row.role}, but the control ${where} it was not accepted (${what})`,
  };
}

function sentence(rows: readonly ExchangeEntry[]): string {
  const [first, ...more] = rows;
  if (first === undefined) return '';
  return `${first.node} as ${first.role}: ${first.row}: ${first.outcome}, wanted ${first.expect} (${first.how})${more.length > 0 ? `, and ${more.length} more` : ''}`;
}

function praise(rows: readonly ExchangeEntry[]): string {
  const refused = rows.filter(({ expect }) => expect === 'refused').length;
  const nodes = new Set(rows.map(({ node }) => node)).size;
  const roles = [...new Set(rows.map(({ role }) => role))].sort().join(' and ');
  const what =
    refused === 0
      ? `${rows.length} accepted as they must be`
      : `${refused} refused${rows.length > refused ? `, ${rows.length - refused} accepted as they must be` : ''}, each beside an accepted control`;
  return `${what}; ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, as ${roles}`;
}

export function indexes(entries: readonly { readonly index: number }[]): number[] {
  return entries.map(({ index }) => index);
}
