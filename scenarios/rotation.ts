import type { KnownClause } from '../src/clauses/catalogue.ts';
import { record as recordExchange } from '../fixtures/probes/beside-control.ts';
import * as clausesOfRotation from '../src/clauses/mesh/rotation.ts';
import { dialForged } from '../fixtures/probes/forged-server.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { FixtureError } from '../src/errors.ts';
import { offerHello, type Seen, type TlsIdentity } from '../fixtures/probes/probe.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import { authorityId } from '../src/svid/x509/read.ts';
import { orNot, type Scenario, type ScenarioContext } from './scenario.ts';

const leastRotations = 5;
// SPIRE looks after an agent's own SVID every 5 s, 10 % jitter, whatever the sync interval; a taint is acted on at that look.
const agentRenewalMs = 5_500;
// Allowance for a loaded machine, on top of what follows from the configured intervals.
const allowanceMs = 15_000;

export const rotation: Scenario = {
  id: 'rotation',
  title: 'SVIDs and the authority rotate under load',
  hypothesis:
    'through at least five SVID rotations of every node and one forced rotation of the authority (prepare, activate, taint, revoke) no request fails, and afterwards nobody accepts the old authority',
  clauses: Object.values(clausesOfRotation),
  needs: ['authority-rotation'],
  mesh: 'steady',
  steps: [
    'New connections arrive at a fixed rate over all pairs, long-lived ones stand beside them.',
    'An SVID of the present authority is shown to every node and accepted, and the session ticket it brings is kept.',
    'A new authority is prepared; every agent has to deliver it before it is activated.',
    'It is activated; every node has to be given an SVID of it.',
    'The old authority is tainted; every agent has to renew its own SVID.',
    'At least five rotations of every node have been seen. The old authority is revoked, and every agent has to drop it.',
    'The SVID and the ticket of the beginning are shown again: now they have to be refused, while a new SVID is accepted.',
  ],
  faults: [],
  bounds: [
    {
      name: 'newSvidPresented',
      says: "from the delivery of a new SVID by the agent to the first moment at which a new connection must show it: a quarter of the SVID's TTL",
    },
  ],
  async run(context, bounds) {
    const { target, recorder, signal, load } = context;
    const { server } = target;
    if (server === undefined)
      throw new FixtureError("rotation: the authority can be rotated only through the SPIRE server's admin socket");
    const { api } = server;
    const { svidTtlSeconds, syncIntervalMs, cacheReloadMs } = target.timing;
    bounds.newSvidPresented = (svidTtlSeconds * 1000) / 4;
    const beganMs = recorder.now();
    const agents = target.nodes.flatMap(({ agent }) => agent ?? []);
    const earlier = new Map(agents.map((agent) => [agent, agent.rotations]));
    const propagatesMs = cacheReloadMs + 2.2 * syncIntervalMs + allowanceMs;
    const authority = (state: 'prepared' | 'activated' | 'tainted' | 'revoked', id: string) =>
      recorder.record({ kind: 'authority', mesh: target.name, state, authority: id });
    const everyAgent = (condition: string, wanted: Parameters<(typeof agents)[number]['until']>[1]) =>
      Promise.all(agents.map((agent) => agent.until(condition, wanted, propagatesMs, signal)));

    const old = (await api.getX509AuthorityState()).active?.authorityId;
    if (old === undefined) throw new FixtureError('rotation: the SPIRE server names no active authority');
    const witness = await target.probeIdentity();
    const witnesses = await Promise.all(
      target.nodes.filter(({ judged }) => judged).map((node) => openWitness(context, node, witness)),
    );
    const ownAgents = async () => (await api.listAgents()).filter(({ spiffeId }) => server.agentIds.has(spiffeId));
    const serials = new Set((await ownAgents()).map(({ serialNumber }) => serialNumber));

    const { authorityId: next } = await api.prepareX509Authority();
    authority('prepared', next);
    await everyAgent(
      'the prepared authority is delivered',
      ({ authorities }) => authorities.get(target.trustDomain)?.includes(next) === true,
    );
    await load.refresh();
    await api.activateX509Authority(next);
    authority('activated', next);
    await Promise.all([
      load.refresh(),
      everyAgent(
        'an SVID of the new authority is delivered',
        ({ leaf }) => leaf !== undefined && authorityId(leaf) === next,
      ),
    ]);
    await api.taintX509Authority(old);
    authority('tainted', old);
    // Revoked any sooner, an agent whose own SVID still hangs on the old authority would be locked out of its server.
    await eventually(
      'every agent renewed its own SVID after the taint',
      async () => (await ownAgents()).every(({ serialNumber }) => !serials.has(serialNumber)),
      { withinMs: agentRenewalMs + propagatesMs, everyMs: 50, signal },
    );
    await eventually(
      `${leastRotations} rotations of every node`,
      () => agents.every((agent) => agent.rotations - (earlier.get(agent) ?? 0) >= leastRotations),
      { withinMs: leastRotations * svidTtlSeconds * 1000 + propagatesMs, signal },
    );
    // Each of them is to be seen on the wire as well, as far as the node takes it up in time: whether it does, the clause decides.
    const shown = (node: string) =>
      recorder.history.filter(
        (entry) => entry.kind === 'svid' && entry.seen === 'presented' && entry.node === node && entry.atMs > beganMs,
      ).length;
    await orNot(
      eventually(
        `${leastRotations} rotations of every node under test seen on the wire`,
        () => target.nodes.every(({ name, judged }) => !judged || shown(name) >= leastRotations),
        { withinMs: bounds.newSvidPresented + 1_000, everyMs: 20, signal },
      ),
    );
    await context.othersDone;

    await api.revokeX509Authority(old);
    authority('revoked', old);
    await everyAgent(
      'the revoked authority is gone from the bundle',
      ({ authorities }) => authorities.get(target.trustDomain)?.includes(old) === false,
    );
    const renewed = await target.probeIdentity();
    await Promise.all(witnesses.map((opened) => closeWitness(context, opened, renewed)));
  },
};

/** An SVID and a session of the old authority, accepted by one node before its revocation. */
interface Witness {
  readonly node: TargetNode;
  readonly identity: TlsIdentity;
  readonly session: Buffer | undefined;
  /** Whether it answered at all, in each role: each wait for one that does not is long, and would tell nothing. */
  readonly serves: boolean;
  readonly dials: boolean;
}

const { revokedAuthorityRefused, ticketNotPastAuthority } = clausesOfRotation;

function exchange(
  context: ScenarioContext,
  node: TargetNode,
  role: 'server' | 'client',
  clause: KnownClause,
  row: string,
  expect: 'accepted' | 'refused',
  seen: Seen,
): void {
  const { recorder, signal } = context;
  recordExchange(
    {
      recorder,
      signal,
      node,
      role,
      name: `${clause.id}/${node.name}/${role}`,
      right: { clause, row, offer: () => Promise.resolve(seen) },
    },
    { clause, row, expect },
    seen,
  );
}

async function openWitness(context: ScenarioContext, node: TargetNode, identity: TlsIdentity): Promise<Witness> {
  const asServer = await offerHello(node.address, { identity });
  exchange(
    context,
    node,
    'server',
    revokedAuthorityRefused,
    'an SVID of the old authority, before its revocation',
    'accepted',
    asServer,
  );
  // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
  const [spent, ...kept] = asServer.sessions;
  const session = kept.at(-1) ?? spent;
  const serves = asServer.outcome !== 'unknown';
  exchange(
    context,
    node,
    'server',
    ticketNotPastAuthority,
    'a session of the old authority, before its revocation',
    'accepted',
    !serves ? asServer : await offerHello(node.address, { identity, ...(spent && { session: spent }) }),
  );
  const asClient =
    node.admin === undefined
      ? undefined
      : await dialForged(node.admin, context.target.harnessHost, identity.spiffeId, { identity });
  if (asClient !== undefined)
    exchange(
      context,
      node,
      'client',
      revokedAuthorityRefused,
      'a server of the old authority, before its revocation',
      'accepted',
      asClient,
    );
  else
    context.recorder.record({
      kind: 'skip',
      clause: revokedAuthorityRefused.id,
      node: node.name,
      role: 'client',
      reason: `${node.name} cannot be asked to call`,
    });
  return { node, identity, session, serves, dials: asClient !== undefined && asClient.outcome !== 'unknown' };
}

async function closeWitness(
  context: ScenarioContext,
  { node, identity, session, serves, dials }: Witness,
  renewed: TlsIdentity,
): Promise<void> {
  const { target } = context;
  const dial = (shown: TlsIdentity) => dialForged(node.admin!, target.harnessHost, shown.spiffeId, { identity: shown });
  if (serves) {
    const last = await refusedSoon(() => offerHello(node.address, { identity }), context.signal);
    exchange(context, node, 'server', revokedAuthorityRefused, 'the same SVID, after the revocation', 'refused', last);
    exchange(
      context,
      node,
      'server',
      ticketNotPastAuthority,
      session === undefined
        ? 'the same SVID, after the revocation (no session was offered)'
        : 'the same session, after the revocation',
      'refused',
      await offerHello(node.address, { identity, ...(session && { session }) }),
    );
    for (const clause of [revokedAuthorityRefused, ticketNotPastAuthority])
      exchange(
        context,
        node,
        'server',
        clause,
        'an SVID of the new authority',
        'accepted',
        await offerHello(node.address, { identity: renewed }),
      );
  }
  if (!dials) return;
  exchange(
    context,
    node,
    'client',
    revokedAuthorityRefused,
    'the same server, after the revocation',
    'refused',
    await refusedSoon(async () => (await dial(identity))!, context.signal),
  );
  exchange(
    context,
    node,
    'client',
    revokedAuthorityRefused,
    'a server of the new authority',
    'accepted',
    (await dial(renewed))!,
  );
}

/** The node was given the new bundle at about this moment, as we were; it may take it in a little later, and not later than that. */
async function refusedSoon(offer: () => Promise<Seen>, signal: AbortSignal): Promise<Seen> {
  let last: Seen | undefined;
  await eventually('the revoked authority is refused', async () => (last = await offer()).outcome === 'refused', {
    withinMs: 1_500,
    everyMs: 25,
    signal,
  }).catch(() => {
    signal.throwIfAborted();
  });
  return last!;
}
