import { execFile, spawn, type ExecFileException } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, within } from '../fixtures/run/eventually.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';

/** A machine of its own: the files of this one, of which nothing is changed, processes of its own, and systemd as the first of them. The network is shared. */
export interface OwnMachine extends AsyncDisposable {
  /** Runs a command there as root. Never rejects for its exit code, which is -1 where it had none. */
  run(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Paths of files that are there now and were not, or are others, but for those that this fixture made and what is in /tmp and /run. */
  changed(): Promise<string[]>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const systemd = '/lib/systemd/systemd';
const hierarchy = '/sys/fs/cgroup/systemd';

/** Why no such machine can be started here; false where one can. */
export function whyNoMachine(): string | false {
  if (process.getuid?.() !== 0) return 'wants root, to have a machine of its own';
  const lacking = ['unshare', 'nsenter', 'pivot_root'].find((name) => findOnPath(name, process.env) === undefined);
  if (lacking !== undefined) return `${lacking} is not here, to make a machine of its own`;
  if (!existsSync(systemd)) return 'systemd is not here';
  if (!existsSync(hierarchy)) return 'no hierarchy of cgroups is here that a second systemd could have for itself';
  return false;
}

/**
 * Starts one, and waits until its systemd answers.
 *
 * @param dir - is there under the same name
 * @param needed - paths of what is needed there: what lies in /tmp or /run here is there under the same name, too
 */
export async function startOwnMachine(dir: string, needed: readonly string[] = []): Promise<OwnMachine> {
  await using starting = new AsyncDisposableStack();
  const cgroup = join(hierarchy, `assay-test-${process.pid}`);
  mkdirSync(cgroup);
  starting.defer(() => removeCgroup(cgroup));
  const [script, log, pidFile] = [join(dir, 'machine.sh'), join(dir, 'machine.log'), join(dir, 'machine.pid')];
  writeFileSync(script, machineScript);
  const apart = ['--mount', '--pid', '--uts', '--ipc', '--cgroup', '--propagation', 'private', '--fork'];
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', 'echo $$ > "$1/cgroup.procs"; shift; exec "$@" > "$0" 2>&1', log, cgroup],
      ...['unshare', ...apart, '--kill-child=KILL', '/bin/sh', script, dir, ...needed.filter(isHidden)],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  starting.defer(async () => {
    child.kill('SIGKILL');
    await within('its processes have ended', 10_000, ended);
  });
  const isThere = () => (child.exitCode === null && child.signalCode === null ? undefined : 'it ended');
  const pid = await eventually(
    'a machine of its own',
    () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim(),
    {
      ...{ withinMs: 20_000, lookAt: log, unless: isThere },
    },
  );
  const run = (words: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
    new Promise<Ran>((resolve) => {
      const options = { env, maxBuffer: 2 ** 26, timeout: 120_000 };
      const inside = ['--all', '--target', pid, '--', ...words];
      execFile('nsenter', inside, options, (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
      );
    });
  await eventually('its systemd answers', async () => (await run(['systemctl', 'show', '-p', 'Version'])).code === 0, {
    ...{ withinMs: 30_000, everyMs: 50, lookAt: log, unless: isThere },
  });
  const list = async () =>
    (await run(['find', '/run/changed', '-not', '-type', 'd'])).stdout.split('\n').filter(Boolean);
  const before = new Set(await list());
  const owned = starting.move();
  return {
    run,
    changed: async () =>
      (await list()).filter((path) => !before.has(path)).map((path) => path.slice('/run/changed'.length)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

// It has a /tmp and a /run of its own.
const isHidden = (path: string) => /^\/(tmp|run)\//.test(path);

// Those of a machine that died go by themselves; what is empty can be removed.
async function removeCgroup(cgroup: string): Promise<void> {
  await eventually(
    `${cgroup} is gone`,
    () => {
      const below = readdirSync(cgroup, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isDirectory(),
      );
      const paths = below
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted()
        .toReversed();
      for (const path of [...paths, cgroup]) rmdirSync(path);
      return true;
    },
    { withinMs: 5_000 },
  );
}

// Its units are few: what starts on this machine, by Debian's or anybody's wish, is not what is tested.
const machineScript = `set -eu
dir=$1
read -r pid _ < /proc/self/stat
base=$dir/machine
mkdir "$base"
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" overlay "$base/root"
cd "$base/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --rbind /dev dev
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir run/changed
mount --bind "$base/upper" run/changed
for one in "$@"; do
  mkdir -p ".$one"
  mount --bind "$one" ".$one"
done
units=usr/lib/systemd/system
for one in $units usr/lib/systemd/system-generators; do mount -t tmpfs tmpfs $one; done
for name in own sysinit basic shutdown multi-user network-online; do printf '[Unit]\\nDefaultDependencies=no\\n' > $units/$name.target; done
mkdir run/old
pivot_root . run/old
umount -l /run/old
rmdir /run/old
mount --make-rshared /
echo "$pid" > "$dir/machine.pid"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=assay-test ${systemd} --system --unit=own.target --log-target=console --show-status=0
`;
