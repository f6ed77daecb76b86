// Runs a benchmark and keeps its figures for the README: npm run bench:handshake, npm run bench:spire
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/report/report.ts';
import { isKeptBench, keptRow, writeRows } from './kept-rows.ts';

/** What each adds to the command of its name. */
const flags = {
  handshake: ['--generators', 'assay,k6,s_time', '--phases', 'steady,partition,healed,storm,authority'],
  spire: [],
} as const;

const [name = '', ...more] = process.argv.slice(2);
if (!isKeptBench(name))
  throw new TypeError(`usage: npm run bench:handshake, or npm run bench:spire; ${name} is neither`);
const args = [...flags[name], ...more];
const out = mkdtempSync(join(tmpdir(), `assay-${name}-`));
try {
  const command = ['cli/assay.ts', 'bench', name, ...args, '--out', join(out, 'run')];
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
  else {
    const report = JSON.parse(readFileSync(join(out, 'run', 'report.json'), 'utf8')) as Report;
    writeRows(name, {
      ...{ date: new Date().toISOString().slice(0, 10), cores: cpus().length, cpu: cpus()[0]?.model.trim() ?? '' },
      command: ['assay', 'bench', name, ...args].join(' '),
      rows: report.bench.map(keptRow),
    });
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
