import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { offerHello, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import { exactId, expectedPeer, foreignDomainUnknown } from '../../src/clauses/mesh/pinning.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { selfSigned, strangerAuthority } from '../../src/clauses/spiffe-id/proof.ts';
import { intermediates } from '../../src/clauses/x509-svid/chain.ts';
import type { Role } from '../../src/clause.ts';
import { identitiesFor, type Identities, type OddIdentity } from './identities.ts';
import type { Beside } from './row.ts';
import { rows as nearlyAllowed } from '../mesh/pinning.ts';
import { rows as unproven } from '../spiffe-id/proof.ts';
import { rows as misspelt } from '../spiffe-id/syntax.ts';
import type { Decides, Suite, SuiteContext } from '../suite.ts';
import { rows as chains } from '../x509-svid/chain.ts';
import { rows as leaves } from '../x509-svid/leaf.ts';
import { rows as paths } from '../x509-svid/path.ts';

const matrix = [...nearlyAllowed, ...paths, ...chains, ...leaves, ...misspelt, ...unproven];

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

async function asServer(context: SuiteContext, node: TargetNode, identities: Identities): Promise<void> {
  const call = async (identity: TlsIdentity, resumed = false) => {
    const seen = await offerHello(node.address, { identity });
    const session = seen.sessions.at(-1);
    return resumed && session !== undefined ? offerHello(node.address, { identity, session }) : seen;
  };
  for (const group of groupsOf(context, identities, 'exactly the allowed ID')) {
    const { right } = group;
    const rows = asRows(identities, group, async ({ identity, resumed }) => call(await identity(), resumed));
    await besideRight(context, node, 'server', group, { row: group.row, offer: () => call(right) }, rows);
  }
}

async function asClient(context: SuiteContext, node: TargetNode, identities: Identities): Promise<void> {
  const { harnessHost } = context.target;
  const dial = (expect: string) => (identity: TlsIdentity) =>
    dialForged(node.admin!, harnessHost, expect, { identity });
  const call = dial(identities.right.direct.spiffeId);
  for (const group of groupsOf(context, identities, 'exactly the expected ID')) {
    const { right, beside } = group;
    const rows = [
      ...asRows(identities, group, async ({ identity }) => {
        const odd = await identity();
        return dial(odd.spiffeId)(odd);
      }),
      ...(beside === 'right' ? await otherPeer(context, node, identities, call) : []),
    ];
    const offer = () => dial(right.spiffeId)(right);
    await besideRight(context, node, 'client', group, { row: group.row, offer }, rows);
  }
}

/** Rows that stand beside one right exchange, and what that is. */
interface Group {
  readonly beside: Beside;
  /** Of the control, within its node and role. */
  readonly name: string;
  readonly clause: KnownClause;
  readonly row: string;
  readonly right: TlsIdentity;
}

/** The right exchanges that something of what was chosen needs; what cannot be made here is left out, with its rows. */
function groupsOf({ wants }: SuiteContext, { right, ally, odd }: Identities, exactly: string): readonly Group[] {
  const chain = 'below an intermediate';
  const federated = 'an allowed ID of a federated trust domain';
  const all: readonly (Omit<Group, 'right'> & { readonly right: TlsIdentity | undefined })[] = [
    { beside: 'right', name: 'pinning', clause: exactId, row: exactly, right: right.direct },
    { beside: 'ally', name: 'ally', clause: exactId, row: federated, right: ally.direct },
    { beside: 'chain', name: 'chain', clause: intermediates, row: chain, right: right.chained },
    {
      beside: 'ally-chain',
      name: 'ally-chain',
      clause: intermediates,
      row: `${federated}, ${chain}`,
      right: ally.chained,
    },
  ];
  return all.filter(
    (group): group is Group =>
      group.right !== undefined &&
      (group.beside === 'right' || wants(group.clause) || odd.some(({ beside }) => beside === group.beside)),
  );
}

async function besideRight(
  { recorder, signal, target: trust }: SuiteContext,
  node: TargetNode,
  role: Role,
  { name, clause }: Group,
  right: Omit<Control['right'], 'clause'>,
  rows: readonly Row[],
): Promise<void> {
  const control = {
    recorder,
    signal,
    trust,
    name: `${name}/${node.name}/${role}`,
    node,
    role,
    right: { clause, ...right },
  };
  await besideControl(control, rows, 2);
}

function asRows({ odd }: Identities, group: Group, call: (identity: OddIdentity) => Promise<Seen | undefined>): Row[] {
  return odd
    .filter(({ beside }) => beside === group.beside)
    .map((one) => ({ clause: one.clause, row: one.title, expect: one.expect, offer: () => call(one) }));
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
