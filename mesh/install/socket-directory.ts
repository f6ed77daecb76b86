import { spawnSync } from 'node:child_process';
import { UsageError } from '../../src/errors.ts';
import { programsIn } from './places.ts';
import type { InstallSettings } from './settings.ts';

/** Has the directory of the socket made, by the program that the unit runs before each start. @throws UsageError where somebody else has it, or could take it */
export function makeSocketDirectory({ prefix, user }: Pick<InstallSettings, 'prefix' | 'user'>): void {
  const program = programsIn(prefix).socketDirectory;
  const { status, error, stderr } = spawnSync(program, [user], { encoding: 'utf8' });
  if (status !== 0) throw new UsageError(error?.message ?? stderr.trim());
}
