// What the harness catches, and whom it calls broken wrongly: npm run detection
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { conformers } from '../../impostors/conformers.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { writeDetection } from './result.ts';

const { status } = spawnSync(process.execPath, ['scripts/test.ts', 'test/measured/impostors.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, ASSAY_DETECTION: '1' },
});
// The test has written its score; what did not hold stands in it.
writeDetection({
  date: new Date().toISOString().slice(0, 10),
  cores: cpus().length,
  impostors: countBy(impostors.map(({ kind, ...one }) => ('tool' in one ? 'rustls' : kind))),
  conformers: countBy(conformers.map((one) => (one.kind === 'tool' ? one.tool : 'reference node'))),
});
process.exitCode = status ?? 1;

function countBy(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}
