import { openPorts } from '../../fixtures/probes/open-ports.ts';
import { isLoopback, listeningAddresses } from '../../fixtures/probes/listening.ts';
import { offerTo, type Offer, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { whoAnswered } from '../../fixtures/probes/who-answered.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { eventually, inTime } from '../../fixtures/run/eventually.ts';
import { hostPort } from '../../src/host-port.ts';
import type { ScannedHost, TargetPlane } from '../../fixtures/target/target.ts';
import type { PlaneHandshake } from '../../src/history.ts';
import * as planeClauses from '../../src/clauses/mesh/planes.ts';
import { classicalGroups, furtherListener, postQuantum as withPostQuantum } from '../../src/checkers/planes.ts';
import type { Suite, SuiteContext } from '../suite.ts';

const { bundleEndpointPlane, metricsLoopback, requirePqKem, spireServerPlane, nodeListeners, nothingElseOpen } =
  planeClauses;

/** SPIRE's own listeners, and those of nodes that are declared beside the one that is judged, so that the report says which planes a claim covers. */
export const planes: Suite = {
  id: 'planes',
  title: 'Planes',
  mesh: 'steady',
  needs: [],
  decides: [
    { clause: spireServerPlane, needs: ['spire-server-port'] },
    { clause: bundleEndpointPlane, needs: ['bundle-endpoint'] },
    { clause: metricsLoopback, needs: ['loopback-metrics'] },
    { clause: nodeListeners, needs: ['further-listeners'] },
    { clause: nothingElseOpen, needs: ['port-scan'] },
  ],
  declare({ target, recorder }) {
    const usual = "the mesh's own policy: TLS 1.3 only, both sides authenticated";
    for (const { name, address, speaks12 } of target.nodes) {
      const policy = speaks12 === undefined ? 'tls1.3-only' : 'tls1.2-or-newer';
      recorder.record({ kind: 'plane', plane: `mesh node ${name}`, address, policy, why: speaks12 ?? usual });
    }
    for (const plane of target.planes) recorder.record({ kind: 'plane', ...plane });
  },
  async run(context) {
    const { target, wants } = context;
    const of = (plane: TargetPlane['plane']) => target.planes.filter((found) => found.plane === plane);
    await allEnded([
      ...(wants(spireServerPlane) ? of('spire-server').map((plane) => versionsOf(context, plane)) : []),
      ...(wants(bundleEndpointPlane) ? of('bundle-endpoint').map((plane) => versionsOf(context, plane)) : []),
      ...(wants(nodeListeners) ? of(furtherListener).map((plane) => versionsOf(context, plane)) : []),
    ]);
    if (!wants(metricsLoopback)) return;
    for (const plane of of('metrics').filter(({ policy }) => policy === 'plaintext-loopback'))
      await listener(context, plane);
  },
  // When no listener of ours stands on any of those hosts.
  async finish(context) {
    const { target, wants } = context;
    if (!wants(nothingElseOpen)) return;
    for (const host of target.scan?.hosts ?? []) await scanHost(context, host);
  },
};

/** SPIRE's switch require_pq_kem, where the deployment has it on: a promise like any other. */
export const postQuantum: Suite = {
  id: 'post-quantum',
  title: "SPIRE's switch require_pq_kem",
  mesh: 'brief',
  needs: ['post-quantum-switch'],
  decides: [requirePqKem],
  async run(context) {
    const promised = context.target.planes.filter(
      ({ plane, policy }) => plane === 'spire-server' && policy === 'tls1.3-only',
    );
    await allEnded(promised.map((plane) => keyExchangesOf(context, plane)));
  },
};

async function scanHost({ target, recorder, signal }: SuiteContext, { address, names }: ScannedHost): Promise<void> {
  const { from, to } = target.scan!;
  const found = await openPorts(address, { from, to, signal });
  recorder.record({ kind: 'port-scan', host: names[0] ?? address, names: [...names, address], from, to, ...found });
}

async function versionsOf(context: SuiteContext, plane: TargetPlane): Promise<void> {
  if (plane.policy === 'plaintext') return;
  const versions = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const;
  await handshakes(
    context,
    plane,
    'versions',
    versions.map((version) => ({ version })),
  );
}

/** One that has a post-quantum part is the control, before and after; TLS 1.2 and the classical ones are promised to be refused. */
async function keyExchangesOf(context: SuiteContext, plane: TargetPlane): Promise<void> {
  const alone = (group: string) => ({ version: 'TLSv1.3', group }) as const;
  const control = () => handshakes(context, plane, 'key-exchange', [alone(withPostQuantum)]);
  await control();
  await handshakes(context, plane, 'key-exchange', [{ version: 'TLSv1.2' }, ...classicalGroups.map(alone)]);
  await control();
}

interface HandshakeOffer {
  readonly version: NonNullable<Offer['versions']>[0];
  readonly group?: string;
}

/**
 * A TLS handshake is what is looked at here: these ports speak gRPC or HTTPS of their own, not /hello. With a valid SVID in hand, because
 * SPIRE turns away a TLS 1.2 client that shows none, which would look like a refusal of the version. Recorded in the order of the offers.
 */
async function handshakes(
  { target, recorder }: SuiteContext,
  { plane, address, spiffeId, caller }: TargetPlane,
  about: PlaneHandshake['about'],
  offers: readonly HandshakeOffer[],
): Promise<void> {
  const identity = await target.probeIdentity(caller);
  const seen = await allEnded(
    offers.map(async (offer) => {
      const beganAt = new Date();
      const { outcome: came, how, ending, tls, server } = await offerTo({ address }, asOffer(identity, offer), 3_000);
      // Who does not let us in at such a listener says so before an older handshake ends: that is no word on its version.
      const isOfVersion =
        ending === 'otherVersion' || /protocol.?version|handshake.?failure|unsupported.?protocol/i.test(how);
      const isOpen = plane === furtherListener && came === 'refused' && tls === undefined && !isOfVersion;
      const outcome = isOpen ? 'unknown' : came;
      const proof =
        tls === undefined || spiffeId === undefined
          ? undefined
          : await whoAnswered(target, { spiffeId }, server ?? [], beganAt);
      const what = { plane, address, about, ...offer, agreed: tls?.version ?? null };
      return { ...what, ...(proof?.unproven !== undefined && { unproven: proof.unproven }), outcome, how };
    }),
  );
  for (const one of seen) recorder.record({ kind: 'plane-handshake', ...one });
}

function asOffer(identity: TlsIdentity, { version, group }: HandshakeOffer): Offer {
  return { identity, versions: [version, version], ...(group !== undefined && { groups: group }) };
}

/** Scrapes it, which is the control, and reads from the kernel which addresses the port is bound to. */
async function listener({ recorder, signal }: SuiteContext, { plane, address }: TargetPlane): Promise<void> {
  const { host, port } = hostPort(address);
  const boundTo = () => listeningAddresses(port).map((bound) => ({ address: bound, loopback: isLoopback(bound) }));
  let last = { answered: false, boundTo: boundTo() };
  const look = async () => {
    const answered = await scrapes(host, port);
    // The kernel's list is long where there is traffic.
    last = { answered, boundTo: answered ? boundTo() : last.boundTo };
    return answered && last.boundTo.length > 0;
  };
  // That of an agent is away for a moment where a scenario restarts it.
  const wait = { withinMs: agentAwayMs, everyMs: 50, signal };
  await inTime(eventually(`${plane} at ${address} answers and is listed`, look, wait));
  recorder.record({ kind: 'listener', plane, address, ...last });
}

// To stop an agent takes 1.5 s at most, to start it again less; the rest is patience with a loaded machine.
const agentAwayMs = 10_000;

async function scrapes(host: string, port: number): Promise<boolean> {
  try {
    const { status } = await fetch(`http://${host}:${port}/metrics`, { signal: AbortSignal.timeout(3_000) });
    return status === 200;
  } catch {
    // That it cannot be scraped is what is recorded.
    return false;
  }
}
