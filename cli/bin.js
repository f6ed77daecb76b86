#!/usr/bin/env node
// Runs Assay under Node 24 or newer: this one when it is, else the one that the lockfile pins.
// Plain JavaScript without new syntax, so that an old Node gets as far as the message below.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
// The package has no sources, but what was built of them.
const source = join(here, 'assay.ts');
const isRepository = existsSync(source);
const program = isRepository ? source : join(root, 'build', 'cli', 'assay.js');

if (Number(process.versions.node.split('.')[0]) >= 24) {
  import(pathToFileURL(program).href).catch((error) => {
    if (isRepository && error && error.code === 'ERR_MODULE_NOT_FOUND' && !existsSync(join(root, 'node_modules')))
      refuse(`Assay's dependencies are not installed. Run \`npm ci\` in ${root} and try again.`);
    throw error;
  });
} else {
  const node = pinnedNode();
  if (node === undefined) {
    const remedy =
      process.platform === 'linux' && isRepository
        ? `Run \`npm ci\` in ${root}, which installs the pinned one, and try again.`
        : 'Install Node 24 and try again.';
    refuse(`Assay needs Node 24 or newer; found ${process.version} at ${process.execPath}. ${remedy}`);
  }
  runUnder(node);
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function pinnedNode() {
  try {
    const node = join(
      dirname(createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`)),
      'bin',
      'node',
    );
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function runUnder(node) {
  const args = [...process.execArgv, program, ...process.argv.slice(2)];
  // When this process is killed, the child must still get the chance to heal what it broke.
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  const [command, ...rest] = setpriv ? [setpriv, '--pdeathsig', 'TERM', node, ...args] : [node, ...args];
  // In a session of its own, since a terminal sends Ctrl-C to the whole group: the child would have it twice, and
  // take the second one for an order to stop at once.
  const child = spawn(command, rest, { stdio: 'inherit', detached: true });

  let interruptedAt = -Infinity;
  const forward = (signal) => {
    // npm hands on the SIGINT that the terminal has sent here already.
    if (signal === 'SIGINT') {
      if (performance.now() - interruptedAt < 500) return;
      interruptedAt = performance.now();
    }
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'];
  for (const signal of signals) process.on(signal, forward);

  child.once('error', (error) =>
    refuse(`Assay's own Node at ${node} cannot be started: ${error.message}. Install Node 24 and try again.`),
  );
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.off(name, forward);
    process.kill(process.pid, signal);
  });
}
