import { resolve } from 'node:path';
import { attachTarget } from '../fixtures/target/attach.ts';
import type { LeftAtServer } from '../fixtures/target/attach/left-at-server.ts';
import { exitCodes } from './exit-codes.ts';
import { paintedIf } from './painted.ts';

const marks = { gone: ['✓', 'green'], there: ['!', 'yellow'], stays: ['○', 'yellow'], failed: ['✗', 'red'] } as const;

/**
 * `assay doctor --target FILE`: what runs of this machine cut in a mesh of others and left at its SPIRE server, and with `--heal` undoes what can be.
 *
 * @returns 0 when nothing is left that could be deleted, 3 when something is, 4 when it could not be
 * @throws UsageError when the file is wrong, FixtureError when the server does not answer, HealError when a cut could not be undone, too
 */
export async function leftCommand(
  path: string,
  { heal, json, color }: { readonly heal: boolean; readonly json: boolean; readonly color: boolean },
): Promise<number> {
  const target = await attachTarget(resolve(path));
  const { left, notAsked } = await target.left(heal);
  const paint = paintedIf(color);
  const lines = left.map(({ run, what, state, says }) => {
    const [mark, hue] = marks[state];
    return `  ${paint(hue, mark)} ${what}, by run ${run}: ${says.replace('FILE', path)}\n`;
  });
  const words = left.length === 0 ? 'No run of this machine left anything there.\n' : lines.join('');
  if (notAsked !== undefined) process.stderr.write(`assay: ${notAsked}\n`);
  process.stdout.write(json ? `${JSON.stringify(left, null, 2)}\n` : words);
  const has = (state: LeftAtServer['state']) => left.some((one) => one.state === state);
  return has('failed') ? exitCodes.notHealed : has('there') ? exitCodes.inconclusive : exitCodes.pass;
}
