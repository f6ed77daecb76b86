import type { RunReport } from '../src/report/shape.ts';

/**
 * The command line that makes a run once more with the same choices, as it can be typed. It names no directory: the one that was named holds
 * a run now, which is never overwritten.
 */
export function again({ command, seed }: Pick<RunReport, 'command' | 'seed'>): string {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  const kept = words.filter(
    (word, at) => !/^'?--(?:out|seed)(?:=|$)/.test(word) && !/^--(?:out|seed)$/.test(words[at - 1] ?? ''),
  );
  return `${kept[0] === 'assay' ? 'npx ' : ''}${[...kept, '--seed', seed].join(' ')}`;
}
