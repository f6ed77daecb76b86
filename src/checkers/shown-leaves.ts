import { ofOwnRecords, type Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type LeafSays } from '../history.ts';
import { spiffeIdsOf } from '../reading/nodes.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';

/**
 * Decides what the leaves say that nodes under test showed, in each role of the clause.
 *
 * @param wrong - what is wrong with one, in words: the rest of "its SVID …"; undefined where nothing is
 */
export function leavesAre(wrong: (says: LeafSays) => string | undefined): Judge {
  return ofOwnRecords((history, clause) => {
    const own = spiffeIdsOf(history);
    const leaves = entriesOf(history, 'leaf').filter(({ role }) => clause.roles.includes(role));
    const findings = leaves.map((leaf) => findingOf(leaf, own.get(leaf.node) ?? '', wrong));
    return byFindingsOfNodes(history, clause, findings);
  });
}

function findingOf(
  { index, node, role, how, says }: EntryOf<'leaf'>,
  own: string,
  wrong: (says: LeafSays) => string | undefined,
): Finding {
  const found = { subject: node, role, evidence: [index] };
  if (says === undefined) return { ...found, state: 'unknown', says: `as ${role} it showed no certificate: ${how}` };
  // Whoever calls at our request is the node. At its address, somebody else may listen.
  if (role === 'server' && !says.uriSans.includes(own)) {
    const who = says.uriSans.join(', ') || 'nobody';
    return { ...found, state: 'unknown', says: `at its address somebody answered as ${who}, wanted ${own}` };
  }
  const what = wrong(says);
  return what === undefined
    ? { ...found, state: 'holds', says: `its SVID was read as ${role}` }
    : { ...found, state: 'broken', says: `as ${role}, its SVID ${what}` };
}
