import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readChain } from '../../src/evidence/chain.ts';
import { FixtureError } from '../../src/errors.ts';
import { readHistory, readReport } from '../read-run.ts';
import { writeWhole } from '../write-whole.ts';
import { envelopeText, keyIdOf, signatureOver, statementType } from './dsse.ts';
import { filesOf } from './files.ts';
import { svidFault, type Signer } from './signer.ts';
import { statementOf } from './statement.ts';

/** The file that vouches for all others of a run. */
export const attestationFile = 'attestation.intoto.jsonl';

/** What every run has, whatever its reports are made in. */
export const records = ['history.jsonl', 'report.json'] as const;

export interface SealOptions {
  /** The names of the documents that were made of the run. */
  readonly documents: readonly string[];
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
    filesOf(directory, [...records, ...documents]),
  ]);
  const odd = files.find(({ sha256 }) => sha256 === null);
  if (odd !== undefined)
    throw new FixtureError(
      `${join(directory, odd.name)}: is no regular file that can be read, and cannot be vouched for`,
    );
  const fault = svidFault(signer?.chain ?? [], now);
  if (fault !== undefined) throw new FixtureError(`${directory}: cannot be signed with this X.509-SVID: ${fault}`);
  const certificates = (signer?.chain ?? []).map(({ der }) => Buffer.from(der));
  const svid = certificates.map((der) => createHash('sha256').update(der).digest('hex'));
  const payload = Buffer.from(
    JSON.stringify(statementOf({ report, history, chain, files, svid, sealedAt: now.toISOString() })),
  );
  const signature = signer && {
    keyid: keyIdOf(signer.key),
    sig: signatureOver(payload, signer.key),
    ...(certificates.length > 0 && { chain: certificates.map((der) => der.toString('base64')) }),
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
