import type { Clause } from '../clause.ts';
import { entriesOf, type History } from '../history.ts';
import type { Doubt } from './clauses.ts';

// What takes a trust domain that the mesh is federated with, and a caller of it that the node allows: no file can give that.
const neverFromOutside = 'mesh/pinning/foreign-domain-known';
/** Who lets the right one in: all that is refused stands beside it. */
const letsIn = 'mesh/pinning/exact-id';
const ofPinning = ({ id }: Clause) => id.startsWith('mesh/pinning/') && id !== neverFromOutside;

/** What keeps a run from a pass although nothing was seen to break: a critical node of which pinning was left out, or nobody who lets anybody of ours in. */
export function criticalDoubts(history: History, clauses: readonly Clause[]): Doubt[] {
  return [...ofCritical(history, clauses), ...ofStrangers(history, clauses)];
}

/** Where nobody lets anybody of ours in, whom they refuse says nothing: a run that was to show it has not. */
function ofStrangers(history: History, clauses: readonly Clause[]): Doubt[] {
  const roles = clauses.find(({ id }) => id === letsIn)?.roles ?? [];
  const skips = entriesOf(history, 'skip').filter(({ clause, node }) => clause === letsIn && node !== undefined);
  const judged = entriesOf(history, 'node').filter((node) => node.judged);
  const looked = judged.some(({ node }) =>
    roles.some((role) => !skips.some((skip) => skip.node === node && (skip.role ?? role) === role)),
  );
  const [first] = skips;
  if (first === undefined || looked) return [];
  const says = `no service was looked at in which somebody of ours is let in, so that no refusal says anything: ${first.reason}`;
  return [{ touches: (id) => id === letsIn, says, evenFails: false, skips: 'too' }];
}

/**
 * Of nodes that are critical nothing of their pinning may be left out: what was skipped for the whole target, or for one of them in a role in which it
 * is critical, keeps its clause from being decided. Of what was tried in part the rest is no matter.
 */
function ofCritical(history: History, clauses: readonly Clause[]): Doubt[] {
  const critical = entriesOf(history, 'node').filter((node) => node.critical !== undefined);
  const pinning = new Map(clauses.filter(ofPinning).map((clause) => [clause.id, clause.roles]));
  return entriesOf(history, 'skip').flatMap((skip): Doubt[] => {
    if (skip.moot) return [];
    const roles = pinning.get(skip.clause);
    const left = critical.find(
      ({ node, critical: of = [] }) =>
        (skip.node ?? node) === node && of.some((role) => roles?.includes(role) && (skip.role ?? role) === role),
    );
    if (left === undefined) return [];
    return [
      {
        touches: (id) => id === skip.clause,
        says: `${left.node} is critical, and was not looked at: ${skip.reason}`,
        evenFails: false,
        skips: skip.node === undefined ? 'alone' : 'too',
      },
    ];
  });
}
