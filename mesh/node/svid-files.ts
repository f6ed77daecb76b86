import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { X509Context } from '../../spiffe/workload-api.ts';
import { messageOf } from '../../src/errors.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import type { SvidSource } from './identity.ts';

/** The names that spiffe-helper gives its files by the example in its README: chain, key, and authorities of the own trust domain. */
const names = ['svid.pem', 'svid_key.pem', 'svid_bundle.pem'] as const;

// A directory tells of each part of a file as it is written; whoever writes three files in a row is given the time to.
const settleMs = 25;

/**
 * Identities by the files that spiffe-helper keeps fresh in a directory. They are read again when one of them changes, and when this process gets
 * SIGUSR1.
 *
 * spiffe-helper writes three files one after the other. So a set that is not one is passed over, as trouble, and what was held stays: where a file
 * is missing or cannot be read, where the key is not that of the certificate, or where there is no authority. Files tell of no withdrawal: an
 * identity that SPIRE has taken back is held until it expires.
 *
 * @param directory - of the files svid.pem, svid_key.pem and svid_bundle.pem; it has to be there
 */
export function svidFiles(directory: string): SvidSource {
  return ({ onUpdate, onTrouble }) => {
    let last = '';
    let settling: NodeJS.Timeout | undefined;
    const read = () => {
      try {
        const texts = names.map((name) => readFileSync(join(directory, name), 'utf8')) as [string, string, string];
        if (texts.join('\0') === last) return;
        const context = contextOf(texts);
        last = texts.join('\0');
        onUpdate(context);
      } catch (error) {
        onTrouble(new Error(`SVID files in ${directory}: ${messageOf(error)}; what was held stays`, { cause: error }));
      }
    };
    const readSoon = () => {
      clearTimeout(settling);
      settling = setTimeout(read, settleMs);
    };
    const watching = watch(directory, readSoon).on('error', onTrouble);
    process.on('SIGUSR1', readSoon);
    setImmediate(readSoon);
    return {
      [Symbol.dispose]() {
        clearTimeout(settling);
        watching.close();
        process.off('SIGUSR1', readSoon);
      },
    };
  };
}

/** @throws Error that says which file is wrong, and never what stands in it */
function contextOf([svid, key, bundle]: readonly [string, string, string]): X509Context {
  const chain = pemBlocks(svid, 'CERTIFICATE');
  const [leaf] = chain;
  if (leaf === undefined) throw new Error(`${names[0]} has no certificate`);
  const [spiffeId = ''] = readCertificate(leaf).uriSans;
  const { trustDomain } = parseSpiffeId(spiffeId);
  const privateKey = keyOf(key);
  if (!new X509Certificate(leaf).checkPrivateKey(privateKey))
    throw new Error(`the key in ${names[1]} is not that of the certificate in ${names[0]}`);
  const authorities = pemBlocks(bundle, 'CERTIFICATE');
  if (authorities.length === 0) throw new Error(`${names[2]} has no certificate`);
  const privateKeyPkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    svids: [{ spiffeId, chain, privateKeyPkcs8, hint: '' }],
    bundles: new Map([[trustDomain, authorities]]),
  };
}

function keyOf(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // What OpenSSL says of a key is of no use to anybody here.
    throw new Error(`${names[1]} has no private key in PEM`);
  }
}
