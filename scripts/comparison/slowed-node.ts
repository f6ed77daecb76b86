// The reference node, which works so many milliseconds more for each connection before it shakes hands: slowed-node.ts MS
import { reference } from '../../mesh/node/behaviour.ts';
import { runNode } from '../../mesh/node/node.ts';

const workMs = Number(process.argv[2] ?? 0);

await runNode({
  ...reference,
  entrance: (tls) =>
    tls.prependListener('connection', () => {
      const until = performance.now() + workMs;
      while (performance.now() < until);
    }),
});
process.exit(0);
