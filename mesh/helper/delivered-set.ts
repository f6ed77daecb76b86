import { createHash } from 'node:crypto';
import { messageOf } from '../../src/errors.ts';
import { findSpiffeId } from '../../src/svid/spiffe-id.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid, type VerifyFailure } from '../../src/svid/x509/verify.ts';
import { certificatesIn, fileNames, fits, privateKeyIn, readSetFile, type SetFiles } from '../svid-set.ts';

/** One thing that has to hold of a set. */
export interface SetCheck {
  readonly name: 'certificates' | 'key' | 'spiffe-id' | 'trust-domain' | 'validity' | 'chain' | 'permissions';
  /** Undefined where it cannot be told, or was not asked. */
  readonly held: boolean | undefined;
  readonly says: string;
}

/** What files hold, and what is to be said of it. */
export interface LookedSet {
  /** Undefined where the files hold no certificate that can be read. */
  readonly leaf: Certificate | undefined;
  readonly authorities: readonly Certificate[];
  readonly checks: readonly SetCheck[];
}

const mostReads = 10;

/**
 * The files of a directory, as they were at one time: where one came meanwhile, all are read again. Undefined where one is not there.
 *
 * @throws what the file system has against it
 */
export function readSet(directory: string): SetFiles | undefined {
  let found = readOnce(directory);
  for (let reads = 1; found !== undefined && reads < mostReads; reads++) {
    const again = readOnce(directory);
    if (again !== undefined && digestOf(again) === digestOf(found)) break;
    found = again;
  }
  return found;
}

function readOnce(directory: string): SetFiles | undefined {
  try {
    const [svid, key, bundle] = [fileNames.svid, fileNames.key, fileNames.bundle].map((name) =>
      readSetFile(directory, name),
    ) as [string, string, string];
    return { svid, key, bundle };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** By what two sets are told apart. */
export function digestOf({ svid, key, bundle }: SetFiles): string {
  return createHash('sha256').update([svid, key, bundle].join('\0')).digest('hex');
}

/** Looks at what must hold of a set. @param trustDomain - which it has to be of; undefined where that was not said */
export function lookAt(files: SetFiles, trustDomain: string | undefined, now: Date): LookedSet {
  let chain: readonly Certificate[];
  let authorities: readonly Certificate[];
  try {
    chain = certificatesIn(files.svid, fileNames.svid);
    authorities = certificatesIn(files.bundle, fileNames.bundle);
  } catch (error) {
    const says = messageOf(error);
    return { leaf: undefined, authorities: [], checks: [{ name: 'certificates', held: false, says }] };
  }
  const leaf = chain[0]!;
  const checks = [
    keyCheck(files.key, leaf),
    ...idChecks(leaf, trustDomain),
    validityCheck(leaf, now),
    chainCheck(chain, authorities, now),
  ];
  return { leaf, authorities, checks };
}

function keyCheck(text: string, leaf: Certificate): SetCheck {
  const name = 'key';
  try {
    const held = fits(privateKeyIn(text, fileNames.key), leaf);
    return { name, held, says: `the key ${held ? 'fits' : 'does not fit'} the SVID` };
  } catch (error) {
    return { name, held: false, says: messageOf(error) };
  }
}

function idChecks({ uriSans }: Certificate, wanted: string | undefined): SetCheck[] {
  const [text, ...others] = uriSans;
  const id = text === undefined ? undefined : findSpiffeId(text);
  const held = id !== undefined && id.path !== '' && others.length === 0;
  const shown = uriSans.slice(0, 4).map((uri) => JSON.stringify(uri.slice(0, 120)));
  const one: SetCheck = {
    ...{ name: 'spiffe-id', held },
    says: held
      ? `it has one URI SAN, ${id.text}`
      : `wanted is one URI SAN with the SPIFFE ID of a workload, and there are ${uriSans.length}: ${shown.join(', ')}`,
  };
  if (wanted === undefined)
    return [
      one,
      { name: 'trust-domain', held: undefined, says: 'SPIFFE_TRUST_DOMAIN does not say which it has to be' },
    ];
  const isOfIt = id?.trustDomain === wanted;
  return [
    one,
    {
      ...{ name: 'trust-domain', held: isOfIt },
      says: isOfIt ? `it is of ${wanted}` : `it is of ${id?.trustDomain ?? 'no trust domain'}, and not of ${wanted}`,
    },
  ];
}

function validityCheck({ notBefore, notAfter }: Certificate, now: Date): SetCheck {
  const name = 'validity';
  if (now > notAfter) return { name, held: false, says: `it ended at ${notAfter.toISOString()}` };
  if (now < notBefore)
    return {
      ...{ name, held: false },
      says: `it begins at ${notBefore.toISOString()}, and here it is ${now.toISOString()}: see whether the clock is right`,
    };
  return { name, held: true, says: `it is valid until ${notAfter.toISOString()}` };
}

// These are told by checks of their own.
const ofId: readonly VerifyFailure[] = ['no-uri-san', 'two-uri-sans', 'not-a-spiffe-id', 'no-path'];

function chainCheck(chain: readonly Certificate[], authorities: readonly Certificate[], now: Date): SetCheck {
  const [leaf] = chain as [Certificate];
  const trustDomain = findSpiffeId(leaf.uriSans[0] ?? '')?.trustDomain ?? '';
  // An SVID that has ended may still have been signed by one that is trusted.
  const at = new Date(Math.min(Math.max(now.getTime(), leaf.notBefore.getTime()), leaf.notAfter.getTime()));
  const verified = verifyX509Svid(chain, new Map([[trustDomain, authorities]]), at);
  const name = 'chain';
  if (verified.ok) return { name, held: true, says: `its chain leads to an authority of ${fileNames.bundle}` };
  if (ofId.includes(verified.reason)) return { name, held: undefined, says: 'without a right ID that cannot be told' };
  return { name, held: false, says: `it is refused by ${fileNames.bundle}: ${verified.detail}` };
}
