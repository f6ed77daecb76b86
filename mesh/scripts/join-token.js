import { existsSync } from 'node:fs';

/**
 * What `--join-token` of the deployment document comes to: `--token-file`, for a file or -. A token itself is taken, with a warning, and goes on by
 * standard input, so that no other process has it among its arguments.
 *
 * @param {string[]} args
 * @returns {{ args: string[], input?: string }}
 */
export function joinToken(args) {
  const at = args.findIndex((arg) => arg === '--join-token' || arg.startsWith('--join-token='));
  if (at < 0) return { args };
  const isApart = args[at] === '--join-token';
  const value = isApart ? args[at + 1] : args[at].slice('--join-token='.length);
  const others = [...args.slice(0, at), ...args.slice(isApart ? at + 2 : at + 1)];
  if (value === undefined || value === '') return { args: [...others, '--token-file', ''] };
  if (value === '-' || existsSync(value)) return { args: [...others, '--token-file', value] };
  // From here on `ps` shows this in the place of the arguments.
  process.title = 'bootstrap_mesh_node_spiffe';
  process.stderr.write(
    `! --join-token: a token among the arguments is seen by everyone on this machine, by ps, and stays in the history of the shell. It is taken this once:
! whoever has seen it can be this node until it is used or has ended. Name its file, or - for standard input: --join-token FILE\n`,
  );
  return { args: [...others, '--token-file', '-'], input: value };
}
