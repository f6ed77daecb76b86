import { readFileSync } from 'node:fs';
import { readPublicKey, readSigner, type Signer } from '../reports/evidence/signer.ts';
import type { Trust } from '../reports/evidence/verify.ts';
import { messageOf, UsageError } from '../src/errors.ts';
import { BundleError, parseSpiffeBundle } from '../src/svid/bundle.ts';
import { pemBlocks } from '../src/svid/x509/pem.ts';
import { CertificateError, readCertificate } from '../src/svid/x509/read.ts';

const variable = 'ASSAY_SIGN_KEY';

/**
 * Who signs a run: by the file that `--sign-key` names, or by what `ASSAY_SIGN_KEY` holds, which is PEM or the path of a file. The variable is taken
 * out of the environment, so that nothing that is started gets to see it.
 *
 * @throws UsageError for anything but a key that signs
 */
export function signerFrom(file: string | undefined): Signer | undefined {
  const { [variable]: held } = process.env;
  delete process.env[variable];
  if (file !== undefined) return readSigner(readText(`--sign-key ${file}`, file), `--sign-key ${file}`);
  if (held === undefined || held.trim() === '') return undefined;
  return held.includes('-----BEGIN')
    ? readSigner(held, variable)
    : readSigner(readText(variable, held), `${variable}: ${held}`);
}

/** Who has to have signed a run. @throws UsageError for a file that says nobody, and where two are named */
export function trustFrom({ key, bundle }: { readonly key?: string; readonly bundle?: string }): Trust | undefined {
  if (key !== undefined && bundle !== undefined)
    throw new UsageError('--key and --bundle: each says who has to have signed; use one of the two');
  if (key !== undefined) return { kind: 'key', key: readPublicKey(readText(`--key ${key}`, key), `--key ${key}`) };
  if (bundle === undefined) return undefined;
  return { kind: 'bundle', authorities: readAuthorities(readText(`--bundle ${bundle}`, bundle), `--bundle ${bundle}`) };
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

function readText(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${what}: cannot be read: ${messageOf(error)}`);
  }
}
