import { readFileSync } from 'node:fs';
import { messageOf, UsageError } from '../src/errors.ts';

/**
 * The text of a file that a flag names. A key that somebody typed in the place of its file stands in no message.
 *
 * @throws UsageError where it cannot be read
 */
export function readFlagFile(flag: string, file: string): string {
  if (file.includes('-----BEGIN'))
    throw new UsageError(
      `${flag}: wants a file${flag === '--sign-key' ? '; a key itself goes into ASSAY_SIGN_KEY' : ''}`,
    );
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag} ${file}: cannot be read: ${messageOf(error)}`);
  }
}
