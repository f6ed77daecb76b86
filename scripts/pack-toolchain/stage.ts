import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { isProgram, type Cache } from '../../fixtures/toolchain/cache.ts';
import {
  manifestFile,
  ownPackage,
  packagedProgram,
  platformPackageName,
  type Manifest,
} from '../../fixtures/toolchain/packaged.ts';
import { gateToolNames, programs, type ToolName } from '../../fixtures/toolchain/programs.ts';
import { provide, type ProvideOptions } from '../../fixtures/toolchain/provide.ts';
import { sha256Of } from '../../fixtures/toolchain/sha256.ts';
import { loaderOf } from './elf.ts';
import { noticeOf } from './notice.ts';

/** A program as it goes into a platform package. */
export interface Packed {
  readonly name: ToolName;
  readonly path: string;
  readonly version: string;
}

/** All that goes into one, as the cache has it: built by us, or by an Assay before, as what a setting names or lies on the PATH may be anything. */
export async function programsToPack(cache: Cache, options: Omit<ProvideOptions, 'cores'>): Promise<Packed[]> {
  const missing = gateToolNames.filter((name) => !isProgram(cache.path(name)));
  if (missing.length > 0) await provide(missing, cache, { ...options, cores: availableParallelism() });
  return gateToolNames.map((name) => ({ name, path: cache.path(name), version: cache.version(name) }));
}

const billFile = 'toolchain.cdx.json';

/** A platform package that is laid out, and what is told of it. */
export interface Staged {
  readonly name: string;
  readonly version: string;
  /** the C libraries that its programs need; none where all are static */
  readonly libc: readonly ('glibc' | 'musl')[];
}

/**
 * Lays out the platform package in an empty folder: the programs, what they are, whose they are, and on which machines npm may install them.
 *
 * @param toolchain - the state of the Go module that they were built from
 * @param licences - by text, whose it is
 */
export function stagePlatformPackage(
  dir: string,
  packed: readonly Packed[],
  toolchain: string,
  licences: ReadonlyMap<string, readonly string[]>,
): Staged {
  const own = ownPackage();
  mkdirSync(join(dir, 'bin'), { recursive: true });
  const listed: Manifest['programs'] = {};
  for (const { name, path, version } of packed) {
    copyFileSync(path, packagedProgram(dir, name));
    listed[name] = { version, sha256: sha256Of(path) };
  }
  const libc = [...new Set(packed.flatMap(({ path }) => cLibraryOf(path) ?? []))];
  const name = platformPackageName(own);
  const put = (file: string, value: unknown): void =>
    writeFileSync(join(dir, file), typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`);
  put(manifestFile, { toolchain, programs: listed } satisfies Manifest);
  put('NOTICE', noticeOf(packed, licences));
  put('README.md', `# ${name}\n\n${about(own.name)} See NOTICE for whose programs these are.\n`);
  copyFileSync(join(own.dir, 'LICENSE'), join(dir, 'LICENSE'));
  copyFileSync(join(own.dir, 'docs/sbom', billFile), join(dir, billFile));
  put('package.json', {
    name,
    version: own.version,
    description: about(own.name),
    license: [...new Set(packed.map((one) => programs[one.name].licence))].sort().join(' AND '),
    // What must not be published by accident must not be so in parts either.
    ...(own.private && { private: true }),
    os: [process.platform],
    cpu: [process.arch],
    ...(libc.length > 0 && { libc }),
    files: ['bin', manifestFile, billFile, 'NOTICE'],
  });
  return { name, version: own.version, libc };
}

const about = (own: string): string =>
  `The programs that ${own} runs, built for ${process.platform} ${process.arch}: it finds them where both are installed side by side.`;

function cLibraryOf(path: string): 'glibc' | 'musl' | undefined {
  const loader = process.platform === 'linux' ? loaderOf(path) : undefined;
  if (loader === undefined) return undefined;
  return basename(loader).startsWith('ld-musl') ? 'musl' : 'glibc';
}
