import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../src/errors.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { signedBy } from '../../src/svid/x509/signature.ts';
import { backdatedMs, dayMs, type Ceremony, type Shape } from './options.ts';
import { names, readState, type CaState, type KeptRoot } from './places.ts';
import { openKey } from './sealed-key.ts';

/** What lies there. @throws UsageError where it does not belong together, or this machine's clock is behind what was written down */
export function stateOf({ places, now, forced }: Ceremony): CaState {
  const state = readState(places);
  const { root, next, before, handed, records } = state;
  const all = [root, next, before].flatMap((one) => (one === undefined ? [] : [one.certificate]));
  for (const name of [names.root, names.next, names.before])
    if (
      existsSync(join(places.offline, name)) &&
      ![root, next, before].some((one) => one?.directory.endsWith(`/${name}`))
    )
      throw new UsageError(`${join(places.offline, name)}: is no whole root, as its certificate is gone; put it back`);
  if (root === undefined && before === undefined && next !== undefined)
    throw new UsageError(
      `${join(places.offline, names.root)}: is not there, and a root is prepared that is to follow it; put it back`,
    );
  if (handed !== undefined && !all.some((one) => signedBy(handed.upstream, one)))
    throw new UsageError(
      `--server ${places.server}: holds an intermediate that no root of ${places.offline} has signed: it is of another authority; name another place`,
    );
  const last = records.at(-1);
  if (last !== undefined && forced === undefined && Date.parse(last.at) > now.getTime() + backdatedMs)
    throw new UsageError(
      `the clock of this machine says ${now.toISOString()}, and the ceremony log ends at ${last.at}: set it right, or what is made is not valid when it should be; where the log is wrong, say so by --forced REASON`,
    );
  return state;
}

export function interrupted({ places }: Pick<Ceremony, 'places'>): UsageError {
  return new UsageError(
    `--offline ${places.offline}: a rotation of the root was interrupted; finish it by \`assay mesh ca rotate-root activate\``,
  );
}

export function rootOf({ root, next, before }: CaState, { places }: Ceremony): KeptRoot {
  if (root !== undefined) return root;
  if ((next ?? before) !== undefined) throw interrupted({ places });
  throw new UsageError(`--offline ${places.offline}: holds no root; \`assay mesh ca create\` makes one`);
}

/** @throws UsageError where a root has ended, so that nothing below it would be taken */
export function alive({ certificate }: KeptRoot, { now }: Ceremony): void {
  if (certificate.notAfter <= now)
    throw new UsageError(
      `the root (${certificate.subject}) has ended, on ${certificate.notAfter.toISOString()}; \`assay mesh ca rotate-root prepare\` makes one that is to follow`,
    );
}

/** The key of a root. @throws UsageError where it cannot be opened, or is that of another */
export function openRoot({ sealedKey, keyFile, certificate }: KeptRoot, { passphrase }: Ceremony): KeyObject {
  const key = openKey(sealedKey, passphrase, keyFile);
  if (isKeyOf(key, certificate)) return key;
  throw new UsageError(`${keyFile}: is not the key of the certificate beside it; put the right one back`);
}

/** Whether a private key is that of a certificate. */
export function isKeyOf(key: KeyObject, { publicKeySpki }: Certificate): boolean {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(publicKeySpki);
}

/** Whether what a server was handed is below that root. */
export function isBelow({ handed }: CaState, root: KeptRoot): boolean {
  return handed !== undefined && signedBy(handed.upstream, root.certificate);
}

/** Whether a server was handed that root, to be trusted. */
export function isHanded({ handed }: CaState, root: KeptRoot | undefined): boolean {
  return (
    handed !== undefined &&
    root !== undefined &&
    handed.roots.some(({ fingerprint }) => fingerprint === root.certificate.fingerprint)
  );
}

/** Roots that a server has, and that are none here any more. */
export function strangersIn({ handed, root, next, before }: CaState): readonly Certificate[] {
  const trusted = new Set([root, next, before].map((one) => one?.certificate.fingerprint));
  return (handed?.roots ?? []).filter(({ fingerprint }) => !trusted.has(fingerprint));
}

/** Whether there are such. */
export const trustsMore = (state: CaState): boolean => strangersIn(state).length > 0;

/** @throws UsageError where a server trusts a root that is not here any more: it would be dropped without a word */
export function refuseDropping(state: CaState): void {
  if (trustsMore(state))
    throw new UsageError(
      'the server has a root that is not in --offline: one that was being retired is finished by `assay mesh ca rotate-root retire`; any other has to be put back',
    );
}

/** How old an intermediate gets before it is to be renewed: a quarter, as the deployment document has it. */
const quarterDays = 92;

/** When the intermediate that a server has is to be renewed. */
export function renewalDue({ handed }: CaState): Date | undefined {
  if (handed === undefined) return undefined;
  const { notBefore, notAfter } = handed.upstream;
  const life = notAfter.getTime() - notBefore.getTime();
  return new Date(notBefore.getTime() + Math.min(quarterDays * dayMs, 0.75 * life));
}

/** What the next root has to be like: as the one before it. */
export function shapeOf(root: Certificate): Shape {
  return {
    trustDomain: trustDomainOf(root),
    tiers: (root.pathLength ?? 2) - 1,
    constrainNames: root.nameConstraints !== undefined,
  };
}

export const below = <T extends object>(root: KeptRoot, options: T) => ({ ...options, ...shapeOf(root.certificate) });

function trustDomainOf({ uriSans }: Certificate): string {
  return (uriSans[0] ?? '').replace(/^spiffe:\/\//, '');
}
