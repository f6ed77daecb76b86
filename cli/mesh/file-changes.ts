import { isUtf8 } from 'node:buffer';
import { changedLines } from '../../mesh/install/changed-lines.ts';
import { sha256, type Did, type FileChange } from '../../mesh/install/changes.ts';
import { inTree, type Tree } from '../../mesh/install/tree.ts';

/** What became of a file, in a line. */
export function doesToFile(tree: Tree, { path, did, wanted }: FileChange): string {
  const at = inTree(tree, path);
  if (did !== 'kept') return `${did.padEnd(9)} ${at}`;
  const anew = wanted === undefined ? 'remove it by hand' : 'move it away to have it made anew';
  return `! kept    ${at}: was changed since it was made; ${anew}`;
}

/** What would become of it, with all that would change in it. */
export function textOfChange(tree: Tree, change: FileChange): string {
  const { path, did, before, wanted } = change;
  if (wanted === undefined || did === 'kept' || did === 'unchanged') return `${would[did]} ${inTree(tree, path)}\n`;
  const { content, mode } = wanted;
  const lines =
    isUtf8(content) && (before === undefined || isUtf8(before))
      ? changedLines(before?.toString() ?? '', content.toString())
      : [`${content.length} bytes, SHA-256 ${sha256(content)}`];
  return `${would[did]} ${inTree(tree, path)} (${mode.toString(8)})\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

const would = {
  made: 'would make',
  replaced: 'would replace',
  removed: 'would remove',
  unchanged: 'as it is:',
  kept: 'changed since it was made, would be kept:',
  gone: 'gone already:',
} as const satisfies Record<Did, string>;
