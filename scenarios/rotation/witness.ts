import { openControl, type Control, type Offer, type OpenControl } from '../../fixtures/probes/beside-control.ts';
import { dialForged, type DialSeen } from '../../fixtures/probes/forged-server.ts';
import { offerHello, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { eventually, inTime } from '../../fixtures/run/eventually.ts';
import type { TargetNode } from '../../fixtures/target/target.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { revokedAuthorityRefused, ticketNotPastAuthority } from '../../src/clauses/mesh/rotation.ts';
import type { Role } from '../../src/clause.ts';
import type { ScenarioContext } from '../scenario.ts';

/** What one node is shown before its authority is revoked, and will be shown again afterwards. */
export interface Witness {
  /** Shows it again, now to be refused, and then an SVID of the new authority, to be accepted. */
  close(): Promise<void>;
}

/** An SVID of the authority that is to be revoked, and one that will be there instead. */
export interface Identities {
  readonly old: TlsIdentity;
  renewed(): Promise<TlsIdentity>;
}

/** Shows a node an SVID of the old authority, as its client and as its server, and the ticket that came with it. */
export async function openWitness(
  context: ScenarioContext,
  node: TargetNode,
  identities: Identities,
): Promise<Witness> {
  const asServer = node.lacks?.server === undefined ? await witnessAsServer(context, node, identities) : undefined;
  const asClient = node.lacks?.client === undefined ? await witnessAsClient(context, node, identities) : undefined;
  return {
    async close() {
      await asServer?.close();
      await asClient?.close();
    },
  };
}

async function witnessAsServer(context: ScenarioContext, node: TargetNode, identities: Identities): Promise<Witness> {
  const { old, renewed } = identities;
  const hello = (session?: Buffer) => offerHello(node.address, { identity: old, ...(session && { session }) });
  const after = {
    row: 'an SVID of the new authority',
    offer: async () => offerHello(node.address, { identity: await renewed() }),
  };
  const svid = await open(context, node, 'server', revokedAuthorityRefused, {
    right: ['an SVID of the old authority, before its revocation', () => hello()],
    after,
  });
  // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
  const [spent, ...kept] = svid.first?.sessions ?? [];
  const session = kept.at(-1) ?? spent;
  // Who did not answer is not asked again: each wait is long, and would tell nothing.
  const ticket = await open(context, node, 'server', ticketNotPastAuthority, {
    right: [
      'a session of the old authority, before its revocation',
      async () => (svid.tells ? hello(spent) : svid.first),
    ],
    after,
  });
  return {
    async close() {
      await refuses(svid, revokedAuthorityRefused, 'the same SVID, after the revocation', () =>
        refusedSoon(context, () => hello()),
      );
      const again =
        session === undefined
          ? 'the same SVID, after the revocation (no session was offered)'
          : 'the same session, after the revocation';
      await refuses(ticket, ticketNotPastAuthority, again, () => hello(session));
      await svid.close();
      await ticket.close();
    },
  };
}

async function witnessAsClient(
  context: ScenarioContext,
  node: TargetNode,
  { old, renewed }: Identities,
): Promise<Witness> {
  const { target } = context;
  const dial = async (identity: TlsIdentity) =>
    node.admin && dialForged(node.admin, target.harnessHost, identity.spiffeId, { identity });
  const server = await open(context, node, 'client', revokedAuthorityRefused, {
    right: ['a server of the old authority, before its revocation', () => dial(old)],
    after: { row: 'a server of the new authority', offer: async () => dial(await renewed()) },
  });
  return {
    async close() {
      await refuses(server, revokedAuthorityRefused, 'the same server, after the revocation', () =>
        refusedSoon(context, () => dial(old)),
      );
      await server.close();
    },
  };
}

interface Shown {
  readonly right: readonly [row: string, offer: Offer];
  readonly after: NonNullable<Control['after']>;
}

function open(
  { recorder, signal }: ScenarioContext,
  node: TargetNode,
  role: Role,
  clause: KnownClause,
  { right: [row, offer], after }: Shown,
): Promise<OpenControl> {
  const name = `${clause.id}/${node.name}/${role}`;
  return openControl({ recorder, signal, name, node, role, right: { clause, row, offer }, after });
}

function refuses(control: OpenControl, clause: KnownClause, row: string, offer: Offer): Promise<void> {
  return control.try([{ clause, row, expect: 'refused', offer }]);
}

// Behind one address may stand several workers, of which each has to have heard of it.
const refusalsInARow = 6;

/**
 * The node was given the new bundle at about this moment, as we were; it may take it in a little later, and not later than that. Once it has
 * refused, it refuses whoever comes: several times in a row, each on a connection of its own.
 */
async function refusedSoon(
  { signal }: ScenarioContext,
  offer: () => Promise<Seen | DialSeen | undefined>,
): Promise<Seen | DialSeen | undefined> {
  let last: Seen | DialSeen | undefined;
  const refused = async () => (last = await offer())?.outcome === 'refused';
  const heeded = await inTime(
    eventually('the revoked authority is refused', refused, { withinMs: 1_500, everyMs: 25, signal }),
  );
  for (let times = 1; heeded && times < refusalsInARow; times++) {
    if (!(await refused())) return last && { ...last, how: `${last.how}; it had refused ${times} in a row before` };
  }
  return last;
}
