import cluster from 'node:cluster';

// Starts the program that is named by the arguments three times; what these listen at is shared among them.
const [exec = '', ...args] = process.argv.slice(2);
cluster.setupPrimary({ exec, args });
for (let worker = 0; worker < 3; worker++) cluster.fork();
// Without one of them the others would look whole.
cluster.on('exit', (_worker, code) => process.exit(code));
