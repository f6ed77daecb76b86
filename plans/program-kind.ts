import { basename } from 'node:path';
import type { BenchRow } from '../src/history.ts';

/**
 * What kind of program a command starts, as far as there is a yardstick of that kind; undefined for all others, and where nobody knows. Of a shell's
 * command the first word tells it, behind what the shell has before it.
 */
export function programKind(command: string | readonly string[]): BenchRow['on'] {
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : command;
  const program = words.find((word) => word !== 'exec' && !/^\w+=/.test(word));
  return program !== undefined && /^(node|nodejs|node\d+)$/.test(basename(program)) ? 'Node.js' : undefined;
}
