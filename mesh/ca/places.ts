import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { messageOf, UsageError } from '../../src/errors.ts';
import { withoutLinks } from '../without-links.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { readCeremony, type CeremonyRecord } from './ceremony.ts';

/** Where the two halves of an authority are kept. */
export interface CaPlaces {
  /** Of roots, their keys and the log of what was done with them: a medium that no server ever sees. */
  readonly offline: string;
  /** Of what a SPIRE server signs below; carried to it as it is. */
  readonly server: string;
}

/** A root and its key, which is under a passphrase. */
export interface KeptRoot {
  readonly directory: string;
  readonly certificate: Certificate;
  readonly certificatePem: string;
  readonly keyFile: string;
  readonly sealedKey: string;
}

/** What a SPIRE server has of it. */
export interface Handed {
  readonly directory: string;
  readonly upstream: Certificate;
  readonly upstreamPem: string;
  readonly upstreamKeyPem: string;
  readonly roots: readonly Certificate[];
}

/** An authority as it lies on disk. */
export interface CaState {
  /** Signs intermediates. */
  readonly root: KeptRoot | undefined;
  /** Is trusted already, and signs nothing yet. */
  readonly next: KeptRoot | undefined;
  /** Is still trusted, and signs nothing any more. */
  readonly before: KeptRoot | undefined;
  readonly handed: Handed | undefined;
  /** What is wrong with what a server was handed, where it was handed something that is not whole. */
  readonly damage: string | undefined;
  readonly records: readonly CeremonyRecord[];
}

/** Names of what lies in the two places. */
export const names = {
  ceremony: 'ceremony.jsonl',
  root: 'root',
  next: 'next',
  before: 'before',
  retired: 'retired',
  rootPem: 'root.pem',
  rootKey: 'root.key',
  current: 'current',
  upstreamPem: 'upstream.pem',
  upstreamKey: 'upstream.key',
  roots: 'roots.pem',
  config: 'upstream.conf',
} as const;

/** Both as absolute paths. @throws UsageError where one lies in the other: what is carried to a server would bring the root's key */
export function apart({ offline, server }: CaPlaces): CaPlaces {
  for (const [flag, path] of [
    ['--offline', offline],
    ['--server', server],
  ] as const)
    if (path.trim() === '') throw new UsageError(`${flag}: wants a directory; is the variable that names it empty?`);
  const [one, other] = [withoutLinks(offline), withoutLinks(server)];
  if (lies(one, other) || lies(other, one))
    throw new UsageError(
      `--offline ${offline} and --server ${server}: one lies in the other, so that the root's key would go where the server is; name two places apart`,
    );
  return { offline: one, server: other };
}

/** Whether a path is a directory, or lies below it. */
export function lies(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`));
}

/** What lies there. @throws UsageError for files that cannot be read, are no certificates, or do not belong together */
export function readState({ offline, server }: CaPlaces): CaState {
  return {
    root: keptRoot(join(offline, names.root)),
    next: keptRoot(join(offline, names.next)),
    before: keptRoot(join(offline, names.before)),
    ...handedAt(server),
    records: readCeremony(join(offline, names.ceremony)),
  };
}

function keptRoot(directory: string): KeptRoot | undefined {
  const certificatePem = textIfThere(join(directory, names.rootPem));
  if (certificatePem === undefined) return undefined;
  const keyFile = join(directory, names.rootKey);
  const [certificate] = certificatesIn(certificatePem, join(directory, names.rootPem));
  return { directory, certificate: certificate!, certificatePem, keyFile, sealedKey: textIfThere(keyFile) ?? '' };
}

/** What a server was handed last, and what is wrong with it, where it is not whole: a directory that was moved, say, or a disk that was full. */
export function handedAt(server: string): Pick<CaState, 'handed' | 'damage'> {
  try {
    return { handed: readHanded(server), damage: undefined };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { handed: undefined, damage: error.message };
  }
}

function readHanded(server: string): Handed | undefined {
  let generation: string;
  try {
    generation = readlinkSync(join(server, names.current));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${join(server, names.current)}: is not what this command made: ${messageOf(error)}`);
  }
  const directory = resolve(server, generation);
  const text = (name: string) => {
    const found = textIfThere(join(directory, name));
    if (found === undefined) throw new UsageError(`${join(directory, name)}: is not there`);
    return found;
  };
  const upstreamPem = text(names.upstreamPem);
  return {
    directory,
    upstreamPem,
    upstream: certificatesIn(upstreamPem, join(directory, names.upstreamPem))[0]!,
    upstreamKeyPem: text(names.upstreamKey),
    roots: certificatesIn(text(names.roots), join(directory, names.roots)),
  };
}

/** A private key in a file, whatever its form. */
export interface FoundKey {
  readonly file: string;
  /** Undefined where it is under a passphrase. */
  readonly key: KeyObject | undefined;
}

// Keys are no longer than that.
const mostKeyBytes = 32_768;
const mostBytes = 4_194_304;

/** The private keys in files below a directory, and files that could not be looked at. Links are followed. */
export function keysBelow(directory: string): {
  readonly keys: readonly FoundKey[];
  readonly unread: readonly string[];
} {
  const [keys, unread]: [FoundKey[], string[]] = [[], []];
  const seen = new Set<string>();
  const below = (of: string): readonly string[] => {
    try {
      return readdirSync(of, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? below(join(of, entry.name)) : [join(of, entry.name)],
      );
    } catch {
      unread.push(of);
      return [];
    }
  };
  for (const found of below(directory)) {
    let file = found;
    try {
      // By the name that it has without links.
      file = realpathSync(file);
      if (seen.has(file)) continue;
      seen.add(file);
      const stat = statSync(file, { throwIfNoEntry: false });
      if (!stat?.isFile()) continue;
      if (stat.size > mostBytes) unread.push(file);
      else keys.push(...keysIn(readFileSync(file), file));
    } catch (error) {
      // A link that leads nowhere holds nothing.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') unread.push(file);
    }
  }
  return { keys, unread };
}

function keysIn(bytes: Buffer, file: string): FoundKey[] {
  const blocks = bytes
    .toString('latin1')
    .match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/g);
  if (blocks !== null) return blocks.map((pem) => ({ file, key: keyOr(() => createPrivateKey(pem)) }));
  if (bytes.length > mostKeyBytes) return [];
  const der = (['pkcs8', 'sec1', 'pkcs1'] as const)
    .map((type) => keyOr(() => createPrivateKey({ key: bytes, format: 'der', type })))
    .find((key) => key !== undefined);
  return der === undefined ? [] : [{ file, key: der }];
}

function keyOr(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function certificatesIn(text: string, file: string): Certificate[] {
  try {
    const found = pemBlocks(text, 'CERTIFICATE').map((der) => readCertificate(der));
    if (found.length > 0) return found;
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
  throw new UsageError(`${file}: holds no certificate`);
}

function textIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${file}: cannot be read: ${messageOf(error)}`);
  }
}
