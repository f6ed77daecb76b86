import { startAdmin } from './admin.ts';
import { reference, type Behaviour } from './behaviour.ts';
import { readContract } from './contract.ts';
import { SpiffeController } from '../controller.ts';
import { Metrics } from './metrics.ts';
import { startMtlsServer } from './server.ts';

/** Runs a mesh node by the node contract until SIGTERM. */
export async function runNode(behaviour: Behaviour = reference): Promise<void> {
  const contract = readContract(process.env);
  const metrics = new Metrics();
  await using controller = new SpiffeController({ endpointSocket: contract.endpointSocket, behaviour });
  const { identity } = controller;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });

  identity.on('rotated', () => metrics.rotation());
  identity.on('withdrawn', (reason) => console.error(`SVID withdrawn: ${reason}`));
  identity.on('trouble', behaviour.trouble);

  let serving = false;
  await using _admin = await startAdmin(
    contract.admin,
    {
      ready: () => behaviour.ready(identity.current, serving),
      async dial(to, expect) {
        if (identity.current === undefined) return { outcome: 'error', peer: null, detail: 'no SVID is held' };
        const startedAt = performance.now();
        // Whoever asks for somebody else than those allowed means that one alone.
        const allow = contract.allow.has(expect) ? contract.allow : new Set([expect]);
        const result = await controller.dial(to, expect, allow);
        metrics.handshake('client', result.outcome === 'accepted', (performance.now() - startedAt) / 1000);
        return result;
      },
    },
    metrics,
    behaviour,
  );
  await Promise.race([controller.initialize(), stopped]);
  await using _server = await startMtlsServer(contract.listen, identity, contract.allow, behaviour, metrics);
  serving = true;
  await stopped;
  await behaviour.stopping();
}
