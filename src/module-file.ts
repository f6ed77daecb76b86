import { fileURLToPath } from 'node:url';

// Modules are TypeScript in the repository and JavaScript in the package, whose build rewrites what is imported. What names a module in another
// way, as a thread, a program or an entry of a folder, asks here.
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * Where a module of ours is that is started, and not imported.
 *
 * @param file - as the repository has it, from the module that asks: `./source.ts`
 * @param from - `import.meta.url` of the module that asks
 */
export function moduleUrl(file: `${'.' | '..'}/${string}.ts`, from: string): URL {
  return new URL(file.replace(/\.ts$/, ending), from);
}

/** The path of it, for a command line. */
export function modulePath(...[file, from]: Parameters<typeof moduleUrl>): string {
  return fileURLToPath(moduleUrl(file, from));
}

/** The modules among the files of a folder, by the alphabet and without their ending; tests are none. */
export function modulesAmong(files: readonly string[]): string[] {
  return files
    .filter((name) => name.endsWith(ending) && !name.endsWith(`.test${ending}`))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}
