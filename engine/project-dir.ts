import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { findPackageJSON } from 'node:module';

const inPackages = `${sep}node_modules${sep}`;

/**
 * The folder that everything lies in which nodes of ours load, and where a container finds nodes of yours: the repository; or the project that the
 * package is installed in; or all packages of this machine, where it is installed for all.
 *
 * @param from - path of one of our modules
 */
export function projectDir(from: string): string {
  const at = from.indexOf(inPackages);
  if (at === -1) return dirname(findPackageJSON('.', from)!);
  const project = from.slice(0, at);
  return existsSync(join(project, 'package.json')) ? project : join(project, 'node_modules');
}
