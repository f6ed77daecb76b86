// A right mesh node of several processes: a supervisor that serves nothing itself, and two workers behind one listener.
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';

cluster.setupPrimary({ exec: fileURLToPath(new URL('../../mesh/node/main.ts', import.meta.url)) });
for (let worker = 0; worker < 2; worker++) cluster.fork();
const stop = () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
};
process.once('SIGTERM', stop);
let left = 2;
cluster.on('exit', () => {
  if (--left === 0) process.exit(0);
});
