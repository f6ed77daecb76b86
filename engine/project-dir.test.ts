import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { projectDir } from './project-dir.ts';

await t.test('the repository is its own project', async (t) => {
  t.equal(projectDir(import.meta.filename), dirname(import.meta.dirname));
});

await t.test('an installed package belongs to the project around it, or to all packages of a machine', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'project-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const installed = join(dir, 'node_modules/.store/one/node_modules/@a/b/build/engine');
  mkdirSync(installed, { recursive: true });
  const module = join(installed, 'x.js');
  writeFileSync(module, '');
  t.equal(projectDir(module), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{}');
  t.equal(projectDir(module), dir);
});
