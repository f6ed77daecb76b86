import { isLoopback, listeningAddresses } from '../../fixtures/probes/listening.ts';
import { offerHello, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { hostPort } from '../../fixtures/spire/spire-server.ts';
import type { TargetPlane } from '../../fixtures/target/target.ts';
import { skip, type Suite, type SuiteContext } from '../suite.ts';

/** SPIRE's own listeners, so that the report says which planes a claim covers. */
export const planes: Suite = {
  id: 'planes',
  title: 'Planes',
  clauses: ['mesh/planes/spire-server', 'mesh/planes/bundle-endpoint', 'mesh/planes/metrics-loopback'],
  async run(context) {
    const { target, recorder } = context;
    for (const { name, address } of target.nodes)
      recorder.record({
        kind: 'plane',
        plane: `mesh node ${name}`,
        address,
        policy: 'tls1.3-only',
        why: "the mesh's own policy: TLS 1.3 only, both sides authenticated",
      });
    for (const { plane, address, policy, why } of target.planes)
      recorder.record({ kind: 'plane', plane, address, policy, why });
    const of = (plane: TargetPlane['plane']) => target.planes.filter((found) => found.plane === plane);
    for (const plane of ['spire-server', 'bundle-endpoint'] as const) {
      const unnamed = plane === 'spire-server' ? target.withheld?.spireServer : target.withheld?.bundleEndpoint;
      if (of(plane).length === 0) skip(context, `planes/${plane}`, unnamed ?? 'the target has no such listener');
      for (const found of of(plane)) await tlsPolicy(context, found);
    }
    await metrics(context, of('metrics'));
  },
};

/**
 * A TLS handshake is what is judged here: these ports speak gRPC or HTTPS of their own, not /hello. With a valid SVID in hand, because SPIRE
 * turns away a TLS 1.2 client that shows none, which would look like a refusal of the version.
 */
async function handshake(
  identity: TlsIdentity,
  address: string,
  versions: readonly ['TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3', 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'],
  groups?: string,
): Promise<Seen & { agreed: string | undefined }> {
  const seen = await offerHello(address, { identity, versions, ...(groups !== undefined && { groups }) }, 3_000);
  return { ...seen, agreed: seen.tls?.version };
}

async function tlsPolicy(
  { recorder, wants, target }: SuiteContext,
  { plane, address, policy }: TargetPlane,
): Promise<void> {
  const clause = `planes/${plane}`;
  if (!wants(clause)) return;
  const identity = await target.probeIdentity();
  const versions = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const;
  const found = await Promise.all(
    versions.map(async (version) => ({ version, ...(await handshake(identity, address, [version, version])) })),
  );
  const spoken = found.filter(({ agreed }) => agreed !== undefined).map(({ version }) => version);
  const allowed = policy === 'tls1.3-only' ? ['TLSv1.3'] : ['TLSv1.3', 'TLSv1.2'];
  const tooOld = spoken.filter((version) => !allowed.includes(version));
  const unclear = found.filter(({ agreed, outcome }) => agreed === undefined && outcome === 'unknown');
  recorder.record({
    kind: 'fact',
    clause,
    subject: `${plane} ${address}`,
    state: tooOld.length > 0 ? 'broken' : !spoken.includes('TLSv1.3') || unclear.length > 0 ? 'unknown' : 'holds',
    says:
      tooOld.length > 0
        ? `speaks ${tooOld.join(', ')}, declared is ${policy}`
        : !spoken.includes('TLSv1.3')
          ? `the control, TLS 1.3, was not accepted: ${found[0]?.how ?? ''}`
          : unclear.length > 0
            ? `could not tell for ${unclear[0]!.version}: ${unclear[0]!.how}`
            : `speaks ${spoken.join(', ')} and refuses the others; declared is ${policy}`,
  });
}

/** SPIRE's switch require_pq_kem, where the deployment has it on: a promise like any other. */
export const postQuantum: Suite = {
  id: 'post-quantum',
  title: "SPIRE's switch require_pq_kem",
  clauses: ['mesh/planes/require-pq-kem'],
  async run(context) {
    const promised = context.target.planes.filter(
      ({ plane, policy }) => plane === 'spire-server' && policy === 'tls1.3-only',
    );
    if (promised.length === 0)
      skip(
        context,
        'mesh/planes/require-pq-kem',
        context.target.withheld?.postQuantum ?? 'the switch is off in this deployment, so it promises nothing',
      );
    await Promise.all(promised.map((plane) => onlyPostQuantum(context, plane)));
  },
};

/** Groups that a client without any post-quantum one offers; and one that has it, as the control. */
async function onlyPostQuantum({ recorder, target }: SuiteContext, { address }: TargetPlane): Promise<void> {
  const clause = 'mesh/planes/require-pq-kem';
  const identity = await target.probeIdentity();
  const [control, old, ...classical] = await Promise.all([
    handshake(identity, address, ['TLSv1.3', 'TLSv1.3'], 'X25519MLKEM768'),
    handshake(identity, address, ['TLSv1.2', 'TLSv1.2']),
    ...['X25519', 'P-256'].map((group) => handshake(identity, address, ['TLSv1.3', 'TLSv1.3'], group)),
  ]);
  const broken = [
    ...(old.agreed === undefined ? [] : ['TLS 1.2']),
    ...classical.flatMap(({ agreed }, at) => (agreed === undefined ? [] : [`${['X25519', 'P-256'][at]} alone`])),
  ];
  recorder.record({
    kind: 'fact',
    clause,
    subject: `spire-server ${address}`,
    state: broken.length > 0 ? 'broken' : control.agreed === undefined ? 'unknown' : 'holds',
    says:
      broken.length > 0
        ? `require_pq_kem is on, yet ${broken.join(' and ')} was accepted`
        : control.agreed === undefined
          ? `the control, X25519MLKEM768, was not accepted: ${control.how}`
          : 'TLS 1.2 and key exchanges without a post-quantum part were refused, X25519MLKEM768 was accepted',
  });
}

/** Scrapes each, which is the control, and reads from the kernel which addresses the port is bound to. */
async function metrics(context: SuiteContext, found: readonly TargetPlane[]): Promise<void> {
  const clause = 'mesh/planes/metrics-loopback';
  if (!context.wants(clause)) return;
  const here = found.filter(({ policy }) => policy === 'plaintext-loopback');
  if (here.length === 0)
    skip(
      context,
      clause,
      context.target.withheld?.metrics ??
        'no metrics listener is declared to be on a loopback interface that the harness can look at',
    );
  for (const { address } of here) {
    const { host, port } = hostPort(address);
    const scraped = await fetch(`http://${host}:${port}/metrics`, { signal: AbortSignal.timeout(3_000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
    const bound = listeningAddresses(port);
    const open = bound.filter((bind) => !isLoopback(bind));
    context.recorder.record({
      kind: 'fact',
      clause,
      subject: `metrics ${address}`,
      state: open.length > 0 ? 'broken' : !scraped || bound.length === 0 ? 'unknown' : 'holds',
      says:
        open.length > 0
          ? `plaintext metrics are bound to ${open.join(', ')}`
          : bound.length === 0
            ? 'nothing is seen to listen on its port'
            : scraped
              ? `scraped, and bound to ${bound.join(', ')} only`
              : 'could not be scraped',
    });
  }
}
