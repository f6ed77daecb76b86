import { watch } from 'node:fs';
import type { X509Context } from '../../spiffe/workload-api.ts';
import { messageOf } from '../../src/errors.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { certificatesIn, fileNames, fits, privateKeyIn, readSetFile } from '../svid-set.ts';
import type { SvidSource } from './identity.ts';

const names = [fileNames.svid, fileNames.key, fileNames.bundle] as const;

// A directory tells of each part of a file as it is written; whoever writes three files in a row is given the time to.
const settleMs = 25;
// Where something else is written there all the time they are read no later than this.
const mostSettleMs = 500;

/**
 * Identities by the files that spiffe-helper keeps fresh in a directory. They are read again when one of them changes, and when this process gets
 * SIGUSR1.
 *
 * spiffe-helper writes three files one after the other. So a set that is not one is passed over, as trouble, and what was held stays: where a file
 * is missing or cannot be read, where the key is not that of the certificate, or where there is no authority. So is one whose SVID has ended, which
 * an earlier run of spiffe-helper may have left. Files tell of no withdrawal: an
 * identity that SPIRE has taken back is held until it expires.
 *
 * @param directory - of the files svid.pem, svid_key.pem and svid_bundle.pem; it has to be there
 */
export function svidFiles(directory: string): SvidSource {
  return ({ onUpdate, onTrouble }) => {
    let last = '';
    let settling: NodeJS.Timeout | undefined;
    let since: number | undefined;
    const read = () => {
      since = undefined;
      try {
        const texts = names.map((name) => readSetFile(directory, name)) as [string, string, string];
        if (texts.join('\0') === last) return;
        const context = contextOf(texts);
        last = texts.join('\0');
        onUpdate(context);
      } catch (error) {
        onTrouble(new Error(`SVID files in ${directory}: ${messageOf(error)}; what was held stays`, { cause: error }));
      }
    };
    const readSoon = () => {
      since ??= performance.now();
      clearTimeout(settling);
      settling = setTimeout(read, Math.max(0, Math.min(settleMs, since + mostSettleMs - performance.now())));
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
  const chain = certificatesIn(svid, fileNames.svid);
  const [leaf] = chain;
  const [spiffeId = ''] = leaf.uriSans;
  const { trustDomain } = parseSpiffeId(spiffeId);
  if (leaf.notAfter.getTime() <= Date.now())
    throw new Error(`the SVID in ${fileNames.svid} ended at ${leaf.notAfter.toISOString()}`);
  const privateKey = privateKeyIn(key, fileNames.key);
  if (!fits(privateKey, leaf))
    throw new Error(`the key in ${fileNames.key} is not that of the certificate in ${fileNames.svid}`);
  const authorities = certificatesIn(bundle, fileNames.bundle);
  const privateKeyPkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    svids: [{ spiffeId, chain: chain.map(({ der }) => der), privateKeyPkcs8, hint: '' }],
    bundles: new Map([[trustDomain, authorities.map(({ der }) => der)]]),
  };
}
