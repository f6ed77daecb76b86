import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf } from '../../src/errors.ts';
import { troubleIn, type AgentTrouble } from './agent-trouble.ts';

/** An agent that was started here. */
export interface AgentProcess {
  /** Why it will never be attested, in words; undefined as long as it may be. */
  hopeless(): string | undefined;
  /** What its log said last of what keeps it. */
  trouble(): AgentTrouble | undefined;
  /** How it ended, in words; it resolves when it has. */
  readonly ended: Promise<string>;
  /** Ends it, and resolves when it has ended. */
  end(): Promise<void>;
}

const patienceMs = 5_000;

/**
 * Starts an agent and follows its log.
 *
 * @param log - descriptor of a file that is open for appending, which is closed when the agent has ended
 * @param say - told each trouble once
 */
export function startAgentProcess(
  [program, ...args]: readonly [string, ...string[]],
  log: number,
  say: (text: string) => void,
): AgentProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let how: string | undefined;
  let trouble: AgentTrouble | undefined;
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      writeSync(log, `${line}\n`);
      const found = troubleIn(line);
      if (found === undefined) return;
      if (found.why !== trouble?.why) say(`${found.why}\n`);
      trouble = found;
    });
  const ended = new Promise<string>((resolve) => {
    const over = (words: string) => {
      if (how !== undefined) return;
      how = words;
      closeSync(log);
      resolve(words);
    };
    child.once('error', (error) => over(`cannot be started: ${messageOf(error)}`));
    child.once('close', (code, signal) =>
      over(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`),
    );
  });
  return {
    ended,
    trouble: () => trouble,
    hopeless() {
      if (trouble?.isFinal) return trouble.why;
      return how === undefined ? undefined : `the agent ${how}`;
    },
    async end() {
      child.kill('SIGTERM');
      const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(impatient);
    },
  };
}
