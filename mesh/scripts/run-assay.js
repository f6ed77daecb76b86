// How each script here runs the command that it stands for. Plain JavaScript without new syntax, as cli/bin.js is: any Node starts it, and the command
// then runs on the right one.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $, which } from 'zx';

const assay = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'cli', 'bin.js');
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Runs a command of Assay, and ends as it does: with its exit code, or by the signal that ended it.
 *
 * @param {{ name: string, command: string[], args?: string[], input?: string }} of - `name` is how the deployment document calls the script; `input`
 *   goes to standard input in the place of our own
 */
export async function runAssay({ name, command, args = process.argv.slice(2), input }) {
  if (args.includes('--help') || args.includes('-h'))
    process.stdout.write(`${name} is what the deployment document calls \`assay ${command.join(' ')}\`:\n\n`);
  const options = {
    ...{ nothrow: true, quiet: true, detached: false, cwd: process.cwd() },
    ...(input === undefined
      ? { stdio: 'inherit' }
      : { stdio: ['pipe', 'inherit', 'inherit'], input: Buffer.from(input) }),
  };
  // Where a script is killed and can hand nothing on, the kernel has its command leave, as far as there is setpriv to ask for that.
  const setpriv = await which('setpriv', { nothrow: true });
  const leavesWithUs = setpriv ? [setpriv, '--pdeathsig', 'TERM', '--'] : [];
  // With exec it takes the place of the shell, so that a signal reaches it, and nobody else.
  const running = $(options)`exec ${leavesWithUs} ${process.execPath} ${assay} ${[...command, ...args]}`;
  const handOn = (signal) => {
    if (running.pid !== undefined) process.kill(running.pid, signal);
  };
  for (const signal of signals) process.on(signal, handOn);
  const { exitCode, signal } = await running;
  for (const name of signals) process.off(name, handOn);
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = exitCode === null ? 3 : exitCode;
}
