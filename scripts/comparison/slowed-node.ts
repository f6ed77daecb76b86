// The reference node, which works so many milliseconds more before it answers a ClientHello: slowed-node.ts MS
import { reference } from '../../mesh/node/behaviour.ts';
import { runNode } from '../../mesh/node/node.ts';

const workMs = Number(process.argv[2] ?? 0);

await runNode({
  ...reference,
  entrance: (tls) =>
    // Asked for by every caller in Go. Work at the beginning of the connection would pass beside that of the caller, and be no slowdown to anybody.
    tls.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, answer: (error: null, response: null) => void) => {
      const until = performance.now() + workMs;
      while (performance.now() < until);
      answer(null, null);
    }),
});
process.exit(0);
