import { RunRecordError } from '../reports/read-run.ts';
import { messageOf, UsageError } from '../src/errors.ts';

/**
 * Reads what a person named as the directory of a run.
 *
 * @param what - the flag or the command that took it
 * @throws UsageError where it holds no record of one
 */
export async function ofRunRecord<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RunRecordError)) throw error;
    throw new UsageError(`${what}: ${messageOf(error)}; wanted is the directory of a run, as in reports/out/<run id>`);
  }
}
