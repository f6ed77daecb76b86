import { isLoopback, listeningAddresses } from '../../fixtures/probes/listening.ts';
import { offerHello, type Offer, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { hostPort } from '../../fixtures/spire/spire-server.ts';
import type { TargetPlane } from '../../fixtures/target/target.ts';
import type { PlaneHandshake } from '../../src/history.ts';
import { bundleEndpointPlane, metricsLoopback, requirePqKem, spireServerPlane } from '../../src/clauses/mesh/planes.ts';
import type { Suite, SuiteContext } from '../suite.ts';

/** SPIRE's own listeners, so that the report says which planes a claim covers. */
export const planes: Suite = {
  id: 'planes',
  title: 'Planes',
  mesh: 'steady',
  needs: [],
  decides: [
    { clause: spireServerPlane, needs: ['spire-server-port'] },
    { clause: bundleEndpointPlane, needs: ['bundle-endpoint'] },
    { clause: metricsLoopback, needs: ['loopback-metrics'] },
  ],
  async run(context) {
    const { target, wants } = context;
    declare(context);
    const of = (plane: TargetPlane['plane']) => target.planes.filter((found) => found.plane === plane);
    await allEnded([
      ...(wants(spireServerPlane) ? of('spire-server').map((plane) => versionsOf(context, plane)) : []),
      ...(wants(bundleEndpointPlane) ? of('bundle-endpoint').map((plane) => versionsOf(context, plane)) : []),
    ]);
    if (!wants(metricsLoopback)) return;
    for (const plane of of('metrics').filter(({ policy }) => policy === 'plaintext-loopback'))
      await listener(context, plane);
  },
};

function declare({ target, recorder }: SuiteContext): void {
  const why = "the mesh's own policy: TLS 1.3 only, both sides authenticated";
  for (const { name, address } of target.nodes) {
    recorder.record({ kind: 'plane', plane: `mesh node ${name}`, address, policy: 'tls1.3-only', why });
  }
  for (const plane of target.planes) recorder.record({ kind: 'plane', ...plane });
}

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

async function versionsOf(context: SuiteContext, plane: TargetPlane): Promise<void> {
  const identity = await context.target.probeIdentity();
  const versions = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const;
  await allEnded(versions.map((version) => handshake(context, plane, 'versions', identity, version)));
}

/** One that has a post-quantum part is the control; TLS 1.2 and the classical ones are what is promised to be refused. */
async function keyExchangesOf(context: SuiteContext, plane: TargetPlane): Promise<void> {
  const identity = await context.target.probeIdentity();
  const about = 'key-exchange';
  await allEnded([
    handshake(context, plane, about, identity, 'TLSv1.2'),
    ...['X25519MLKEM768', 'X25519', 'P-256'].map((group) =>
      handshake(context, plane, about, identity, 'TLSv1.3', group),
    ),
  ]);
}

/**
 * A TLS handshake is what is looked at here: these ports speak gRPC or HTTPS of their own, not /hello. With a valid SVID in hand, because
 * SPIRE turns away a TLS 1.2 client that shows none, which would look like a refusal of the version.
 */
async function handshake(
  { recorder }: SuiteContext,
  { plane, address }: TargetPlane,
  about: PlaneHandshake['about'],
  identity: TlsIdentity,
  version: NonNullable<Offer['versions']>[0],
  group?: string,
): Promise<void> {
  const offer = { identity, versions: [version, version] as const, ...(group !== undefined && { groups: group }) };
  const { outcome, how, tls } = await offerHello(address, offer, 3_000);
  const what = { plane, address, about, version, ...(group !== undefined && { group }) };
  recorder.record({ kind: 'plane-handshake', ...what, agreed: tls?.version ?? null, outcome, how });
}

/** Scrapes it, which is the control, and reads from the kernel which addresses the port is bound to. */
async function listener({ recorder }: SuiteContext, { plane, address }: TargetPlane): Promise<void> {
  const { host, port } = hostPort(address);
  const boundTo = () => listeningAddresses(port).map((bound) => ({ address: bound, loopback: isLoopback(bound) }));
  recorder.record({ kind: 'listener', plane, address, answered: await scrapes(host, port), boundTo: boundTo() });
}

async function scrapes(host: string, port: number): Promise<boolean> {
  try {
    const { status } = await fetch(`http://${host}:${port}/metrics`, { signal: AbortSignal.timeout(3_000) });
    return status === 200;
  } catch {
    // That it cannot be scraped is what is recorded.
    return false;
  }
}
