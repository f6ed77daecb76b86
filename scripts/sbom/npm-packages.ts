import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './component.ts';

interface Locked {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: true;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * What the lockfile installs for a user of the package, on any platform; the package itself comes first. Not by `npm sbom --omit dev`, which leaves out
 * all that development needs too (npm 11.19).
 */
export function npmPackages(root: string): readonly [Component, ...Component[]] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const installed = Object.entries(packages).filter(([, { dev }]) => dev !== true);
  const refOf = (path: string) => {
    const { name = nameAt(path), version } = packages[path]!;
    return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
  };
  const byRef = new Map<string, Component>();
  for (const [path, { name = nameAt(path), version, license, integrity, ...locked }] of installed) {
    const needed = { ...locked.dependencies, ...locked.optionalDependencies, ...locked.peerDependencies };
    const needs = Object.keys(needed).flatMap((one) => foundFrom(path, one, packages) ?? []);
    const ref = refOf(path);
    byRef.set(ref, {
      ...{ ref, name, version, type: path === '' ? 'application' : 'library' },
      licences: license === undefined ? [] : [license],
      // In two places of the tree a package is the same one, though it may find others from there.
      needs: [...new Set([...(byRef.get(ref)?.needs ?? []), ...needs.map(refOf)])],
      ...(integrity?.startsWith('sha512-') && { sha512: hexOf(integrity.slice('sha512-'.length)) }),
    });
  }
  return [...byRef.values()] as [Component, ...Component[]];
}

const nameAt = (path: string) => path.replace(/^.*node_modules\//, '');
const hexOf = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/** Where a package finds another one, as Node looks for it; undefined for one that is not installed, as an optional peer. */
function foundFrom(path: string, name: string, packages: Readonly<Record<string, Locked>>): string | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const found = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[found] !== undefined) return packages[found].dev === true ? undefined : found;
    if (at === '') return undefined;
  }
}
