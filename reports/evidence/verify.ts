import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readChain } from '../../src/evidence/chain.ts';
import { messageOf } from '../../src/errors.ts';
import { entriesOf, type History } from '../../src/history.ts';
import type { Report } from '../../src/report/report.ts';
import { trustBundles } from '../../src/svid/bundle.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { version } from '../../src/version.ts';
import { runFileNames } from '../formats.ts';
import { readHistory, readReport, RunRecordError } from '../read-run.ts';
import { isSignedBy, keyIdOf, readEnvelope, type Envelope, type EnvelopeSignature } from './dsse.ts';
import { attestationFile, filesOf, readRegular, records, type RunFile } from './files.ts';
import { isSupported } from './signer.ts';
import { readStatement, saysTheSame, statementOf, type Statement } from './statement.ts';

/** Who has to have signed: the owner of a key, or whoever has an X.509-SVID of these authorities, of that ID where one is named. */
export type Trust =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'bundle'; readonly authorities: readonly Certificate[]; readonly spiffeId?: string };

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
  /** Which run it is, and what it came to, as it was sealed; null where it was not. */
  readonly run: { readonly id: string; readonly verdict: Report['verdict'] } | null;
  /** UTC, by the clock of who sealed it; null where nobody did. */
  readonly sealedAt: string | null;
  /** The SPIFFE ID or the key that signed it, whether it is trusted or not; null where nobody did. */
  readonly signer: string | null;
  readonly keyid: string | null;
  /** Why a whole run counts as unsigned; null where it does not. */
  readonly unsigned: string | null;
}

/**
 * Looks whether each file of a run is what it was when the run was sealed, no log was added and nothing is missing, and whether it was signed by who
 * has to have signed it.
 *
 * @throws RunRecordError when there is neither a history nor what sealed it
 */
export async function verifyRun(directory: string, trust?: Trust): Promise<Verified> {
  const [text, sealed] = await Promise.all([
    readRegular(join(directory, 'history.jsonl')),
    readRegular(join(directory, attestationFile)),
  ]);
  if (text === undefined && sealed === undefined)
    throw new RunRecordError(`${join(directory, 'history.jsonl')}: cannot be read`);
  const chain = readChain(text ?? '');
  const findings: Finding[] = [];
  if (chain.brokenAt !== undefined)
    findings.push({
      where: `history.jsonl:${chain.brokenAt}`,
      what: 'does not follow from the line before it: one of the two was changed, or one between them added or taken out',
    });
  const wrong = (what: string) => findings.push({ where: attestationFile, what });
  const told = (more: Partial<Verified>, unsigned: string | null = null): Verified => ({
    state: findings.length > 0 ? 'tampered' : unsigned === null ? 'whole' : 'unsigned',
    ...{ findings, files: 0, run: null, sealedAt: null, signer: null, keyid: null, ...more },
    unsigned: findings.length > 0 ? null : unsigned,
  });

  const [itself] = await filesOf(directory, [attestationFile]);
  if (itself?.name === attestationFile && itself.sha256 === null) {
    wrong('is no regular file');
    return told({});
  }
  if (sealed === undefined) {
    if (trust !== undefined) wrong('is missing, so that nobody vouches for the run');
    return told({ files: (await filesOf(directory, records)).length }, `there is no ${attestationFile}`);
  }
  let [envelope, statement]: [Envelope?, Statement?] = [];
  try {
    envelope = readEnvelope(sealed);
    statement = readStatement(Buffer.from(envelope.payload, 'base64'));
  } catch (error) {
    wrong(messageOf(error));
    return told({});
  }
  const names = statement.subject.map(({ name }) => name);
  // Also what was made of it since, and was not when it was sealed.
  const files = await filesOf(directory, [...(await runFileNames()), ...names]);
  for (const difference of differences(statement, files)) findings.push(difference);

  const [signature, ...others] = envelope.signatures;
  if (others.length > 0) wrong(`has ${envelope.signatures.length} signatures, and Assay makes one`);
  const by = signature && signatureBy(signature, Buffer.from(envelope.payload, 'base64'), statement, trust);
  if (by === undefined && trust !== undefined) wrong('is signed by nobody');
  if (by?.wrong !== undefined) wrong(by.wrong);

  const record = await readRecord(directory);
  const { svid, sealedAt, version: madeBy, run: id, verdict } = statement.predicate.assay;
  const isTrusted = trust !== undefined && by !== undefined && by.wrong === undefined;
  if (record === undefined) {
    if (findings.length === 0) wrong(`vouches for a run of which ${records.join(' or ')} cannot be read`);
  } else if (findings.length === 0 && !isTrusted && madeBy === version) {
    // Whoever is trusted need not be asked whether this version would have put it so.
    const own = statementOf({ ...record, chain, files, svid, sealedAt });
    if (!saysTheSame(own, statement)) wrong('says other of the run than its files do');
  }
  return told(
    { files: files.length, run: { id, verdict }, sealedAt, signer: by?.name ?? null, keyid: signature?.keyid ?? null },
    by === undefined
      ? 'it is signed by nobody, and whoever changes a file can seal it anew'
      : trust === undefined
        ? `it is signed by ${by.name}, and nobody said who has to have signed it: name a key with --key, or authorities with --bundle`
        : ((record && by.svid && ofItself(record.history, by.svid)) ?? null),
  );
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
  /** What signed, where an X.509-SVID that is trusted did. */
  readonly svid?: { readonly spiffeId: string; readonly authority: Certificate };
}

function signatureBy(
  signature: EnvelopeSignature,
  payload: Buffer,
  { predicate }: Statement,
  trust: Trust | undefined,
): SignedBy {
  const { svid, sealedAt } = predicate.assay;
  const chain = (signature.chain ?? []).map((der) => Buffer.from(der, 'base64'));
  const key = `the key ${signature.keyid.slice(0, 16)}`;
  // Which certificates go with the signature is signed, too.
  if (
    !isDeepStrictEqual(
      chain.map((der) => hash('sha256', der)),
      svid,
    )
  )
    return { name: key, wrong: 'has other certificates than were signed' };
  const checked = (by: KeyObject): { readonly wrong?: string } => {
    if (signature.keyid !== keyIdOf(by)) return { wrong: `was signed by ${key}, wanted ${keyIdOf(by).slice(0, 16)}` };
    return isSignedBy(payload, signature, by) ? {} : { wrong: 'has a signature that is not of what it holds' };
  };
  if (trust?.kind === 'key') return { name: key, ...checked(trust.key) };
  if (chain.length === 0)
    return { name: key, ...(trust && { wrong: `was signed by ${key} alone, and no X.509-SVID vouches for that` }) };
  try {
    const certificates = chain.map((der) => readCertificate(der));
    const { text: name, trustDomain } = parseSpiffeId(certificates[0]?.uriSans[0] ?? '');
    const by = createPublicKey({ key: Buffer.from(certificates[0]!.publicKeySpki), format: 'der', type: 'spki' });
    if (!isSupported(by)) return { name, wrong: 'was signed with a key of a kind that Assay does not sign with' };
    if (trust === undefined) return { name, ...checked(by) };
    if (trust.spiffeId !== undefined && trust.spiffeId !== name)
      return { name, wrong: `was signed by ${name}, wanted ${trust.spiffeId}` };
    // An authority that says of which trust domain it is vouches for no other.
    const authorities = trust.authorities.filter(
      ({ uriSans: [own] }) => own === undefined || own === `spiffe://${trustDomain}`,
    );
    const verified = verifyX509Svid(certificates, trustBundles([trustDomain, authorities]), new Date(sealedAt));
    if (!verified.ok)
      return { name, wrong: `was signed with an X.509-SVID that is not to be trusted: ${verified.detail}` };
    return { name, svid: { spiffeId: name, authority: verified.authority }, ...checked(by) };
  } catch (error) {
    return { name: key, wrong: `was signed with what is no X.509-SVID: ${messageOf(error)}` };
  }
}

/** Who is judged vouches for nothing, nor does a mesh that the run stood up: whoever forges a run stands up another. */
function ofItself(history: History, { spiffeId, authority }: NonNullable<SignedBy['svid']>): string | undefined {
  if (entriesOf(history, 'node').some((node) => node.spiffeId === spiffeId))
    return `${spiffeId}, which signed it, is a node that the run looked at`;
  const [started] = entriesOf(history, 'run-started');
  if (started?.redacted !== undefined)
    return `the run is redacted, so that nobody can tell whether ${spiffeId}, which signed it, is of its own mesh: have it signed with a key`;
  const own = entriesOf(history, 'bundle').some(({ authorities }) =>
    authorities.includes(authority.subjectKeyId ?? ''),
  );
  return own && started?.runtime !== 'attach'
    ? 'the X.509-SVID that signed it is of a mesh that the run stood up itself'
    : undefined;
}

/** Undefined where one of the two is not to be read. */
async function readRecord(
  directory: string,
): Promise<{ readonly report: Report; readonly history: History } | undefined> {
  try {
    const [report, history] = await Promise.all([readReport(directory), readHistory(directory)]);
    return { report, history };
  } catch {
    return undefined;
  }
}
