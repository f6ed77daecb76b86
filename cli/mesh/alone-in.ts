import { join } from 'node:path';
import { takeLock } from '../../fixtures/toolchain/lock.ts';
import { UsageError } from '../../src/errors.ts';

/** Keeps others who ask for the same out of a directory that is there. @param what - goes on there, in words. @throws UsageError where it does */
export async function aloneIn(directory: string, what: string): Promise<AsyncDisposable> {
  let holder = 0;
  const lock = await takeLock(join(directory, '.lock'), ({ pid }) => {
    holder = pid;
    return true;
  });
  if (lock !== undefined) return lock;
  throw new UsageError(`${what}, of process ${holder}`);
}
