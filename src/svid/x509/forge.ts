import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';

import { parseName, type NameAttribute } from './distinguished-name.ts';
import {
  basicConstraints,
  bytesOf,
  derOf,
  distinguishedName,
  element,
  extendedKeyUsage,
  extension,
  integer,
  keyIdentifiers,
  keyUsage,
  nameConstraints,
  sequence,
  serialNumber,
  subjectAltName,
  time,
  type Der,
  type UriConstraints,
} from './encode.ts';
import type { Extension, KeyUsage } from './extensions.ts';
import {
  keyIdentifier,
  newKeyPair,
  pemOf,
  privateKeyPem,
  signatureAlgorithm,
  signed,
  type KeyAlgorithm,
} from './key-pair.ts';
import { readCertificate, type Certificate } from './read.ts';

export { createCsr } from './csr.ts';

export interface AuthorityOptions {
  /** Its URI SAN is `spiffe://` and this name, unless `spiffeId` says otherwise. */
  readonly trustDomain: string;
  readonly spiffeId?: string;
  readonly algorithm?: KeyAlgorithm;
  /** Comes after the country and organisation that SPIRE writes; `subject` overrules it. */
  readonly commonName?: string;
  /** As `C=US, O=SPIRE, CN=web`; by default the serial number makes it unlike any other authority's. */
  readonly subject?: string;
  /** Bytes or hex; made from the key when it is not given. */
  readonly subjectKeyId?: Uint8Array | string;
  /** Hex; random when it is not given. */
  readonly serial?: string;
  /** From 2000 to 2100 when it is not given. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A stranger that looks like this one: subject, serial number, key identifiers, validity and kind of key are the same, the key is not. */
  readonly like?: Certificate;
  /** Makes an intermediate under this authority. */
  readonly issuer?: Authority;
  readonly pathLength?: number;
  readonly nameConstraints?: UriConstraints;
  /** `false` makes an authority that is none. */
  readonly isCa?: boolean;
  /** keyCertSign and cRLSign when it is not given. */
  readonly keyUsage?: readonly KeyUsage[];
}

/** A certificate authority and its key; it issues SVIDs as often as it is asked. */
export interface Authority {
  readonly certificate: Certificate;
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  /** What an SVID issued here carries behind its leaf: nothing below a root, the intermediates up to it otherwise. */
  readonly intermediates: readonly Uint8Array[];
  issue(options: LeafOptions): Promise<ForgedSvid>;
}

export interface LeafOptions {
  readonly spiffeId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of its key; P-256 when absent. */
  readonly algorithm?: KeyAlgorithm;
  readonly change?: Change;
}

/** The one thing that is wrong with a leaf, or odd about it. Names are written one byte a character, from U+0000 to U+00FF. */
export interface Change {
  readonly uriSans?: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly emailSans?: readonly string[];
  readonly commonName?: string;
  /** The subject is the empty name. */
  readonly noSubject?: true;
  readonly isCa?: boolean;
  /** Empty leaves the extension out. */
  readonly keyUsage?: readonly KeyUsage[];
  /** Names (`serverAuth`) or dotted numbers; empty leaves the extension out. */
  readonly extendedKeyUsage?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Issuer and signature are the leaf's own. */
  readonly selfSigned?: true;
  /** The leaf's key is RSA, whatever its authority's is. */
  readonly rsa?: true;
  /** Come after all the others, as they are. */
  readonly extensions?: readonly Extension[];
  /** Put in after the signature was made, so that it no longer fits. */
  readonly afterSigning?: { readonly uriSans?: readonly string[]; readonly publicKey?: true };
}

export interface ForgedSvid {
  readonly certificate: Certificate;
  /** The leaf, then its intermediates. */
  readonly chain: readonly Uint8Array[];
  /** The whole chain. */
  readonly certificatePem: string;
  /** PKCS #8; for `afterSigning.publicKey` it belongs to the key that is shown. */
  readonly privateKeyPem: string;
  readonly privateKeyDer: Uint8Array;
}

const organisation: readonly NameAttribute[] = [
  { type: 'C', value: 'US' },
  { type: 'O', value: 'SPIRE' },
];
const defaultNotBefore = new Date('2000-01-01T00:00:00Z');
const defaultNotAfter = new Date('2100-01-01T00:00:00Z');

/**
 * A right authority, but for what the options say.
 *
 * @throws RangeError for a subject, serial number or name that cannot be written
 *
 * Source: X509-SVID §3 (hierarchy), §4.1 and §4.3 (signing certificates); RFC 5280 §4.
 */
export async function forgeAuthority(options: AuthorityOptions): Promise<Authority> {
  const { like, issuer } = options;
  const { privateKey, spki } = await newKeyPair(options.algorithm ?? (like === undefined ? 'ec' : algorithmOf(like)));
  const serial = options.serial ?? like?.serial ?? randomSerial();
  const subject = subjectOf(options, serial);
  const subjectKeyId = hexOf(options.subjectKeyId) ?? like?.subjectKeyId ?? keyIdentifier(spki);
  const content = toBeSigned({
    serial,
    issuer: issuer === undefined ? subject : nameDer(issuer.certificate),
    subject,
    notBefore: options.notBefore ?? like?.notBefore ?? defaultNotBefore,
    notAfter: options.notAfter ?? like?.notAfter ?? defaultNotAfter,
    spki,
    signer: issuer?.privateKey ?? privateKey,
    extensions: [
      ...keyUsage(options.keyUsage ?? ['keyCertSign', 'cRLSign']),
      basicConstraints(options.isCa ?? true, options.pathLength),
      ...nameConstraints(options.nameConstraints ?? {}),
      ...keyIdentifiers(subjectKeyId, issuer?.certificate.subjectKeyId ?? like?.authorityKeyId),
      ...subjectAltName({ uriSans: [options.spiffeId ?? `spiffe://${options.trustDomain}`] }),
    ],
  });
  const der = bytesOf(signed(content, issuer?.privateKey ?? privateKey));
  const certificate = readCertificate(der);
  const intermediates = issuer === undefined ? [] : [der, ...issuer.intermediates];
  return {
    certificate,
    certificatePem: pemOf('CERTIFICATE', der),
    privateKey,
    intermediates,
    issue: (leaf) => issueLeaf(certificate, privateKey, intermediates, leaf),
  };
}

async function issueLeaf(
  issuer: Certificate,
  issuerKey: KeyObject,
  intermediates: readonly Uint8Array[],
  options: LeafOptions,
): Promise<ForgedSvid> {
  const { spiffeId, change = {} } = options;
  const { afterSigning } = change;
  const pair = await newKeyPair(change.rsa === true ? 'rsa' : (options.algorithm ?? 'ec'));
  const shownPair = afterSigning?.publicKey === true ? await newKeyPair('ec') : pair;
  const subject = distinguishedName([
    ...(change.noSubject === true ? [] : organisation),
    ...(change.commonName === undefined ? [] : [{ type: 'CN', value: change.commonName }]),
  ]);
  const own = keyIdentifier(pair.spki);
  const signer = change.selfSigned === true ? pair.privateKey : issuerKey;
  const uriSans = change.uriSans ?? [spiffeId];
  const fields = {
    serial: randomSerial(),
    issuer: change.selfSigned === true ? subject : nameDer(issuer),
    subject,
    notBefore: change.notBefore ?? options.notBefore,
    notAfter: change.notAfter ?? options.notAfter,
    signer,
  };
  const write = (spki: Uint8Array, uris: readonly string[]): Der =>
    toBeSigned({
      ...fields,
      spki,
      extensions: [
        ...keyUsage(change.keyUsage ?? ['digitalSignature']),
        ...extendedKeyUsage(change.extendedKeyUsage ?? ['serverAuth', 'clientAuth']),
        basicConstraints(change.isCa ?? false),
        ...keyIdentifiers(own, change.selfSigned === true ? own : issuer.subjectKeyId),
        ...subjectAltName({ ...change, uriSans: uris }),
        ...(change.extensions ?? []),
      ],
    });
  const content = write(pair.spki, uriSans);
  const shown = afterSigning === undefined ? content : write(shownPair.spki, afterSigning.uriSans ?? uriSans);
  const der = bytesOf(signed(content, signer, shown));
  const chain = [der, ...(change.selfSigned === true ? [] : intermediates)];
  return {
    certificate: readCertificate(der),
    chain,
    certificatePem: pemOf('CERTIFICATE', ...chain),
    privateKeyPem: privateKeyPem(shownPair.privateKey),
    privateKeyDer: shownPair.privateKey.export({ type: 'pkcs8', format: 'der' }),
  };
}

interface Content {
  readonly serial: string;
  readonly issuer: Der;
  readonly subject: Der;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly signer: KeyObject;
  readonly extensions: readonly Extension[];
}

function toBeSigned(content: Content): Der {
  return sequence(
    element(0xa0, integer(2)),
    serialNumber(content.serial),
    signatureAlgorithm(content.signer),
    content.issuer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subject,
    derOf(content.spki),
    element(0xa3, sequence(...content.extensions.map(extension))),
  );
}

function subjectOf({ subject, commonName, like }: AuthorityOptions, serial: string): Der {
  if (subject !== undefined) return distinguishedName(parseName(subject));
  if (commonName !== undefined) return distinguishedName([...organisation, { type: 'CN', value: commonName }]);
  // As SPIRE does: with one name for all, an intermediate would count as self-issued and no path length would bind it.
  return like === undefined
    ? distinguishedName([...organisation, { type: 'serialNumber', value: serial }])
    : nameDer(like);
}

/** The subject in the very bytes of the original: the same text in another string type is another name. */
function nameDer({ subjectHex }: Certificate): Der {
  return sequence(Buffer.from(subjectHex, 'hex').toString('latin1'));
}

function algorithmOf({ publicKeySpki }: Certificate): KeyAlgorithm {
  return createPublicKey({ key: Buffer.from(publicKeySpki), format: 'der', type: 'spki' }).asymmetricKeyType === 'rsa'
    ? 'rsa'
    : 'ec';
}

function hexOf(id: Uint8Array | string | undefined): string | undefined {
  return id instanceof Uint8Array ? Buffer.from(id).toString('hex') : id?.toLowerCase();
}

/** Positive, not zero, and 16 bytes long whatever the dice say. Source: RFC 5280 §4.1.2.2. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
