import { spawnSync } from 'node:child_process';
import { FixtureError } from '../../src/errors.ts';
import { systemdFiles } from './places.ts';
import { contentOf, type Tree } from './tree.ts';

/** Numbers of a user and of its group. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The user of that name; undefined where there is none. */
export function findUser(tree: Tree, name: string): Owner | undefined {
  return tree.isLive ? onThisMachine(name) : inImage(tree, name);
}

// Users come from elsewhere than /etc/passwd, too.
function onThisMachine(name: string): Owner | undefined {
  const [uid, gid] = ['-u', '-g'].map((what) => spawnSync('id', [what, name], { encoding: 'utf8' }));
  if (uid!.status !== 0 || gid!.status !== 0) return undefined;
  return { uid: Number(uid!.stdout), gid: Number(gid!.stdout) };
}

function inImage(tree: Tree, name: string): Owner | undefined {
  const lines = contentOf(tree, '/etc/passwd')?.toString().split('\n') ?? [];
  const [, , uid, gid] = lines.map((line) => line.split(':')).find(([first]) => first === name) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Makes the user of the agent on this machine, as the file for systemd-sysusers says; where there is none of that, by useradd. @throws FixtureError */
export function makeUser(tree: Tree, name: string): Owner {
  const tries = [
    ['systemd-sysusers', systemdFiles.sysusers],
    [
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ],
  ] as const;
  const said = tries.map(([command, ...args]) => {
    if (findUser(tree, name) !== undefined) return '';
    const { error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    return `${command}: ${error === undefined ? stderr.trim() : error.message}`;
  });
  const made = findUser(tree, name);
  if (made === undefined)
    throw new FixtureError(`--user ${name}: is not there, and cannot be made: ${said.join('; ')}`);
  return made;
}

/** Removes a user of this machine. @throws FixtureError */
export function removeUser(tree: Tree, name: string): void {
  if (findUser(tree, name) === undefined) return;
  const { error, stderr, status } = spawnSync('userdel', [name], { encoding: 'utf8' });
  if (status !== 0)
    throw new FixtureError(
      `userdel ${name}: ${error?.message ?? stderr.trim()}; mend that, and run the same command once more`,
    );
}
