import { askedAgain } from '../../fixtures/probes/asked-again.ts';
import { openControl } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import type { Seen } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import type { Role } from '../../src/clause.ts';
import * as shownClauses from '../../src/clauses/x509-svid/shown.ts';
import type { LeafSays } from '../../src/history.ts';
import { extensionOids } from '../../src/svid/x509/extensions.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import type { Suite, SuiteContext } from '../suite.ts';

const { oneUriSan, ...others } = shownClauses;
const decides = [oneUriSan, ...Object.values(others)];

/** What the SVIDs of nodes say, read from those that they show: a server shows its own before it judges who called. */
export const shown: Suite = {
  id: 'shown',
  title: 'SVIDs as they are shown',
  mesh: 'steady',
  needs: [],
  decides,
  async run(context) {
    await allEnded(partsOf(context.target, 'byStrangers').map(({ node, role }) => look(context, node, role)));
  },
};

async function look({ target, recorder, signal }: SuiteContext, node: TargetNode, role: Role): Promise<void> {
  const identity = await identityTo(target, node, role);
  const right = {
    clause: oneUriSan,
    row: `a right ${role === 'server' ? 'client' : 'server'}`,
    offer: async () => showTo(target, node, role, identity),
  };
  const control = { recorder, signal, trust: target, node, role, name: `shown/${node.name}/${role}`, right };
  // Nothing that a stranger comes to is a control.
  const seen =
    node.lacks?.[role] === undefined
      ? (await openControl({ ...control, shows: decides })).first
      : await askedAgain({ expect: 'accepted', offer: async () => unlessRead(await right.offer()) }, control);
  // It does not offer to call, which stands in the history.
  if (seen === undefined) return;
  const leaf = leafOf(seen);
  recorder.record({ kind: 'leaf', node: node.name, role, how: seen.how, ...(leaf && { says: read(leaf) }) });
}

/** What was read is not asked for again, whatever came of the caller. */
const unlessRead = <T extends Seen | DialSeen>(seen: T | undefined): T | undefined =>
  seen && leafOf(seen) !== undefined ? { ...seen, settled: true } : seen;

const leafOf = (seen: Seen | DialSeen): Certificate | undefined => ('client' in seen ? seen.client : seen.server)?.[0];

function read({ uriSans, subject, isCa, keyUsage, extendedKeyUsage, extensions }: Certificate): LeafSays {
  const isCritical = (wanted: string) => extensions.some(({ oid, critical }) => oid === wanted && critical);
  return {
    uriSans,
    subjectIsEmpty: subject === '',
    namesAreCritical: isCritical(extensionOids.subjectAltName),
    isCa,
    keyUsage: keyUsage ?? null,
    keyUsageIsCritical: isCritical(extensionOids.keyUsage),
    extendedKeyUsage: extendedKeyUsage ?? null,
  };
}
