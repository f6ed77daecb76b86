import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { offerTo, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { deafness, nameTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import { exactId, expectedPeer, foreignDomainUnknown } from '../../src/clauses/mesh/pinning.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { selfSigned, strangerAuthority } from '../../src/clauses/spiffe-id/proof.ts';
import { intermediates, unlinked } from '../../src/clauses/x509-svid/chain.ts';
import type { Role } from '../../src/clause.ts';
import { differsInName, identitiesFor, type Identities, type OddIdentity } from './identities.ts';
import type { Beside, IdentityRow } from './row.ts';
import { rows as nearlyAllowed } from '../mesh/pinning.ts';
import { rows as unproven } from '../spiffe-id/proof.ts';
import { rows as misspelt } from '../spiffe-id/syntax.ts';
import type { Decides, Suite, SuiteContext } from '../suite.ts';
import { rows as chains } from '../x509-svid/chain.ts';
import { rows as leaves } from '../x509-svid/leaf.ts';
import { rows as paths } from '../x509-svid/path.ts';

const matrix = [...nearlyAllowed, ...paths, ...chains, ...leaves, ...misspelt, ...unproven];

/** Whether SPIRE would issue the identity of a row, whatever the names are. */
const isNamed = ({ signer, beside, odd }: IdentityRow) =>
  signer === 'own' &&
  beside === 'right' &&
  differsInName(
    odd({
      ...{ right: '', ally: '', path: '', name: '', sibling: '', trustDomain: '', federatedDomain: '' },
      ...{ id: (path) => path, at: () => new Date() },
    }),
  );

/** Whether a row needs a trust domain that the mesh is federated with. */
const isFederated = ({ signer, beside }: IdentityRow) =>
  signer === 'federated' || beside === 'ally' || beside === 'ally-chain';

// These need no authority that the mesh trusts; of others, a part needs none.
const forgeable: readonly Decides['clause'][] = [exactId, selfSigned, strangerAuthority];
const partlyForgeable: readonly Decides['clause'][] = [foreignDomainUnknown, unlinked];
const decides = [...new Set([exactId, ...matrix.map(({ clause }) => clause), expectedPeer])].map((clause): Decides => {
  if (forgeable.includes(clause)) return { clause, needs: [] };
  if (clause === expectedPeer || matrix.some((row) => row.clause === clause && isNamed(row)))
    return { clause, needs: ['other-names'] };
  const byAll = matrix.filter((row) => row.clause === clause).every(isFederated);
  return {
    clause,
    needs: [...(byAll ? (['federation'] as const) : []), 'forging'],
    ...(partlyForgeable.includes(clause) && { partly: true }),
  };
});

/** Who is accepted: a matrix of identities that are right but for one thing, shown to each node as client and as server. */
export const pinning: Suite = {
  id: 'pinning',
  title: 'ID pinning',
  mesh: 'steady',
  needs: [],
  decides,
  async run(context) {
    const rows = matrix.filter(({ clause }) => context.wants(clause));
    const parts = await partsWithIdentities(context, rows);
    tellNameless(context, rows, parts);
    await allEnded(
      parts.map(({ node, role, identities }) => {
        const show = role === 'server' ? asServer : asClient;
        return show(context, node, identities);
      }),
    );
  },
};

interface PartWithIdentities {
  readonly node: TargetNode;
  readonly role: Role;
  readonly identities: Identities;
}

/** Each node under test in each of its roles, with the identities that it is shown: those that are made of one name are made once. */
async function partsWithIdentities(context: SuiteContext, rows: readonly IdentityRow[]): Promise<PartWithIdentities[]> {
  const { target } = context;
  const { forging: _, ...withoutOurs } = target;
  const made = new Map<string, Promise<Identities>>();
  const identitiesOf = (of: 'ours' | 'spire', caller?: string) => {
    const key = JSON.stringify([of, caller]);
    const one = made.get(key) ?? identitiesFor(of === 'ours' ? target : withoutOurs, rows, caller);
    made.set(key, one);
    return one;
  };
  return Promise.all(
    partsOf(target).map(async ({ node, role }) => {
      const caller = nameTo(node, role);
      const identities = await identitiesOf('ours', caller);
      const why = deafness(node, role);
      if (why === undefined) return { node, role, identities };
      const toTheDeaf = await identitiesOf('spire', caller);
      leaveOpen(context, node, role, why, identities, toTheDeaf);
      return { node, role, identities: toTheDeaf };
    }),
  );
}

/** Not every name has others of every kind near it: where none can be made, that is told, for each node that has such a caller or once for all. */
function tellNameless(
  { recorder }: SuiteContext,
  rows: readonly IdentityRow[],
  parts: readonly PartWithIdentities[],
): void {
  for (const clause of new Set(rows.map((one) => one.clause))) {
    const none = parts.filter(({ identities }) => !identities.odd.some((one) => one.clause === clause));
    const told = none.length === parts.length ? none.slice(0, 1) : none;
    for (const { node, role, identities } of told) {
      const reason = `no other name of that kind can be made of ${identities.right.direct.spiffeId}`;
      const whose = none.length === parts.length ? {} : { node: node.name, role };
      recorder.record({ kind: 'skip', clause: clause.id, ...whose, reason, moot: true });
    }
  }
}

/** Of a node to which identities of ours say nothing, what nothing else shows stays open. */
function leaveOpen(
  context: SuiteContext,
  { name: node }: TargetNode,
  role: Role,
  how: string,
  identities: Identities,
  toTheDeaf: Identities,
): void {
  const besides = new Set(groupsOf(context, toTheDeaf, '').map(({ beside }) => beside));
  const rowsOf = (all: readonly OddIdentity[]) => Map.groupBy(all, ({ clause }) => clause);
  const wanted = rowsOf(identities.odd);
  const left = rowsOf(toTheDeaf.odd.filter(({ beside }) => besides.has(beside)));
  const isWhole = (clause: KnownClause) => (left.get(clause)?.length ?? 0) >= (wanted.get(clause)?.length ?? 0);
  const control = `pinning/${node}/${role}`;
  for (const clause of [
    ...wanted.keys(),
    ...(role === 'client' && toTheDeaf.issue === undefined ? [expectedPeer] : []),
  ])
    if (context.wants(clause) && (clause === expectedPeer || !isWhole(clause)))
      context.recorder.record({
        ...{ kind: 'exchange', clause: clause.id, row: 'identities by the authority of this run', node, role, control },
        ...{ expect: 'refused', outcome: 'unknown', untried: true, how: `not tried: ${how}`, tookMs: 0 },
      });
}

async function asServer(context: SuiteContext, node: TargetNode, identities: Identities): Promise<void> {
  const call = async (identity: TlsIdentity, resumed = false) => {
    const seen = await offerTo(node, { identity });
    const session = seen.sessions.at(-1);
    return resumed && session !== undefined ? offerTo(node, { identity, session }) : seen;
  };
  for (const group of groupsOf(context, identities, 'exactly the allowed ID')) {
    const { right } = group;
    const odd = shownTo(context, node, 'server', group, identities);
    const rows = asRows(odd, async ({ identity, resumed }) => call(await identity(), resumed));
    await besideRight(context, node, 'server', group, { row: group.row, offer: () => call(right) }, rows);
  }
}

async function asClient(context: SuiteContext, node: TargetNode, identities: Identities): Promise<void> {
  const { harnessHost } = context.target;
  const dial = (expect: string) => (identity: TlsIdentity) =>
    dialForged(node.dialler!, harnessHost, expect, { identity });
  const call = dial(identities.right.direct.spiffeId);
  for (const group of groupsOf(context, identities, 'exactly the expected ID')) {
    const { right, beside } = group;
    const odd = shownTo(context, node, 'client', group, identities);
    const rows = [
      ...asRows(odd, async ({ identity }) => {
        const one = await identity();
        return dial(one.spiffeId)(one);
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

/** The odd identities of a group, but for names that the node allows: of a clause that has no other, it is told that none is left. */
function shownTo(
  { recorder }: SuiteContext,
  { name, allows = [] }: TargetNode,
  role: Role,
  group: Group,
  { odd }: Identities,
): OddIdentity[] {
  const all = odd.filter(({ beside }) => beside === group.beside);
  const left = all.filter(({ shows }) => shows === undefined || !allows.includes(shows));
  for (const clause of new Set(all.map((one) => one.clause)))
    if (!left.some((one) => one.clause === clause)) {
      const reason = `${name} allows every name that would be shown for it`;
      recorder.record({ kind: 'skip', clause: clause.id, node: name, role, reason, moot: true });
    }
  return left;
}

function asRows(odd: readonly OddIdentity[], call: (identity: OddIdentity) => Promise<Seen | undefined>): Row[] {
  return odd.map((one) => ({ clause: one.clause, row: one.title, expect: one.expect, offer: () => call(one) }));
}

/** Two IDs that the node allows; it asks for the one and meets the other. */
async function otherPeer(
  context: SuiteContext,
  node: TargetNode,
  { issue }: Identities,
  call: (identity: TlsIdentity) => Promise<Seen | undefined>,
): Promise<Row[]> {
  if (!context.wants(expectedPeer) || issue === undefined) return [];
  const { trustDomain, nodes, probeIds } = context.target;
  const skip = (reason: string, moot?: true) => {
    const skipped = { clause: expectedPeer.id, node: node.name, role: 'client', reason } as const;
    context.recorder.record({ kind: 'skip', ...skipped, ...(moot && { moot }) });
    return [];
  };
  if (node.dialler?.expectsAnybody === true)
    return skip(`${node.name} is not told whom to expect ({expect}) when it is made to call`);
  const isOther = (id: string) =>
    id !== probeIds.own && id !== node.callee && id.startsWith(`spiffe://${trustDomain}/`);
  const allowed = node.allows?.find(isOther);
  const other = allowed ?? nodes.find(({ name, spiffeId }) => name !== node.name && isOther(spiffeId))?.spiffeId;
  if (other === undefined) return skip('needs a second ID that the node allows', true);
  const identity = await issue(other);
  const rowOf = (what: string, offer: Row['offer']): Row[] => [
    { clause: expectedPeer, row: `${other}, ${what}`, expect: 'refused', offer },
  ];
  if (allowed !== undefined || node.allows === undefined)
    return rowOf('allowed but not asked for', () => call(identity));
  // Whoever takes one that it does not even allow asks for nobody; whoever refuses it may have looked at a list alone.
  const seen = await call(identity);
  return seen?.outcome === 'refused'
    ? skip(`needs a second ID that ${node.name} allows; it refused ${other}, which it does not`)
    : rowOf('neither allowed nor asked for', async () => seen);
}
