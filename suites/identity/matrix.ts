import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { offerHello, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import { exactId, expectedPeer, foreignDomainUnknown } from '../../src/clauses/mesh/pinning.ts';
import { selfSigned, strangerAuthority } from '../../src/clauses/spiffe-id/proof.ts';
import type { Role } from '../../src/clause.ts';
import { identitiesFor, type Identities, type WrongIdentity } from './identities.ts';
import { rows as nearlyAllowed } from '../mesh/pinning.ts';
import { rows as unproven } from '../spiffe-id/proof.ts';
import { rows as misspelt } from '../spiffe-id/syntax.ts';
import type { Decides, Suite, SuiteContext } from '../suite.ts';
import { rows as leaves } from '../x509-svid/leaf.ts';
import { rows as paths } from '../x509-svid/path.ts';

const matrix = [...nearlyAllowed, ...paths, ...leaves, ...misspelt, ...unproven];

// These need no authority that the mesh trusts; of one of them, only a part.
const forgeable: readonly Decides['clause'][] = [exactId, selfSigned, strangerAuthority];
const decides = [...new Set([exactId, ...matrix.map(({ clause }) => clause), expectedPeer])].map((clause): Decides => {
  if (forgeable.includes(clause)) return { clause, needs: [] };
  return { clause, needs: ['forging'], ...(clause === foreignDomainUnknown && { partly: true }) };
});

/** Who is accepted: a matrix of identities that are right but for one thing, shown to each node as client and as server. */
export const pinning: Suite = {
  id: 'pinning',
  title: 'ID pinning',
  mesh: 'steady',
  needs: [],
  decides,
  async run(context) {
    const { target } = context;
    const rows = matrix.filter(({ clause }) => context.wants(clause));
    const identities = await identitiesFor(target, rows);
    await allEnded([
      ...nodesIn(target, 'server').map((node) => asServer(context, node, identities)),
      ...nodesIn(target, 'client').map((node) => asClient(context, node, identities)),
    ]);
  },
};

async function asServer(context: SuiteContext, node: TargetNode, { right, ally, wrong }: Identities): Promise<void> {
  const call = (identity: TlsIdentity) => offerHello(node.address, { identity });
  const control = controlOf(context, node, 'server', {
    row: 'exactly the allowed ID',
    offer: () => call(right),
  });
  await besideControl(control, asRows(wrong, false, call));
  await besideAlly(context, node, 'server', ally && (() => call(ally)), asRows(wrong, true, call));
}

async function asClient(context: SuiteContext, node: TargetNode, identities: Identities): Promise<void> {
  const { right, ally, wrong } = identities;
  const { harnessHost } = context.target;
  const dial = (expect: string) => (identity: TlsIdentity) =>
    dialForged(node.admin!, harnessHost, expect, { identity });
  const call = dial(right.spiffeId);
  const control = controlOf(context, node, 'client', { row: 'exactly the expected ID', offer: () => call(right) });
  const rows = [...asRows(wrong, false, call), ...(await otherPeer(context, node, identities, call))];
  await besideControl(control, rows, 3);
  await besideAlly(context, node, 'client', ally && (() => dial(ally.spiffeId)(ally)), asRows(wrong, true, call));
}

/** Rows that say something only of a node that trusts a federated authority for its own IDs: their control is the ally that it allows. */
async function besideAlly(
  context: SuiteContext,
  node: TargetNode,
  role: Role,
  offer: Control['right']['offer'] | undefined,
  rows: readonly Row[],
): Promise<void> {
  if (offer === undefined || !(rows.length > 0 || context.wants(exactId))) return;
  const control = controlOf(context, node, role, { row: 'an allowed ID of a federated trust domain', offer });
  await besideControl({ ...control, name: `ally/${node.name}/${role}` }, rows);
}

/** Two IDs that the node allows; it asks for the one and meets the other. */
async function otherPeer(
  context: SuiteContext,
  node: TargetNode,
  { issue }: Identities,
  call: (identity: TlsIdentity) => Promise<Seen | undefined>,
): Promise<Row[]> {
  if (!context.wants(expectedPeer) || issue === undefined) return [];
  const other = context.target.nodes.find(({ name }) => name !== node.name);
  if (other === undefined) {
    const reason = 'needs a second ID that the node allows';
    context.recorder.record({ kind: 'skip', clause: expectedPeer.id, node: node.name, role: 'client', reason });
    return [];
  }
  const identity = await issue(other.spiffeId);
  const row = `${other.spiffeId}, allowed but not asked for`;
  return [{ clause: expectedPeer, row, expect: 'refused', offer: () => call(identity) }];
}

function controlOf(
  context: SuiteContext,
  node: TargetNode,
  role: Role,
  right: Omit<Control['right'], 'clause'>,
): Control {
  const { recorder, signal } = context;
  return { recorder, signal, name: `pinning/${node.name}/${role}`, node, role, right: { clause: exactId, ...right } };
}

function asRows(
  wrong: readonly WrongIdentity[],
  ally: boolean,
  call: (identity: TlsIdentity) => Promise<Seen | undefined>,
): Row[] {
  return wrong
    .filter(({ besideAlly }) => besideAlly === ally)
    .map(({ clause, title, identity }) => ({ clause, row: title, expect: 'refused', offer: () => call(identity) }));
}
