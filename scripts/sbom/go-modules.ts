import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { moduleDir, readCache } from '../../fixtures/toolchain/cache.ts';
import type { GoCommand } from '../../fixtures/toolchain/means.ts';
import { programs, toolNames } from '../../fixtures/toolchain/programs.ts';
import type { Component } from './component.ts';

/** A Go module, and where Go has unpacked it. */
export interface Module {
  readonly ref: string;
  readonly path: string;
  readonly version: string;
  readonly dir: string;
}

// Where it is made does not decide what it says.
const platform = { GOOS: 'linux', GOARCH: 'amd64', CGO_ENABLED: '1', GOWORK: 'off' };
const fields = '{{.Path}}\t{{.Version}}\t{{.Dir}}';
const format = `{{with .Module}}{{if not .Main}}{{with .Replace}}${fields}{{else}}${fields}{{end}}{{end}}{{end}}`;

/** The programs of the toolchain that Go builds, and the modules of whose packages each is made. */
export function goModules(): Component[] {
  const cache = readCache(process.env);
  const known = new Map<string, Module>();
  const built = toolNames
    .filter((name) => programs[name].builtBy === undefined)
    .map((name) => {
      const modules = modulesOf(programs[name].package);
      for (const module of modules) known.set(module.ref, module);
      return { name, modules };
    });
  const licences = licencesOf([...known.values()].map(({ dir }) => dir));
  return [
    ...built.map(({ name, modules }): Component => {
      const { module } = programs[name];
      const from = modules.find(({ path }) => path === module);
      return {
        ref: name,
        type: 'application',
        name,
        version: cache.version(name),
        // What has no module is ours.
        licences: module === undefined ? [programs[name].licence] : (licences[from?.dir ?? ''] ?? []),
        needs: modules.map(({ ref }) => ref),
      };
    }),
    ...[...known.values()].map(({ ref, path, version, dir }): Component => {
      return { ref, type: 'library', name: path, version, licences: licences[dir] ?? [], needs: [] };
    }),
  ];
}

/** The modules of whose packages a program is made, the standard library and our own left out. */
export function modulesOf(source: string, go: GoCommand = { path: 'go', env: {} }): Module[] {
  const output = execFileSync(go.path, ['list', '-deps', '-f', format, source], {
    ...{ cwd: moduleDir, encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, ...go.env, ...platform },
  });
  const lines = [...new Set(output.split('\n').filter(Boolean))];
  return lines.map((line) => {
    const [path = '', version = '', dir = ''] = line.split('\t');
    return { ref: `pkg:golang/${path}@${encodeURIComponent(version)}`, path, version, dir };
  });
}

/** The licences that the texts in each of these folders are of. */
function licencesOf(dirs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const cwd = join(import.meta.dirname, 'read-licences');
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const output = execFileSync('go', ['run', '.'], {
    ...{ cwd, input: dirs.join('\n'), encoding: 'utf8', maxBuffer: 2 ** 26, stdio: [...stdio] },
    env: { ...process.env, GOWORK: 'off' },
  });
  return JSON.parse(output) as Record<string, readonly string[]>;
}
