import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleDir, type Cache } from '../../fixtures/toolchain/cache.ts';
import { findMeans, obtain, type GoCommand } from '../../fixtures/toolchain/means.ts';
import { programs } from '../../fixtures/toolchain/programs.ts';
import { modulesOf, type Module } from '../sbom/go-modules.ts';
import type { Packed } from './stage.ts';

// What a module says of who may copy it, and of whom that is to be told.
const licenceFile = /^(licen[cs]e|copying|unlicense|notice|copyright)([-._].*)?$/i;

/**
 * The texts by which the modules of these programs may be handed on, as the modules themselves carry them: most of them want to be handed on with
 * the program. By text, as many modules have one in common.
 *
 * @returns by text, the modules that carry it, each with its version
 * @throws ToolchainError where there is no Go to ask, and none can be had
 */
export async function licenceTexts(
  packed: readonly Pick<Packed, 'name'>[],
  cache: Cache,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Map<string, readonly string[]>> {
  const names = packed.map(({ name }) => name).filter((name) => programs[name].builtBy === undefined);
  const { go } = await obtain(await findMeans(['toxiproxy'], cache, env), { root: cache.root, env });
  const modules = new Map<string, Module>();
  for (const name of names) for (const module of modulesOf(programs[name].package, go)) modules.set(module.ref, module);
  const carried = [...modules.values(), standardLibrary(go!)].flatMap(({ path, version, dir }) =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile() && licenceFile.test(entry.name))
      .map(({ name }) => ({ who: `${path} ${version}`, text: readFileSync(join(dir, name), 'utf8').trim() })),
  );
  const byText = Map.groupBy(carried, ({ text }) => text);
  return new Map([...byText].map(([text, who]) => [text, who.map((one) => one.who).toSorted()]));
}

function standardLibrary({ path, env }: GoCommand): Pick<Module, 'path' | 'version' | 'dir'> {
  const told = execFileSync(path, ['env', 'GOVERSION', 'GOROOT'], {
    ...{ cwd: moduleDir, encoding: 'utf8' },
    env: { ...process.env, ...env, GOWORK: 'off' },
  });
  const [version = '', dir = ''] = told.trim().split('\n');
  return { path: 'std', version, dir };
}
