import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Tree } from '../../mesh/install/tree.ts';
import { UsageError } from '../../src/errors.ts';

/** Whether systemd runs there. */
export const isBooted = ({ isLive }: Tree): boolean => isLive && existsSync('/run/systemd/system');

/** Has systemd do something. @throws UsageError where it does not */
export function systemctl(...args: readonly string[]): void {
  const { status, error, stderr } = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new UsageError(
      `systemctl ${args.join(' ')}: ${error?.message ?? stderr.trim()}; what is installed stays as it is: mend that, and run the same command once more`,
    );
}
