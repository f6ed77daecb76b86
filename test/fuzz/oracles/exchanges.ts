import type { EntryOf, History } from '../../../src/history.ts';
import type { KnownClause } from '../../../src/clauses/catalogue.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { judgedNodes, ofKind, skipped } from './entries.ts';
import { wasOverloaded, wasStarved } from './overloaded.ts';

type Row = EntryOf<'exchange'>;

// From the documentation: a refusal counts only if by the same path the same peer accepted the right exchange before and after it; what is
// neither accepted nor refused leaves the clause open; every node under test is looked at in every role that the clause is about.

/** What a clause asks of its rows beyond their outcome. */
interface Asks {
  readonly decidedBy: 'accepted' | 'refused';
  /** A handshake that was complete is no refusal: for clauses about what is agreed on in it. */
  readonly noHandshake?: true;
  /** An acceptance has to be by TLS 1.3. */
  readonly only13?: true;
  /** An acceptance has to name the caller. */
  readonly namesCaller?: true;
}

function exchanges(asks: Asks): Oracle {
  return (history, clause) => {
    const judged = judgedNodes(history);
    const rows: Row[] = [];
    for (const row of ofKind(history, 'exchange'))
      if (row.clause === clause.id && (row.expect !== 'either' || row.killed === true) && judged.has(row.node))
        rows.push(row);

    for (const row of rows) if (isBroken(row, asks)) return 'fail';
    for (const row of rows) if (row.outcome === 'unknown') return 'inconclusive';
    for (const row of rows) if (row.expect === 'refused' && !standsBesideControls(history, row)) return 'inconclusive';
    return everyPartLookedAt(
      history,
      clause,
      rows.filter((row) => row.expect === asks.decidedBy),
    );
  };
}

function isBroken(row: Row, asks: Asks): boolean {
  // Whoever ends of what it is shown has not refused it.
  if (row.killed === true) return true;
  if (row.outcome === 'unknown') return false;
  if (row.outcome !== row.expect) return true;
  if (row.expect === 'refused') return asks.noHandshake === true && row.tls !== undefined;
  if (asks.only13 === true && row.tls !== undefined && row.tls.version !== 'TLSv1.3') return true;
  return asks.namesCaller === true && !namesCaller(row);
}

function namesCaller({ as, named }: Row): boolean {
  return as === undefined || named === undefined || as === named;
}

function standsBesideControls(history: History, row: Row): boolean {
  // The nearest on each side is its control: one that went wrong is not made good by an earlier one.
  let before: Row | undefined;
  let after: Row | undefined;
  for (const other of ofKind(history, 'exchange')) {
    if (other.control !== row.control || other.node !== row.node || other.role !== row.role) continue;
    if (other.expect !== 'accepted') continue;
    if (other.index < row.index) before = other;
    if (other.index > row.index && after === undefined) after = other;
  }
  for (const control of [before, after])
    if (control === undefined || control.outcome !== 'accepted' || !namesCaller(control)) return false;
  return true;
}

/** Each node under test of the meshes that were looked at, in each role of the clause: looked at, or skipped with a reason. */
export function everyPartLookedAt(
  history: History,
  clause: KnownClause,
  rows: readonly Pick<Row, 'node' | 'role'>[],
): Verdict {
  const skips = skipped(history, clause);
  const meshOf = new Map<string, string>();
  for (const node of ofKind(history, 'node')) meshOf.set(node.node, node.mesh);
  const meshes = new Set<string>();
  for (const { node } of [...rows, ...skips]) if (node !== undefined) meshes.add(meshOf.get(node) ?? '');
  if (rows.length === 0 && meshes.size === 0) return skips.length > 0 ? 'skipped' : 'inconclusive';
  for (const { node, mesh, judged } of ofKind(history, 'node')) {
    if (!judged || !meshes.has(mesh)) continue;
    for (const role of clause.roles) {
      const looked = rows.some((row) => row.node === node && row.role === role);
      const excused = skips.some((skip) => skip.node === node && (skip.role === undefined || skip.role === role));
      if (!looked && !excused) return 'inconclusive';
    }
  }
  if (rows.length === 0) return skips.length > 0 ? 'skipped' : 'inconclusive';
  return 'pass';
}

/** For clauses that ask for no more than that wrong rows are refused beside their controls. */
export const refusedRows = exchanges({ decidedBy: 'refused' });
const refused = refusedRows;
/** For those that ask that right ones are accepted, as who they are. */
export const acceptedRows = exchanges({ decidedBy: 'accepted', namesCaller: true });
const accepted = acceptedRows;

export const exchangeOracles: Oracles = {
  'mesh/tls/version-as-server': exchanges({ decidedBy: 'refused', noHandshake: true, only13: true }),
  'mesh/tls/version-as-client': exchanges({ decidedBy: 'refused', noHandshake: true }),
  'mesh/tls/aead-only': exchanges({ decidedBy: 'refused', noHandshake: true }),
  'mesh/tls/plaintext-refused': refused,
  'mesh/tls/client-certificate-required': refused,
  'mesh/tls/connection-not-past-svid': refused,
  'mesh/pinning/exact-id': accepted,
  'mesh/pinning/sibling-path': refused,
  'mesh/pinning/prefix': refused,
  'mesh/pinning/suffix': refused,
  'mesh/pinning/case': refused,
  'mesh/pinning/trailing-slash': refused,
  'mesh/pinning/foreign-domain-known': refused,
  'mesh/pinning/foreign-domain-unknown': refused,
  'mesh/pinning/expected-peer': refused,
  'x509-svid/path/foreign-authority': refused,
  'x509-svid/path/expired': refused,
  'x509-svid/path/not-yet-valid': refused,
  'x509-svid/leaf/name-elsewhere': refused,
  'x509-svid/leaf/two-uri-sans': refused,
  'x509-svid/leaf/no-uri-san': refused,
  'x509-svid/leaf/ca-as-leaf': refused,
  'x509-svid/leaf/key-usage': refused,
  'spiffe-id/syntax/id-with-query': refused,
  'spiffe-id/syntax/id-with-fragment': refused,
  'spiffe-id/syntax/id-with-port': refused,
  'spiffe-id/syntax/id-with-user': refused,
  'spiffe-id/proof/self-signed': refused,
  'spiffe-id/proof/stranger-authority': refused,
  'mesh/pinning/same-name': refused,
  'mesh/pinning/punctuation': refused,
  'mesh/pinning/key-possession': refused,
  'x509-svid/path/critical-extension': refused,
  'x509-svid/chain/path-length': refused,
  'x509-svid/chain/intermediate-validity': refused,
  'x509-svid/chain/intermediate-not-ca': refused,
  'x509-svid/chain/name-constraints': refused,
  'x509-svid/chain/unlinked': refused,
  'x509-svid/leaf/no-path': refused,
  'spiffe-id/syntax/id-with-other-scheme': refused,
  'spiffe-id/syntax/id-without-trust-domain': refused,
  'spiffe-id/syntax/trust-domain-characters': refused,
  'spiffe-id/syntax/trust-domain-encoded': refused,
  'spiffe-id/syntax/path-encoded': refused,
  'spiffe-id/syntax/empty-segment': refused,
  'spiffe-id/syntax/dot-segment': refused,
  'spiffe-id/syntax/path-characters': refused,
  'spiffe-id/proof/id-signed': refused,
  'x509-svid/chain/intermediates': accepted,
  'x509-svid/chain/within-path-length': accepted,
};

/** What a node did not follow in time says nothing while the machine kept it from running: for half of that time, or more. */
function unlessBusy(oracle: Oracle): Oracle {
  return (history, clause) => {
    if (oracle(history, clause) !== 'fail') return oracle(history, clause);
    const judged = judgedNodes(history);
    for (const row of ofKind(history, 'exchange')) {
      if (row.clause !== clause.id || (row.expect === 'either' && row.killed !== true) || !judged.has(row.node))
        continue;
      if (!isBroken(row, { decidedBy: 'refused', ...(oracle === accepted && { namesCaller: true }) })) continue;
      const boundMs = ofKind(history, 'node').find(({ node }) => node === row.node)?.uptakeMs ?? 0;
      const fromMs = row.atMs - row.tookMs - boundMs;
      if (wasOverloaded(history, fromMs, row.atMs)) continue;
      if (!wasStarved(history, [row.node], fromMs, row.atMs, boundMs / 2)) return 'fail';
    }
    return 'inconclusive';
  };
}

/** A process that was started between a control and its row was never shown that. */
function inOneLife(oracle: Oracle): Oracle {
  return (history, clause) => {
    const verdict = oracle(history, clause);
    if (verdict !== 'pass') return verdict;
    for (const row of ofKind(history, 'exchange')) {
      if (row.clause !== clause.id || row.expect !== 'refused') continue;
      const before = ofKind(history, 'exchange').findLast(
        ({ control, node, role, expect, index }) =>
          control === row.control &&
          node === row.node &&
          role === row.role &&
          expect === 'accepted' &&
          index < row.index,
      );
      for (const { node, state, index } of ofKind(history, 'life'))
        if (node === row.node && state === 'ended' && index > (before?.index ?? 0) && index < row.index)
          return 'inconclusive';
    }
    return verdict;
  };
}

/** Those of scenarios. */
export const exchangeOraclesOfScenarios: Oracles = {
  'mesh/rotation/bundle-taken-up': unlessBusy(accepted),
  'mesh/rotation/strangers-refused': refused,
  'mesh/rotation/revoked-authority-refused': unlessBusy(inOneLife(refused)),
};
