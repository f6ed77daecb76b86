import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { signedBy } from '../../src/svid/x509/signature.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { told } from './making.ts';
import { isBelow, isKeyOf, renewalDue, trustsMore } from './standing.ts';
import type { Told } from './ceremony.ts';
import { keysBelow, names, type CaState, type FoundKey, type KeptRoot } from './places.ts';

/** An authority as it stands, for people and for monitoring. */
export interface CaStatus {
  readonly root?: Told;
  /** Trusted, and signs nothing yet. */
  readonly next?: Told;
  /** Still trusted, and signs nothing any more. */
  readonly before?: Told;
  readonly intermediate?: Told;
  /** SHA-256 of each root that the server has, in their order. */
  readonly handedRoots: readonly string[];
  /** When the intermediate is to be renewed, ISO 8601. */
  readonly renewBy?: string;
  /** What is wrong, in sentences. */
  readonly wrong: readonly string[];
}

/** What is looked at. */
interface Looked {
  readonly offline: string | undefined;
  readonly server: string | undefined;
}

/** @param looked - the places that are looked at, of those that the state was read from */
export function statusOf(state: CaState, { offline, server }: Looked, now: Date): CaStatus {
  const { root, next, before, handed } = state;
  const due = renewalDue(state);
  return {
    ...(root && { root: told(root.certificate) }),
    ...(next && { next: told(next.certificate) }),
    ...(before && { before: told(before.certificate) }),
    ...(handed && { intermediate: told(handed.upstream) }),
    handedRoots: (handed?.roots ?? []).map(({ fingerprint }) => fingerprint),
    ...(due && { renewBy: due.toISOString() }),
    wrong: [
      ...(offline === undefined ? [] : wrongOffline(state, offline, now)),
      ...(server === undefined ? [] : wrongAtServer(state, server, now)),
      ...(offline === undefined || server === undefined ? [] : wrongBetween(state)),
    ],
  };
}

function wrongOffline(state: CaState, offline: string, now: Date): string[] {
  const { root, next, before, handed, records } = state;
  const kept = [root, next, before].flatMap((one) => (one === undefined ? [] : [one]));
  const known = new Set(records.map(({ authority }) => authority?.sha256));
  const life = handed === undefined ? 0 : handed.upstream.notAfter.getTime() - handed.upstream.notBefore.getTime();
  return [
    ...(root === undefined && kept.length > 0 ? [finishIt] : []),
    ...kept.flatMap((one) => [...wrongKey(one), ...untimely('a root', one.certificate, now)]),
    ...kept
      .filter(({ certificate }) => !known.has(certificate.fingerprint))
      .map(
        ({ directory }) => `the ceremony log knows nothing of the root in ${directory}: it was cut, or is another one`,
      ),
    ...(root !== undefined && next === undefined && root.certificate.notAfter.getTime() - now.getTime() < life
      ? [
          `the root ends before an intermediate that is made now would, on ${root.certificate.notAfter.toISOString()}: \`assay mesh ca rotate-root prepare\` makes one that is to follow`,
        ]
      : []),
    ...readdirSync(offline)
      .filter((name) => name.startsWith('.draft-'))
      .map(
        (name) =>
          `${join(offline, name)} was left by a ceremony that was interrupted, and may hold a key: the next one takes it away`,
      ),
    // What is left where one of the two files is gone.
    ...[names.root, names.next, names.before]
      .map((name) => join(offline, name))
      .filter((directory) => existsSync(directory) && !kept.some((one) => one.directory === directory))
      .map((directory) => `${directory} is no whole root: its certificate is gone`),
  ];
}

const finishIt = 'a rotation of the root was interrupted: `assay mesh ca rotate-root activate` finishes it';

function wrongKey({ keyFile, sealedKey }: KeptRoot): string[] {
  if (sealedKey === '') return [`the key of a root is not in ${keyFile}`];
  if (!isSealed(sealedKey))
    return [`${keyFile} is no key under a passphrase: whoever has the medium may have the root`];
  return readableByOthers(keyFile);
}

// What OpenSSL and Node say of a key that is whole and wants a passphrase.
const wantsPassphrase = new Set(['ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED', 'ERR_MISSING_PASSPHRASE']);

/** Whether it wants a passphrase, and is damaged by nothing that shows without it. */
function isSealed(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return false;
  } catch (error) {
    return wantsPassphrase.has((error as { code?: string }).code ?? '');
  }
}

function readableByOthers(file: string): string[] {
  return (statSync(file).mode & 0o077) === 0 ? [] : [`${file} can be read by others: chmod 600 it`];
}

function wrongBetween(state: CaState): string[] {
  const { root, next, before, handed } = state;
  if (root === undefined || handed === undefined) return [];
  if (before !== undefined && !isBelow(state, root)) return [finishIt];
  const has = new Set(handed.roots.map(({ fingerprint }) => fingerprint));
  const lacks = [root, next, before].some((one) => one !== undefined && !has.has(one.certificate.fingerprint));
  return [
    ...(lacks
      ? ['the server does not have every root that is trusted: the command before was interrupted, run it once more']
      : []),
    ...(trustsMore(state)
      ? ['the server has a root that is none any more: `assay mesh ca rotate-root retire` hands over the others']
      : []),
  ];
}

function wrongAtServer(state: CaState, server: string, now: Date): string[] {
  const { handed, damage, root, next, before } = state;
  const due = renewalDue(state);
  const signing = handed && realpathSync(join(handed.directory, names.upstreamKey));
  const all = [
    ...(handed?.roots ?? []),
    ...[root, next, before].flatMap((one) => (one === undefined ? [] : [one.certificate])),
  ];
  const { keys, unread } = keysBelow(server);
  const isSigning = ({ file, key }: FoundKey) =>
    file === signing && key !== undefined && handed !== undefined && isKeyOf(key, handed.upstream);
  const stray = keys.filter((one) => !isSigning(one));
  return [
    ...(damage === undefined
      ? []
      : [`what the server was handed is damaged: ${damage}; \`assay mesh ca renew\` makes it anew`]),
    ...(handed === undefined && damage === undefined
      ? [`${server} holds nothing that was handed over to a server`]
      : []),
    ...stray.map(({ file, key }) =>
      key !== undefined && all.some((certificate) => isKeyOf(key, certificate))
        ? `${file} holds the key of a root, which has no business on a server: take it away`
        : `${file} holds a private key${key === undefined ? ' under a passphrase, which may be that of a root,' : ''} that is not the one to sign by: take it away`,
    ),
    ...unread.map((file) => `${file} cannot be read, so that nobody knows whether it holds a key`),
    ...(handed === undefined || signing === undefined
      ? []
      : [
          ...(handed.roots.some((one) => signedBy(handed.upstream, one))
            ? []
            : ['the intermediate was signed by none of the roots beside it']),
          ...(keys.some(isSigning) ? [] : [`${signing} is not the key of the intermediate beside it`]),
          ...readableByOthers(signing),
          ...untimely('the intermediate', handed.upstream, now),
          ...(due !== undefined && due <= now && handed.upstream.notAfter > now
            ? [
                `the intermediate was to be renewed by ${due.toISOString().slice(0, 10)}, and ends on ${handed.upstream.notAfter.toISOString().slice(0, 10)}: \`assay mesh ca renew\``,
              ]
            : []),
          ...handed.roots.flatMap((one) => untimely('a root that the server has', one, now)),
        ]),
  ];
}

function untimely(what: string, { notBefore, notAfter, serial }: Certificate, now: Date): string[] {
  if (notAfter <= now) return [`${what} (serial number ${serial}) has ended, on ${notAfter.toISOString()}`];
  if (notBefore > now) return [`${what} (serial number ${serial}) is not valid before ${notBefore.toISOString()}`];
  return [];
}
