import { readFileSync } from 'node:fs';
import { readPublicKey, readSigner, type Signer } from '../reports/evidence/signer.ts';
import type { Trust } from '../reports/evidence/verify.ts';
import { messageOf, UsageError } from '../src/errors.ts';
import { BundleError, parseSpiffeBundle } from '../src/svid/bundle.ts';
import { parseSpiffeId, SpiffeIdError } from '../src/svid/spiffe-id.ts';
import { pemBlocks } from '../src/svid/x509/pem.ts';
import { CertificateError, readCertificate } from '../src/svid/x509/read.ts';
import { readFlagFile } from './flag-file.ts';
import { withheldSignKey } from './sign-key-variable.ts';

/**
 * Who signs a run: by the file that `--sign-key` names, or by what `ASSAY_SIGN_KEY` holds, which is PEM or the path of a file.
 *
 * @throws UsageError for anything but a key that signs
 */
export function signerFrom(file: string | undefined): Signer | undefined {
  if (file !== undefined) return readSigner(readFlagFile('--sign-key', file), `--sign-key ${file}`, new Date());
  const held = withheldSignKey();
  if (held === undefined) return undefined;
  return readSigner(held.includes('-----BEGIN') ? held : readHeld(held), 'ASSAY_SIGN_KEY', new Date());
}

/** What the variable holds may be a key in some other form: it stands in no message. */
function readHeld(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError('ASSAY_SIGN_KEY: is neither PEM nor the path of a file that can be read');
  }
}

/** How a person names who has to have signed a run. */
export interface TrustFlags {
  readonly key?: string;
  readonly bundle?: string;
  readonly signer?: string;
}

/** Who has to have signed a run. @throws UsageError for a file that says nobody, and for flags that do not go together */
export function trustFrom({ key, bundle, signer }: TrustFlags): Trust | undefined {
  if (key !== undefined && bundle !== undefined)
    throw new UsageError('--key and --bundle: each says who has to have signed; use one of the two');
  if (signer !== undefined && bundle === undefined)
    throw new UsageError(
      '--signer: names an X.509-SVID, and wants --bundle FILE with the authorities that vouch for it',
    );
  if (key !== undefined) return { kind: 'key', key: readPublicKey(readFlagFile('--key', key), `--key ${key}`) };
  if (bundle === undefined) return undefined;
  const authorities = readAuthorities(readFlagFile('--bundle', bundle), `--bundle ${bundle}`);
  return { kind: 'bundle', authorities, ...(signer !== undefined && { spiffeId: readId(signer) }) };
}

function readId(text: string): string {
  try {
    return parseSpiffeId(text).text;
  } catch (error) {
    if (!(error instanceof SpiffeIdError)) throw error;
    throw new UsageError(`--signer ${text}: ${messageOf(error)}; wanted is a SPIFFE ID, as in spiffe://example.org/ci`);
  }
}

function readAuthorities(text: string, where: string) {
  const wanted =
    'wanted are the authorities of a trust domain, as a SPIFFE bundle (spire-server bundle show -format spiffe) or in PEM';
  try {
    const authorities = text.trimStart().startsWith('{')
      ? parseSpiffeBundle(text).authorities
      : pemBlocks(text, 'CERTIFICATE').map((der) => readCertificate(der));
    if (authorities.length > 0) return authorities;
  } catch (error) {
    if (!(error instanceof BundleError || error instanceof CertificateError)) throw error;
    throw new UsageError(`${where}: ${messageOf(error)}; ${wanted}`);
  }
  throw new UsageError(`${where}: holds no authority; ${wanted}`);
}
