import { eventually } from '../fixtures/run/eventually.ts';
import { FixtureError } from '../src/errors.ts';
import { reaches } from '../fixtures/faults/links.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import type { BoundDeclaration, FaultDeclaration, ScenarioContext } from './scenario.ts';
import { orNot, recorded } from './scenario.ts';

export const partitionFault: FaultDeclaration = {
  kind: 'partition',
  does: 'every link between an agent and the SPIRE server is cut',
  inForceWhen:
    'the link closes every connection, the server answers beside it, and the agent delivers nothing for two sync intervals',
  goneWhen: 'the server answers through the link',
};

export const recoveryBound: BoundDeclaration = {
  name: 'recovers',
  says: 'from the heal to a new SVID: half of the outage and one sync interval, 10 % jitter on top, never more than 48 sync intervals; then one sync interval for the SVID, and an allowance for a loaded machine',
};

/** Nodes whose agents can be cut from the server. */
export function cuttable({ target }: ScenarioContext): TargetNode[] {
  const nodes = target.nodes.filter(({ serverLink, agent }) => serverLink !== undefined && agent !== undefined);
  if (nodes.length === 0)
    throw new FixtureError(`partition: no link between an agent and its server of mesh ${target.name} can be cut`);
  return nodes;
}

/**
 * Cuts every agent from the server, proves the cut from outside, does `during`, heals, and proves the heal.
 *
 * In force means: the link closes whoever comes, the server itself still answers, and no agent delivered anything for two sync intervals.
 */
export async function partition(
  context: ScenarioContext,
  scenario: string,
  during: (nodes: readonly TargetNode[]) => Promise<void>,
): Promise<{ outageMs: number }> {
  const { recorder, target, signal } = context;
  const nodes = cuttable(context);
  const mark = (node: TargetNode, state: 'injected' | 'in-force' | 'healing' | 'healed', provenBy?: string) =>
    recorder.record({
      kind: 'fault',
      scenario,
      fault: 'partition',
      target: node.name,
      state,
      ...(provenBy !== undefined && { provenBy }),
    });
  const quietMs = Math.max(2 * target.timing.syncIntervalMs, 300);
  const injectedMs = recorder.now();
  let outageMs = 0;
  {
    // However it ends, the heal stands in the history, and is proven: of what is deferred, the last comes first.
    await using cuts = new AsyncDisposableStack();
    cuts.defer(async () => {
      if (outageMs > 0)
        await Promise.all(
          nodes.map(async (node) => {
            await eventually(
              `link of ${node.name} is open again`,
              async () => (await reaches(node.serverLink!.address, 5_000)) === 'open',
              { withinMs: signal.aborted ? 2_000 : 10_000 },
            );
            mark(node, 'healed', partitionFault.goneWhen);
          }),
        );
    });
    for (const node of nodes) cuts.use(await node.serverLink!.cut());
    for (const node of nodes) mark(node, 'injected');
    cuts.defer(() => {
      for (const node of nodes) mark(node, 'healing');
      outageMs = recorder.now() - injectedMs;
    });
    await Promise.all(
      nodes.map(async (node) => {
        const [link, server] = await Promise.all([
          reaches(node.serverLink!.address, 5_000),
          target.server === undefined ? ('open' as const) : reaches(target.server.address, 5_000),
        ]);
        if (link !== 'closed')
          throw new FixtureError(
            `partition of ${node.name}: the link ${node.serverLink!.name} was cut, but still lets through to the server`,
          );
        if (server !== 'open')
          throw new FixtureError(
            `partition of ${node.name}: the server itself does not answer, so that the link is closed says nothing`,
          );
        // An answer that was under way when the link was cut may still come out of the agent.
        await eventually(`agent of ${node.name} is quiet for ${quietMs} ms`, () => quietSince(context, node, quietMs), {
          withinMs: quietMs + 10_000,
          everyMs: 20,
          signal,
        });
        mark(
          node,
          'in-force',
          `the link closes every connection, the server answers beside it, and the agent delivered nothing for ${quietMs} ms`,
        );
      }),
    );
    await during(nodes);
  }
  return { outageMs };
}

function quietSince({ recorder }: ScenarioContext, { name }: TargetNode, quietMs: number): boolean {
  const last = recorder.history.findLast(
    (entry) => entry.kind === 'svid' && entry.seen === 'delivered' && entry.node === name,
  );
  return recorder.now() - (last?.atMs ?? 0) >= quietMs;
}

/**
 * How long after the heal an agent may take to bring a new SVID, in milliseconds.
 *
 * While it fails, its pauses grow by half each time, so the one under way at the heal is at most half the outage and one sync, 10 % jitter
 * on top, and never more than 48 syncs; then one sync for the SVID. The rest is allowance for a loaded machine.
 *
 * Source: SPIRE 1.15, pkg/agent/manager/manager.go and pkg/common/backoff.
 */
export function recoversWithinMs(outageMs: number, syncIntervalMs: number): number {
  const pauseMs = 1.1 * Math.min(outageMs / 2 + syncIntervalMs, 48 * syncIntervalMs);
  const allowanceMs = 2_000;
  return Math.ceil(pauseMs + 1.1 * syncIntervalMs + allowanceMs);
}

/** Waits until each node was given a new SVID and every pair that it belongs to got something through again. */
export async function recovered(
  { recorder, signal }: ScenarioContext,
  nodes: readonly TargetNode[],
  withinMs: number,
): Promise<void> {
  const from = recorder.history.findLastIndex((entry) => entry.kind === 'fault' && entry.state === 'healing');
  await Promise.all(
    nodes.map((node) =>
      orNot(
        (async () => {
          const fresh = await recorded(
            recorder,
            `new SVID of ${node.name} after the heal`,
            from,
            (entry) => entry.kind === 'svid' && entry.seen === 'delivered' && entry.node === node.name,
            withinMs,
            signal,
          );
          const concerned = recorder.history
            .filter((entry) => entry.kind === 'request')
            .filter(
              (request) => request.connection === 'new' && (request.from === node.name || request.to === node.name),
            );
          const pairs = new Map(concerned.map((request) => [`${request.from} → ${request.to}`, request]));
          await Promise.all(
            [...pairs].map(([pair, known]) =>
              recorded(
                recorder,
                `a request ${pair} after the new SVID of ${node.name}`,
                from,
                (entry) =>
                  entry.kind === 'request' &&
                  entry.connection === 'new' &&
                  entry.outcome === 'ok' &&
                  entry.from === known.from &&
                  entry.to === known.to &&
                  entry.startMs > fresh.atMs,
                5_000,
                signal,
              ),
            ),
          );
        })(),
      ),
    ),
  );
}
