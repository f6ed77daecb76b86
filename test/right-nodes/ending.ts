// A right mesh node that ends each connection with the SVID of its caller.
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import { runNode } from '../../mesh/node/node.ts';
import { presentedChain } from '../../mesh/node/peer.ts';

const longestTimerMs = 2 ** 31 - 1;

const entrance: Behaviour['entrance'] = (tls) => {
  tls.on('secureConnection', (socket) => {
    const endMs = presentedChain(socket)[0]?.notAfter.getTime() ?? 0;
    const leftMs = Math.max(0, Math.min(endMs - Date.now(), longestTimerMs));
    setTimeout(() => socket.destroy(), leftMs).unref();
  });
  return tls;
};

await runNode({ ...reference, entrance });
process.exit(0);
