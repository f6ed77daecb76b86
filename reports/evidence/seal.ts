import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readChain } from '../../src/evidence/chain.ts';
import { readHistory, readReport } from '../read-run.ts';
import { writeWhole } from '../write-whole.ts';
import { envelopeText, keyIdOf, signatureOver, statementType } from './dsse.ts';
import { filesOf, type RunFile } from './files.ts';
import type { Signer } from './signer.ts';
import { statementOf } from './statement.ts';

/** The file that vouches for all others of a run. */
export const attestationFile = 'attestation.intoto.jsonl';

/** All but the attestation itself. */
export const isSealed = ({ name }: RunFile): boolean => name !== attestationFile;

/**
 * Writes down what the run came to and the hash of each of its files, signed where somebody does.
 *
 * @throws RunRecordError when the run cannot be read, FixtureError when it cannot be written
 */
export async function seal(directory: string, signer?: Signer, now = new Date()): Promise<void> {
  const [history, report, chain, files] = await Promise.all([
    readHistory(directory),
    readReport(directory),
    readFile(join(directory, 'history.jsonl'), 'utf8').then(readChain),
    filesOf(directory),
  ]);
  const payload = Buffer.from(
    JSON.stringify(statementOf({ report, history, chain, files: files.filter(isSealed), sealedAt: now.toISOString() })),
  );
  const signatures = signer === undefined ? [] : [signed(payload, signer)];
  await writeWhole(
    join(directory, attestationFile),
    envelopeText({ payloadType: statementType, payload: payload.toString('base64'), signatures }),
  );
}

function signed(payload: Buffer, { key, chain }: Signer) {
  return {
    keyid: keyIdOf(key),
    sig: signatureOver(payload, key),
    ...(chain.length > 0 && { chain: chain.map(({ der }) => Buffer.from(der).toString('base64')) }),
  };
}
