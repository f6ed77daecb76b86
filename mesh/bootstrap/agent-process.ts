import { closeSync, writeSync } from 'node:fs';
import { startLineProcess, type LineProcess } from '../line-process.ts';
import { troubleIn, type AgentTrouble } from './agent-trouble.ts';

/** An agent that was started here. */
export interface AgentProcess extends Pick<LineProcess, 'ended' | 'end'> {
  /** Why it will never be attested, in words; undefined as long as it may be. */
  hopeless(): string | undefined;
  /** What its log said last of what keeps it. */
  trouble(): AgentTrouble | undefined;
}

/**
 * Starts an agent and follows its log.
 *
 * @param log - descriptor of a file that is open for appending, which is closed when the agent has ended
 * @param say - told each trouble once
 */
export function startAgentProcess(
  command: readonly [string, ...string[]],
  log: number,
  say: (text: string) => void,
): AgentProcess {
  let trouble: AgentTrouble | undefined;
  const agent = startLineProcess(command, (line) => {
    writeSync(log, `${line}\n`);
    const found = troubleIn(line);
    if (found === undefined) return;
    if (found.why !== trouble?.why) say(`${found.why}\n`);
    trouble = found;
  });
  return {
    ended: agent.ended.finally(() => closeSync(log)),
    end: agent.end,
    trouble: () => trouble,
    hopeless() {
      if (trouble?.isFinal) return trouble.why;
      const how = agent.over();
      return how === undefined ? undefined : `the agent ${how}`;
    },
  };
}
