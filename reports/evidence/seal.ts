import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readChain } from '../../src/evidence/chain.ts';
import { FixtureError } from '../../src/errors.ts';
import { readHistory, readReport } from '../read-run.ts';
import { writeWhole } from '../write-whole.ts';
import { envelopeText, keyIdOf, signatureOver, statementType } from './dsse.ts';
import { attestationFile, filesOf, records } from './files.ts';
import { svidFault, type Signer } from './signer.ts';
import { statementOf } from './statement.ts';

export interface SealOptions {
  /** The documents that were made of the run. */
  readonly documents: readonly { readonly fileName: string }[];
  /** Left out where nobody vouches for the run. */
  readonly signer?: Signer | undefined;
  readonly now?: Date;
}

/**
 * Writes down what the run came to and the hash of each of its files, signed where somebody does.
 *
 * @throws RunRecordError when the run cannot be read, FixtureError when it cannot be written
 */
export async function seal(directory: string, { documents, signer, now = new Date() }: SealOptions): Promise<void> {
  const [history, report, chain, files] = await Promise.all([
    readHistory(directory),
    readReport(directory),
    readFile(join(directory, 'history.jsonl'), 'utf8').then(readChain),
    filesOf(directory, [...records, ...documents.map(({ fileName }) => fileName)]),
  ]);
  const odd = files.find(({ sha256 }) => sha256 === null);
  if (odd !== undefined)
    throw new FixtureError(
      `${join(directory, odd.name)}: is no regular file that can be read, and cannot be vouched for`,
    );
  const certificates = signer?.chain ?? [];
  const fault = svidFault(certificates, now);
  if (fault !== undefined) throw new FixtureError(`${directory}: cannot be signed with this X.509-SVID: ${fault}`);
  const svid = certificates.map(({ fingerprint }) => fingerprint);
  const payload = Buffer.from(
    JSON.stringify(statementOf({ report, history, chain, files, svid, sealedAt: now.toISOString() })),
  );
  const signature = signer && {
    keyid: keyIdOf(signer.key),
    sig: signatureOver(payload, signer.key),
    ...(certificates.length > 0 && { chain: certificates.map(({ der }) => Buffer.from(der).toString('base64')) }),
  };
  await writeWhole(
    join(directory, attestationFile),
    envelopeText({
      payloadType: statementType,
      payload: payload.toString('base64'),
      signatures: signature === undefined ? [] : [signature],
    }),
  );
}
