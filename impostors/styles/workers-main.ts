import cluster from 'node:cluster';
import { stands, whole } from './workers.ts';

const workers = 3;

// Starts the program that is named by the arguments three times; what these listen at is shared among them.
const [exec = '', ...args] = process.argv.slice(2);
cluster.setupPrimary({ exec, args });
for (let worker = 0; worker < workers; worker++) cluster.fork();
// Without one of them the others would look whole.
cluster.on('exit', (_worker, code) => process.exit(code));

const standing = new Set<number>();
cluster.on('message', ({ id }, said) => {
  if (said === stands) standing.add(id);
  if (standing.size === workers) for (const worker of Object.values(cluster.workers ?? {})) worker?.send(whole);
});
