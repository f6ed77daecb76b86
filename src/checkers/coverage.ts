import type { Clause, Role } from '../clause.ts';
import type { History } from '../history.ts';
import { nodesBeside } from '../reading/nodes.ts';
import type { Judgement } from '../verdict.ts';
import { skippedOr, skipsOf } from './skipped.ts';

/** A node under test in one role. */
export interface Part {
  readonly node: string;
  readonly role: Role;
}

/**
 * What keeps a clause from a pass although nothing that was seen speaks against it: a node under test that was not looked at while others of
 * its mesh were, in a role that the clause is about. Undefined when all of them were, or say why not.
 *
 * @param looked - what decided the clause; when it is empty, the clause is skipped or open as a whole
 * @param nothing - said where nothing was looked at and nothing says why
 */
export function uncovered(
  history: History,
  clause: Clause,
  looked: readonly Part[],
  nothing: string,
): Judgement | undefined {
  const skips = skipsOf(history, clause);
  if (looked.length === 0 && skips.every(({ node }) => node === undefined)) return skippedOr(history, clause, nothing);
  const missing = nodesUnderTest(history, [...looked, ...skips])
    .flatMap((node) => clause.roles.map((role) => ({ node, role })))
    .filter(
      (part) =>
        !looked.some(({ node, role }) => node === part.node && role === part.role) &&
        !skips.some(({ node, role = part.role }) => node === part.node && role === part.role),
    );
  if (missing.length === 0) return looked.length === 0 ? skippedOr(history, clause, nothing) : undefined;
  const [first] = missing;
  return {
    verdict: 'inconclusive',
    evidence: skips.map(({ index }) => index),
    reason: `${first!.node} was not looked at as ${first!.role}${missing.length > 1 ? `, and ${missing.length - 1} more were not` : ''}`,
  };
}

/** The nodes under test of the meshes that these belong to. */
function nodesUnderTest(history: History, those: readonly { readonly node?: string }[]): string[] {
  const named = new Set(those.flatMap(({ node }) => node ?? []));
  return nodesBeside(history, named)
    .filter(({ judged }) => judged)
    .map(({ node }) => node);
}
