import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { printedFile } from '../reports/evidence/files.ts';
import { seal } from '../reports/evidence/seal.ts';
import { verifyRun } from '../reports/evidence/verify.ts';
import { documentNames } from '../reports/formats.ts';
import { UsageError } from '../src/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { printRun, wantedChromium } from './print-run.ts';
import { ofRunRecord } from './run-record.ts';

/**
 * `assay report pdf`: prints the page of a run. Beside it, where the run is then sealed with it, or elsewhere, which changes nothing of the run. Exit
 * code 1, and nothing is written, where it would be sealed and is not as it was.
 */
export async function pdfCommand(directory: string, out: string | undefined): Promise<number> {
  if (out?.trim() === '') throw new UsageError('report pdf: --out: wants the file to write, as in --out run.pdf');
  const run = existsSync(directory) ? realpathSync(directory) : resolve(directory);
  const path = real(resolve(out ?? join(run, printedFile)));
  const isBeside = path === join(run, printedFile);
  if (!isBeside && relative(run, path).split(sep)[0] !== '..')
    throw new UsageError(
      `report pdf: --out ${out}: lies in the run; leave it out to write ${join(directory, printedFile)}, or name a file elsewhere`,
    );
  if (!isBeside && (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true || !existsSync(dirname(path))))
    throw new UsageError(
      `report pdf: --out ${out}: is no file that can be written; name one in a folder that is there`,
    );
  const before = await ofRunRecord('report pdf', () => verifyRun(directory));
  if (isBeside && before.signer !== null)
    throw new UsageError(
      `report pdf ${directory}: is signed by ${before.signer}, who vouches for no file that is added; write it elsewhere, with --out FILE`,
    );
  const isAsSealed = before.findings.length === 0;
  if (!isAsSealed) {
    const kept = isBeside ? 'nothing was printed: ' : '';
    process.stderr.write(`${kept}${directory} is not as it was sealed; see: assay report verify ${directory}\n`);
    if (isBeside) return exitCodes.fail;
  }
  const chromium = wantedChromium('report pdf');
  const printed = await ofRunRecord('report pdf', () => printRun(directory, chromium, path));
  process.stdout.write(`${out ?? printed.path}\n`);
  if (isBeside) {
    const documents = (await documentNames()).map((fileName) => ({ fileName }));
    await seal(directory, { documents: [...documents, printed] });
  }
  return exitCodes.pass;
}

/** Without links on the way to it. */
function real(path: string): string {
  return existsSync(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : path;
}
