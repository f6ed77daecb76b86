// Packs the programs that a gate needs as an npm package for machines of this kind: npm run pack:toolchain [-- FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readCache } from '../../fixtures/toolchain/cache.ts';
import { describeProgress } from '../../fixtures/toolchain/describe-progress.ts';
import { messageOf } from '../../src/errors.ts';
import { licenceTexts } from './licence-texts.ts';
import { programsToPack, stagePlatformPackage } from './stage.ts';

const into = resolve(process.argv[2] ?? '.');
const env = process.env;
const dir = mkdtempSync(join(tmpdir(), 'assay-pack-'));
try {
  const cache = readCache(env);
  const packed = await programsToPack(cache, {
    env,
    onProgress: (progress) => console.error(describeProgress(progress)),
  });
  const staged = stagePlatformPackage(dir, packed, cache.key, await licenceTexts(packed, cache));
  const [made] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', into], { cwd: dir, encoding: 'utf8' }),
  ) as [{ filename: string; size: number; unpackedSize: number }];
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  console.log(`${staged.name} ${staged.version}, needs ${staged.libc.join(' and ') || 'no C library'}`);
  for (const { name, path, version } of packed) console.log(`  ${name} ${version}, ${megabytes(statSync(path).size)}`);
  const file = join(into, made.filename);
  console.log(`${file}: ${megabytes(made.size)}, installed ${megabytes(made.unpackedSize)}`);
  console.log(`Install it beside Assay, by its file and never by its name: npm install ${file}`);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = (error as { exitCode?: number }).exitCode ?? 3;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
