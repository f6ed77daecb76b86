import { UsageError } from '../src/errors.ts';
import type { Objective } from '../src/history.ts';
import { fewestSamples, toldPercentiles } from '../src/statistics/bench-rows.ts';

/** In one row: what a schedule of them takes in memory, and the report in reading. */
export const mostConnections = 1_000_000;

/** So many handshakes that a percentile is told, with room for chance and for those that are none of the row. */
export function enoughFor(percentile: number): number {
  const fewest = fewestSamples(percentile);
  return 1.02 * fewest + 5 * Math.sqrt(fewest);
}

/** Bounds as they were typed; one that was typed twice is one. @throws UsageError that says what would be right */
export function objectivesOf(texts: readonly string[]): Objective[] {
  return [...new Map(texts.map(objectiveOf).map((one) => [one.objective, one])).values()];
}

/** @throws UsageError that says what would be right */
function objectiveOf(text: string): Objective {
  const [, percentile, value, unit] = /^p(\d+(?:\.\d+)?)\s*<=\s*(\d+(?:\.\d+)?)\s*(ms|s)$/.exec(text.trim()) ?? [];
  const known = toldPercentiles.find((one) => String(one) === percentile);
  if (known === undefined || value === undefined || Number(value) === 0)
    throw new UsageError(
      `--slo '${text}': wants one of ${toldPercentiles.map((one) => `p${one}`).join(', ')} with a bound in ms or s, as in --slo 'p99<=25ms'`,
    );
  return {
    ...{ kind: 'objective', objective: `p${known}<=${value}${unit}` },
    ...{ percentile: known, boundMs: Number(value) * (unit === 's' ? 1000 : 1) },
  };
}
