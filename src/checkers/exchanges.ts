import { entriesOf, type EntryOf, type History } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { judgedNodes, uncovered, type Role } from './coverage.ts';

type ExchangeEntry = EntryOf<'exchange'>;

/**
 * Decides a clause by its exchanges with the nodes under test.
 *
 * A refusal counts only beside its control: the same node in the same role accepted the right exchange before it and after it.
 * So a node that refuses everybody, or died half way, passes nothing.
 *
 * @param roles - in which every node under test has to be looked at
 * @param decisive - what its deciding rows expect; rows of the other kind are controls and decide nothing by themselves
 */
export function exchanges(
  clause: string,
  roles: readonly Role[],
  decisive: 'accepted' | 'refused' = 'refused',
): (history: History) => Judgement {
  return (history) => {
    const all = entriesOf(history, 'exchange');
    const judged = judgedNodes(history);
    const rows = all.filter((exchange) => exchange.clause === clause && judged.has(exchange.node));
    const wrong = rows.filter(({ expect, outcome }) => outcome !== 'unknown' && outcome !== expect);
    if (wrong.length > 0) return { verdict: 'fail', reason: sentence(wrong), evidence: indexes(wrong) };
    const unclear = rows.filter(({ outcome }) => outcome === 'unknown');
    if (unclear.length > 0)
      return { verdict: 'inconclusive', reason: `could not tell: ${sentence(unclear)}`, evidence: indexes(unclear) };

    const controls = new Set<ExchangeEntry>();
    for (const row of rows) {
      if (row.expect === 'accepted') continue;
      const { before, after } = controlsOf(row, all);
      if (before?.outcome !== 'accepted') return withoutControl(row, 'before', before);
      if (after?.outcome !== 'accepted') return withoutControl(row, 'after', after);
      controls.add(before).add(after);
    }
    return (
      uncovered(
        history,
        clause,
        roles,
        rows.filter(({ expect }) => expect === decisive),
        'no exchange was made to decide it',
      ) ?? { verdict: 'pass', reason: praise(rows), evidence: indexes([...rows, ...controls]) }
    );
  };
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
