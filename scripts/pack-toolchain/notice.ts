import { readFileSync } from 'node:fs';
import { programs } from '../../fixtures/toolchain/programs.ts';
import { loaderOf } from './elf.ts';
import type { Packed } from './stage.ts';

/**
 * Whose programs are in a platform package, and by which licences they and what they are made of may be handed on.
 *
 * @param licences - by text, whose it is
 */
export function noticeOf(packed: readonly Packed[], licences: ReadonlyMap<string, readonly string[]>): string {
  const lines = packed.map(({ name, version, path }) => {
    const { module, licence } = programs[name];
    const library = linkedLibraryOf(path);
    return `- ${name} ${version}: ${module ?? 'Assay'}, ${licence}${library === undefined ? '' : `; ${library}`}`;
  });
  const texts = [...licences].map(([text, whose]) => `\n---- ${whose.join(', ')} ----\n\n${text}\n`);
  return [
    'Programs in this package:\n',
    ...lines,
    '\nWhat they are made of stands in toolchain.cdx.json (CycloneDX), and each program tells its Go modules itself: `go version -m bin/NAME`.',
    'They are built from sources that anybody may have, by `npm run toolchain` in the repository of Assay, and can be linked anew there.',
    '\nThe text of the Apache License 2.0, by which Assay is handed on, is in LICENSE. These are of the modules that the programs are made of:',
    ...texts,
  ].join('\n');
}

// What glibc reads from the environment, in every program that it is linked into; musl leaves no word of itself. Of its release neither tells.
const ofGlibc = 'GLIBC_TUNABLES';

/** The C library that was linked into a program, where it shows. A program of Go alone has none, and one that loads it brings none. */
function linkedLibraryOf(path: string): string | undefined {
  if (process.platform !== 'linux' || loaderOf(path) !== undefined || !readFileSync(path).includes(ofGlibc))
    return undefined;
  return 'the GNU C Library is linked in, LGPL-2.1-or-later';
}
