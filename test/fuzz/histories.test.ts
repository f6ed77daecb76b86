import t from 'tap';
import { compare } from './compare.ts';
import { asPromised, readFixture } from './fixture.ts';
import { parts, scenarios, suites } from './oracles/oracles.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import type { Verdict } from '../../src/verdict.ts';
import { knownClause, type Oracles } from './verdict-of.ts';

// As many as take some seconds each: `npm run fuzz:histories` does more.
const often = { suites: 300, scenarios: 200 } as const;

t.setTimeout(120_000);

await t.test('every clause has a second reading', (t) => {
  const read = parts.flatMap(({ oracles }) => Object.keys(oracles));
  t.strictSame(read.sort(), clauses.map(({ id }) => id).sort());
  t.end();
});

for (const part of parts) {
  const history = asPromised(readFixture(part));

  await t.test(`${part.name}: the history as it was is one that both readings pass`, async (t) => {
    for (const [id, oracle] of Object.entries(part.oracles)) {
      const clause = knownClause(id);
      t.strictSame([clause.judge(history, clause).verdict, oracle(history, clause)], ['pass', 'pass'], id);
    }
  });

  await t.test(
    `${part.name}: of mutated histories two readings agree, and less evidence makes no verdict better`,
    async (t) => {
      const { disagreements, verdicts } = compare(history, often[part.name], 1, part.oracles);
      t.strictSame(disagreements.slice(0, 10), []);
      const reached = (verdict: Verdict) => [...verdicts].filter(([, counts]) => counts.has(verdict)).length;
      t.equal(reached('pass'), verdicts.size);
      t.ok(
        reached('inconclusive') >= 0.85 * verdicts.size,
        `${reached('inconclusive')} of ${verdicts.size} were seen open`,
      );
      t.ok(reached('fail') >= 0.5 * verdicts.size, `${reached('fail')} of ${verdicts.size} clauses were seen to fail`);
    },
  );
}

await t.test('a reading that is wrong in one thing is found out', async (t) => {
  const { 'mesh/pinning/prefix': prefix, 'mesh/tokens/single-use': once } = suites.oracles;
  const { 'mesh/partition/short-requests-survive': survive } = scenarios.oracles;
  const wrongOf: Readonly<Record<'suites' | 'scenarios', Oracles>> = {
    suites: {
      // Heedless of controls, and of whom nobody looked at.
      'mesh/pinning/prefix': (mutated, clause) => (prefix!(mutated, clause) === 'fail' ? 'fail' : 'pass'),
      // Heedless of a second use that attests.
      'mesh/tokens/single-use': (mutated, clause) => (once!(mutated, clause) === 'pass' ? 'pass' : 'inconclusive'),
    },
    scenarios: {
      // Heedless of whether the cut was proven, and of silence.
      'mesh/partition/short-requests-survive': (mutated, clause) =>
        survive!(mutated, clause) === 'fail' ? 'fail' : 'pass',
    },
  };
  for (const part of parts) {
    const wrong = wrongOf[part.name];
    const { disagreements } = compare(asPromised(readFixture(part)), 1_500, 1, wrong);
    t.strictSame([...new Set(disagreements.map(({ clause }) => clause))].sort(), Object.keys(wrong));
  }
});
