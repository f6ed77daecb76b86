import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readChain } from '../../src/evidence/chain.ts';
import { messageOf } from '../../src/errors.ts';
import { entriesOf, type History } from '../../src/history.ts';
import type { Report } from '../../src/report/report.ts';
import { trustBundles } from '../../src/svid/bundle.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { readHistory, readReport } from '../read-run.ts';
import { isSignedBy, keyIdOf, readEnvelope, type Envelope, type EnvelopeSignature } from './dsse.ts';
import { filesOf, type RunFile } from './files.ts';
import { attestationFile, isSealed } from './seal.ts';
import { isSupported } from './signer.ts';
import { readStatement, saysTheSame, statementOf, type Statement } from './statement.ts';

/** Who has to have signed: the owner of a key, or whoever has an X.509-SVID of these authorities. */
export type Trust =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'bundle'; readonly authorities: readonly Certificate[] };

/** Something that is not as it was sealed. */
export interface Finding {
  /** The file, and the line where there is one. */
  readonly where: string;
  readonly what: string;
}

/** What came of looking at a run whether it is as it was when it was sealed. */
export interface Verified {
  /** `unsigned`: nothing is wrong, and nobody who is trusted vouches for it. */
  readonly state: 'whole' | 'tampered' | 'unsigned';
  readonly findings: readonly Finding[];
  /** How many files were looked at. */
  readonly files: number;
  /** UTC, by the clock of who sealed it; null where nobody did. */
  readonly sealedAt: string | null;
  /** The SPIFFE ID or the key that signed it, whether it is trusted or not; null where nobody did. */
  readonly signer: string | null;
  /** Why a whole run counts as unsigned; null where it does not. */
  readonly unsigned: string | null;
}

/**
 * Looks whether each file of a run is what it was when the run was sealed, nothing was added and nothing is missing, and whether it was signed by
 * who has to have signed it.
 *
 * @throws RunRecordError when there is neither a history nor what sealed it
 */
export async function verifyRun(directory: string, trust?: Trust): Promise<Verified> {
  const [text, all, sealed] = await Promise.all([
    readText(join(directory, 'history.jsonl')),
    filesOf(directory),
    readText(join(directory, attestationFile)),
  ]);
  // Says what is wrong where there is none at all.
  if (text === undefined && sealed === undefined) await readHistory(directory);
  const files = all.filter(isSealed);
  const chain = readChain(text ?? '');
  const findings: Finding[] =
    chain.brokenAt === undefined
      ? []
      : [
          {
            where: `history.jsonl:${chain.brokenAt}`,
            what: 'does not follow from the line before it: one of the two was changed, or one between them added or taken out',
          },
        ];
  const told = (more: Partial<Verified>, unsigned: string | null = null): Verified => ({
    state: findings.length > 0 ? 'tampered' : unsigned === null ? 'whole' : 'unsigned',
    ...{ findings, files: files.length, sealedAt: null, signer: null, ...more },
    unsigned: findings.length > 0 ? null : unsigned,
  });
  const wrong = (what: string) => findings.push({ where: attestationFile, what });

  if (sealed === undefined) {
    if (trust !== undefined) wrong('is missing, so that nobody vouches for the run');
    return told({}, `there is no ${attestationFile}`);
  }
  let [envelope, statement]: [Envelope?, Statement?] = [];
  try {
    envelope = readEnvelope(sealed);
    statement = readStatement(Buffer.from(envelope.payload, 'base64'));
  } catch (error) {
    wrong(messageOf(error));
    return told({});
  }
  if (all.some((file) => !isSealed(file) && file.sha256 === null)) wrong('is no regular file');
  findings.push(...differences(statement, files));
  const record = await readRecord(directory);
  if (record !== undefined && findings.length === 0) {
    const own = statementOf({ ...record, chain, files, sealedAt: statement.predicate.assay.sealedAt });
    if (!saysTheSame(own, statement)) wrong('says other of the run than its files do');
  }
  const [signature, ...others] = envelope.signatures;
  if (others.length > 0) wrong(`has ${envelope.signatures.length} signatures, and Assay makes one`);
  const { sealedAt } = statement.predicate.assay;
  if (signature === undefined) {
    if (trust !== undefined) wrong('is signed by nobody');
    return told({ sealedAt }, 'it is signed by nobody, and whoever changes a file can seal it anew');
  }
  const by = signatureBy(signature, Buffer.from(envelope.payload, 'base64'), statement, trust);
  if (by.wrong !== undefined) wrong(by.wrong);
  const itself = record && by.authority !== undefined ? ofOwnMesh(record, by.authority) : undefined;
  const nobody = `it is signed by ${by.name}, and nobody said who has to have signed it: name a key with --key, or authorities with --bundle`;
  return told({ sealedAt, signer: by.name }, trust === undefined ? nobody : (itself ?? null));
}

function differences({ subject }: Statement, files: readonly RunFile[]): Finding[] {
  const sealed = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  const found = new Map(files.map(({ name, sha256 }) => [name, sha256]));
  return [
    ...[...sealed].flatMap(([where, sha256]) => {
      const now = found.get(where);
      if (now === sha256) return [];
      return [{ where, what: now === undefined ? 'is missing' : 'is not what was sealed' }];
    }),
    ...files.filter(({ name }) => !sealed.has(name)).map(({ name }) => ({ where: name, what: 'was added' })),
    ...(sealed.size === subject.length ? [] : [{ where: attestationFile, what: 'names a file twice' }]),
  ];
}

interface SignedBy {
  /** The SPIFFE ID or the key. */
  readonly name: string;
  readonly wrong?: string;
  /** The authority of the SVID that signed. */
  readonly authority?: Certificate;
}

function signatureBy(
  signature: EnvelopeSignature,
  payload: Buffer,
  statement: Statement,
  trust: Trust | undefined,
): SignedBy {
  const name = `the key ${signature.keyid.slice(0, 16)}`;
  const checked = (key: KeyObject): { readonly wrong?: string } =>
    signature.keyid !== keyIdOf(key)
      ? { wrong: `was signed by ${name}, wanted ${keyIdOf(key).slice(0, 16)}` }
      : isSignedBy(payload, signature, key)
        ? {}
        : { wrong: 'has a signature that is not of what it holds' };
  if (trust?.kind === 'key') return { name, ...checked(trust.key) };
  if (signature.chain === undefined)
    return { name, ...(trust && { wrong: `was signed by ${name} alone, and no X.509-SVID vouches for that` }) };
  try {
    const chain = signature.chain.map((der) => readCertificate(Buffer.from(der, 'base64')));
    const svid = parseSpiffeId(chain[0]?.uriSans[0] ?? '');
    if (trust === undefined) return { name: svid.text };
    // Only these authorities are trusted, for whatever trust domain the SVID is of.
    const bundles = trustBundles([svid.trustDomain, trust.authorities]);
    const verified = verifyX509Svid(chain, bundles, new Date(statement.predicate.assay.sealedAt));
    if (!verified.ok)
      return { name: svid.text, wrong: `was signed with an X.509-SVID that is not to be trusted: ${verified.detail}` };
    const key = createPublicKey({ key: Buffer.from(chain[0]!.publicKeySpki), format: 'der', type: 'spki' });
    if (!isSupported(key))
      return { name: svid.text, wrong: 'was signed with a key of a kind that Assay does not sign with' };
    return { name: svid.text, authority: verified.authority, ...checked(key) };
  } catch (error) {
    return { name, wrong: `was signed with what is no X.509-SVID: ${messageOf(error)}` };
  }
}

/** A mesh that a run stood up vouches for nothing: whoever forges a run stands up another. */
function ofOwnMesh({ report, history }: RunRecord, { subjectKeyId }: Certificate): string | undefined {
  if (report.run.runtime === 'attach') return undefined;
  const own = entriesOf(history, 'bundle').some(({ authorities }) => authorities.includes(subjectKeyId ?? ''));
  return own ? 'the X.509-SVID that signed it is of a mesh that the run stood up itself' : undefined;
}

interface RunRecord {
  readonly report: Report;
  readonly history: History;
}

/** Undefined where one of the two is not to be read: that they are not what was sealed was found already, or nobody sealed them. */
async function readRecord(directory: string): Promise<RunRecord | undefined> {
  try {
    const [report, history] = await Promise.all([readReport(directory), readHistory(directory)]);
    return { report, history };
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
