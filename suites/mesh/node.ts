import { besideControl, openControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { offerTo, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { callAsStranger, idleConnections } from '../../fixtures/probes/strangers.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import { leastAtOnce, leastConnections, leastIdle } from '../../src/checkers/lives.ts';
import { nodeStaysAlive, nodeStopsOnSigterm, nodeTakesManyConnections } from '../../src/clauses/mesh/node.ts';
import { entriesOf } from '../../src/history.ts';
import type { Suite, SuiteContext } from '../suite.ts';

// As Docker waits before it kills; Kubernetes waits thirty.
const graceMs = 10_000;

// Some more than it takes to tell, as some may not come about. Those that are idle come in rounds: what leaks is counted on, and what is limited
// is not exceeded.
const idleAtOnce = leastAtOnce + 8;
const idleRounds = Math.ceil(leastIdle / leastAtOnce);
const connections = leastConnections + 20;

const text = (says: string) => Buffer.from(says, 'latin1');
// The head of a ClientHello record that announces 512 bytes, of which a few come.
const halfHello = Buffer.concat([
  Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  Buffer.alloc(24),
]);

const strangers: readonly (readonly [row: string, says: Uint8Array])[] = [
  ['a connection that is closed at once', Buffer.alloc(0)],
  ['a request in the clear', text('GET / HTTP/1.0\r\n\r\n')],
  ['bytes that are no TLS', Buffer.alloc(300, 0xa5)],
  ['half a ClientHello', halfHello],
];

/** The life of a node: strangers call, others come in numbers, and in the end it is told to stop. */
export const life: Suite = {
  id: 'life',
  title: 'The life of a node',
  mesh: 'steady',
  needs: ['node-process'],
  decides: [nodeStaysAlive, nodeTakesManyConnections, nodeStopsOnSigterm],
  async run(context) {
    const { target, wants } = context;
    await allEnded(
      nodesIn(target, 'server').map(async (node) => {
        const identity = await identityTo(target, node, 'server');
        if (wants(nodeStaysAlive)) await besideControl(controlOf(context, node, identity), strangersOf(node), 1);
      }),
    );
  },
  async finish(context) {
    const { target, wants } = context;
    if (!wants(nodeTakesManyConnections)) return;
    await allEnded(nodesIn(target, 'server').map((node) => manyConnections(context, node)));
  },
  async end({ target, wants }) {
    if (!wants(nodeStopsOnSigterm)) return;
    await allEnded(nodesIn(target, 'server').map(async (node) => node.life?.stop(graceMs)));
  },
};

function controlOf(
  { recorder, signal, target: trust }: SuiteContext,
  node: TargetNode,
  identity: TlsIdentity,
): Control {
  return {
    ...{ recorder, signal, trust, node, role: 'server', name: `life/${node.name}` },
    right: { clause: nodeStaysAlive, row: 'a right client', offer: () => offerTo(node, { identity }) },
  };
}

/** What came of them is nobody's business; that the node goes on is. */
function strangersOf({ address }: TargetNode): Row[] {
  return strangers.map(([row, says]) => ({
    clause: nodeStaysAlive,
    row,
    expect: 'either',
    offer: () => callAsStranger(address, says),
  }));
}

/** A right client before and after as many connections as are missing to some hundred, and after dozens of idle ones. */
async function manyConnections(context: SuiteContext, node: TargetNode): Promise<void> {
  const { target, recorder, signal } = context;
  const identity = await identityTo(target, node, 'server');
  const clause = nodeTakesManyConnections;
  const hello = () => offerTo(node, { identity });
  const control = await openControl({
    ...controlOf(context, node, identity),
    name: `many/${node.name}`,
    right: { clause, row: 'a right client, before many others', offer: hello },
    after: { row: 'a right client, after many others', offer: hello },
  });
  if (control.first?.outcome !== 'accepted') return;
  for (let round = 1; round <= idleRounds; round++) {
    signal.throwIfAborted();
    const opened = await idleConnections(node.address, identity, idleAtOnce);
    const what = 'they asked nothing, and half of them did not shake hands';
    recorder.record({ kind: 'connections', node: node.name, what, opened, atOnce: idleAtOnce });
  }
  let opened = 0;
  for (let left = connections - made(context, node); left > 0; left--) {
    signal.throwIfAborted();
    if ((await hello()).outcome === 'accepted') opened++;
    else break;
  }
  if (opened > 0)
    recorder.record({ kind: 'connections', node: node.name, what: 'one after the other', opened, atOnce: 1 });
  await control.close();
}

/** How many connections were made to it so far, by the load and by others: they are not made again. */
function made({ recorder }: SuiteContext, { name }: TargetNode): number {
  const requests = entriesOf(recorder.history, 'request').filter(
    ({ to, connection }) => to === name && connection === 'new',
  );
  const exchanges = entriesOf(recorder.history, 'exchange').filter(
    ({ node, role }) => node === name && role === 'server',
  );
  return requests.length + exchanges.length;
}
