import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { moduleDir, readCache } from '../../fixtures/toolchain/cache.ts';
import { programs } from '../../fixtures/toolchain/programs.ts';
import type { Component } from './component.ts';

interface Metadata {
  readonly packages: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly license: string | null;
  }[];
  readonly resolve: {
    readonly root: string;
    readonly nodes: readonly {
      readonly id: string;
      readonly deps: readonly {
        readonly pkg: string;
        readonly dep_kinds: readonly { readonly kind: string | null }[];
      }[];
    }[];
  };
}

const program = 'assay-rust-node';

/** The program of the toolchain that Cargo builds, and the crates that it is made of or by; what only its tests need is none. */
export function crates(): Component[] {
  const manifest = join(moduleDir, programs[program].package, 'Cargo.toml');
  const args = ['metadata', '--format-version=1', '--locked', '--filter-platform=x86_64-unknown-linux-gnu'];
  const output = execFileSync('cargo', [...args, '--manifest-path', manifest], {
    ...{ encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const { packages, resolve } = JSON.parse(output) as Metadata;
  const byId = new Map(packages.map((one) => [one.id, one]));
  const ref = (id: string) => {
    const { name, version } = byId.get(id)!;
    return id === resolve.root ? program : `pkg:cargo/${name}@${encodeURIComponent(version)}`;
  };
  const needs = new Map(
    resolve.nodes.map(({ id, deps }) => [
      id,
      deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind !== 'dev')).map(({ pkg }) => pkg),
    ]),
  );
  const held = new Set([resolve.root]);
  for (const id of held) for (const needed of needs.get(id) ?? []) held.add(needed);
  return [...held].map((id): Component => {
    const { name, version, license } = byId.get(id)!;
    const own = id === resolve.root;
    return {
      ref: ref(id),
      type: own ? 'application' : 'library',
      name,
      version: own ? readCache(process.env).version(program) : version,
      // A slash is how `OR` was written once.
      licences: license === null ? [] : [license.replaceAll(/\s*\/\s*/g, ' OR ')],
      needs: [...new Set((needs.get(id) ?? []).map(ref))],
    };
  });
}
