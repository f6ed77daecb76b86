import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf } from '../src/errors.ts';

/** A program that was started here, and is followed line by line. */
export interface LineProcess {
  /** How it ended, in words; undefined as long as it runs. */
  over(): string | undefined;
  /** The same; it resolves when it has, and all its lines were told. */
  readonly ended: Promise<string>;
  /** Ends it, and resolves when it has ended. */
  end(): Promise<void>;
}

const patienceMs = 5_000;
const heldOpenMs = 2_000;

/** Starts a program. @param onLine - told each line of its standard output and standard error */
export function startLineProcess(
  [program, ...args]: readonly [string, ...string[]],
  onLine: (line: string) => void,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): LineProcess {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  let how: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const over = (words: string) => {
      how ??= words;
      resolve(how);
    };
    child.once('error', (error) => over(`cannot be started: ${messageOf(error)}`));
    child.once('close', (code, signal) => over(howEnded(code, signal)));
    // What it started itself, and left running, may hold its output open for ever.
    child.once('exit', () => {
      const patience = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), heldOpenMs);
      child.once('close', () => clearTimeout(patience));
    });
  });
  return { over: () => how, ended, end: () => endChild(child, ended) };
}

/** In words. */
export function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
}

/** Ends a child by SIGTERM, and by SIGKILL where that is not enough; resolves when `ended` has. */
export async function endChild(
  child: { kill(signal: NodeJS.Signals): boolean },
  ended: Promise<unknown>,
): Promise<void> {
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(impatient);
}
