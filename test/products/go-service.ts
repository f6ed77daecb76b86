import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { env } from 'node:process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFlags, isProgram, linkerFlags, moduleDir, readCache } from '../../fixtures/toolchain/cache.ts';
import { runCompiler } from '../../fixtures/toolchain/compiler.ts';
import { findGo } from '../../fixtures/toolchain/go.ts';
import { ownPath } from '../../fixtures/toolchain/lock.ts';

const source = fileURLToPath(new URL('go-service/main.go', import.meta.url));

/** A service by go-spiffe, for tests alone: it is no program of the toolchain, whose module pins what it is made of. */
export const goService = { program: 'service', source };

/** Builds it, once for each state of its source and of the module. Gives where it is, or why it cannot be had. */
export async function buildGoService(): Promise<
  { readonly program: string; readonly path: string } | { readonly whyNot: string }
> {
  const { program } = goService;
  const cache = readCache(env);
  const state = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const path = join(cache.dir, `go-service-${state}`, program);
  if (isProgram(path)) return { program, path };
  const go = await findGo(cache.goVersion, env);
  if (go.whyNot !== undefined) return { whyNot: go.whyNot };
  mkdirSync(dirname(path), { recursive: true });
  // Where the next build of the toolchain sweeps away what a killed one left.
  const draft = await ownPath(join(cache.dir, '.go-service'));
  const { ok, output } = await runCompiler(
    go.path,
    ['build', ...buildFlags, '-ldflags', linkerFlags, '-o', draft, source],
    { cwd: moduleDir, env: { ...env, GOWORK: 'off', CGO_ENABLED: '0' }, onLine() {} },
  );
  if (!ok) throw new Error(`${source} does not build:\n${output}`);
  renameSync(draft, path);
  return { program, path };
}
