// What comes of drawing again from the runs that `npm run bench:comparison -- --keep DIR` has kept: npm run bench:comparison:redraw -- DIR [DRAWS]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { redraw, samplesAt } from './resampled.ts';

const [directory, draws = '10000'] = process.argv.slice(2);
if (directory === undefined || !/^[1-9]\d*$/.test(draws)) {
  console.error('usage: npm run bench:comparison:redraw -- DIR [DRAWS]');
  process.exit(2);
}
const runs = readdirSync(directory).map((name) => join(directory, name));
const recorded = await Promise.all(runs.map(samplesAt));
console.log(JSON.stringify(redraw(recorded, { draws: Number(draws), allowed: 0.05 }), null, 2));
