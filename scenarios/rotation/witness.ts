import { openControl, type Control, type Offer, type OpenControl } from '../../fixtures/probes/beside-control.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { offerTo, type Session, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { isPrompt, type TargetNode } from '../../fixtures/target/target.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { revokedAuthorityRefused, ticketNotPastAuthority } from '../../src/clauses/mesh/rotation.ts';
import type { Role } from '../../src/clause.ts';
import { offers, untilResumed } from '../steps/resumption.ts';
import type { ScenarioContext } from '../scenario.ts';
import { bundleDeliveredMs, untilItStays } from './uptake.ts';

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
  identities: (role: Role) => Identities,
): Promise<Witness> {
  const asServer =
    node.lacks?.server === undefined ? await witnessAsServer(context, node, identities('server')) : undefined;
  const asClient =
    node.lacks?.client === undefined && isPrompt(node, 'client')
      ? await witnessAsClient(context, node, identities('client'))
      : undefined;
  return {
    async close() {
      // At once: what is asked for the first time when the bound is over shows nothing of whether it came in time.
      await allEnded([asServer, asClient].map(async (witness) => witness?.close()));
    },
  };
}

// All others wait for it: who takes so long for a few answers is not asked for the rest of them.
const longestMs = 15_000;

async function witnessAsServer(context: ScenarioContext, node: TargetNode, identities: Identities): Promise<Witness> {
  const { old, renewed } = identities;
  const refusedSoon = soonRefusing(context, node);
  const hello = (session?: Session) => offerTo(node, { identity: old, ...(session && { session }) });
  const after = {
    row: 'an SVID of the new authority',
    offer: async () => offerTo(node, { identity: await renewed() }),
  };
  const svid = await open(context, node, 'server', revokedAuthorityRefused, {
    right: ['an SVID of the old authority, before its revocation', () => hello()],
    after,
  });
  const ticket = await open(context, node, 'server', ticketNotPastAuthority, {
    right: ['an SVID of the old authority, before its revocation', () => Promise.resolve(svid.first)],
    after,
  });
  let late: Session | undefined;
  let opened = svid.first;
  if (opened !== undefined && opened.sessions.length > 0) {
    // Whether a node resumes sessions at all is its own choice. A key of tickets that goes with each SVID may have gone already: then another.
    const untilMs = performance.now() + longestMs;
    const offer = () =>
      untilResumed(
        async () => {
          // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
          const [spent, ...kept] = (opened ??= await hello()).sessions;
          opened = undefined;
          const seen = await hello(spent);
          if (seen.tls?.resumed === true) late = kept.at(-1) ?? spent;
          return seen;
        },
        () => performance.now() < untilMs,
      );
    const row = 'its session, before the revocation';
    await ticket.try([{ clause: ticketNotPastAuthority, row, expect: 'either', offer }]);
  }
  return {
    async close() {
      await refuses(svid, revokedAuthorityRefused, 'the same SVID, after the revocation', () =>
        refusedSoon(() => hello()),
      );
      // Who resumes nothing is judged by the full handshake.
      const again =
        late === undefined
          ? 'the same SVID, after the revocation (no session was offered)'
          : 'the same session, after the revocation';
      const offer = () => hello(late);
      const row = { clause: ticketNotPastAuthority, row: again, expect: 'refused', offer } as const;
      // One after the other: what comes at one moment may meet one worker.
      const rows = Array.from({ length: late === undefined ? 1 : offers }, () => row);
      await ticket.try(rows, 1);
      await allEnded([svid.close(), ticket.close()]);
    },
  };
}

async function witnessAsClient(
  context: ScenarioContext,
  node: TargetNode,
  { old, renewed }: Identities,
): Promise<Witness> {
  const { target } = context;
  const refusedSoon = soonRefusing(context, node);
  const dial = async (identity: TlsIdentity) =>
    node.dialler && dialForged(node.dialler, target.harnessHost, identity.spiffeId, { identity });
  const server = await open(context, node, 'client', revokedAuthorityRefused, {
    right: ['a server of the old authority, before its revocation', () => dial(old)],
    after: { row: 'a server of the new authority', offer: async () => dial(await renewed()) },
  });
  return {
    async close() {
      await refuses(server, revokedAuthorityRefused, 'the same server, after the revocation', () =>
        refusedSoon(() => dial(old)),
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
  { recorder, signal, target }: ScenarioContext,
  node: TargetNode,
  role: Role,
  clause: KnownClause,
  { right: [row, offer], after }: Shown,
): Promise<OpenControl> {
  const name = `${clause.id}/${node.name}/${role}`;
  return openControl({ recorder, signal, trust: target, name, node, role, right: { clause, row, offer }, after });
}

function refuses(control: OpenControl, clause: KnownClause, row: string, offer: Offer): Promise<void> {
  return control.try([{ clause, row, expect: 'refused', offer }]);
}

/** The node was given the bundle of now at about the moment as we were; until it is overdue, it may judge by the one before. */
function soonRefusing(context: ScenarioContext, node: TargetNode): (offer: Offer) => ReturnType<Offer> {
  const boundMs = node.uptakeMs ?? context.target.timing.uptakeMs;
  return (offer) => {
    const dueMs = bundleDeliveredMs(context, node) + boundMs;
    const due = { node: node.name, wanted: 'refused', dueMs, boundMs } as const;
    return untilItStays(context, due, offer).then((seen) => asFarAsSaid(context, node, seen));
  };
}

/** Of a service of others whose owner does not say how long it may take, nobody knows that it is late. */
function asFarAsSaid(
  { target }: ScenarioContext,
  { uptakeMs }: TargetNode,
  seen: Awaited<ReturnType<Offer>>,
): Awaited<ReturnType<Offer>> {
  if (seen?.outcome !== 'accepted' || target.ownClocks !== true || uptakeMs !== undefined) return seen;
  const how = `${seen.how}, as yet: the target file does not say how long it may take (uptake)`;
  return { ...seen, outcome: 'unknown', ending: 'unseen', how };
}
