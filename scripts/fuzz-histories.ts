// Judges mutated histories twice, by checkers and by oracles: npm run fuzz:histories -- [--mutations N] [--seed S] [--of DIR]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readHistory } from '../reports/read-run.ts';
import { compare } from '../test/fuzz/compare.ts';
import { asPromised, fixturePath, readFixture, reduced } from '../test/fuzz/fixture.ts';
import { parts } from '../test/fuzz/oracles/oracles.ts';

const usage = `usage: npm run fuzz:histories -- [--mutations N] [--seed S] [--part NAME]
       npm run fuzz:histories -- --of DIR

Mutates a real history N times (10000) from a seed (by chance, and told) and lets the checker and the oracle of each clause judge each: first
what the suites wrote of a gate, then what the scenarios did, or one of the two (--part suites, --part scenarios). Prints where they disagree,
and ends with 1 if they do anywhere. With --of it makes both fixtures anew from the run record in DIR instead, which is to be that of a gate
of everything that passed: assay gate --only '*'.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    mutations: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    part: { type: 'string' },
    of: { type: 'string' },
  },
});
const [mutations, seed] = [Number(values.mutations), Number(values.seed)];
const chosen = parts.filter(({ name }) => (values.part ?? name) === name);
if (
  values.help ||
  chosen.length === 0 ||
  !Number.isSafeInteger(mutations) ||
  mutations < 1 ||
  !Number.isSafeInteger(seed)
) {
  console.error(usage);
  process.exit(2);
}
if (values.of !== undefined) {
  const history = await readHistory(values.of);
  for (const part of parts) {
    writeFileSync(fixturePath(part), reduced(history, part));
    console.log(`made ${fixturePath(part)}`);
  }
  process.exit(0);
}
console.log(`seed ${seed}, ${mutations} mutations`);
for (const part of chosen) {
  const { disagreements, verdicts } = compare(asPromised(readFixture(part)), mutations, seed, part.oracles);
  for (const { mutation, clause, says } of disagreements.slice(0, 50)) console.log(`${mutation}: ${clause}: ${says}`);
  for (const [clause, counts] of verdicts)
    console.log(`${clause}: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}`);
  console.log(`${part.name}: ${disagreements.length} disagreements`);
  if (disagreements.length > 0) process.exitCode = 1;
}
