import type { RatioFigure } from '../history.ts';
import { beyond } from './distribution.ts';
import { halvesOf } from './rounds.ts';
import { seeded } from './seeded.ts';
import { drawTimes, grouped, quantileOf } from './weighted.ts';

/** Latencies of a row, in milliseconds, by its rounds. */
export type ByRound = readonly (readonly number[])[];

const fewestRounds = 4;
const fewestBeyond = 5;
const resamples = 300;
const outside = 0.05;

/**
 * How many times as long a percentile of a row is as that of another which was measured in turn with it, round by round. What the machine did in
 * a round met both alike: so the interval comes of drawing pairs of rounds again with replacement, and is widened as Student's distribution is
 * beside the normal one, since rounds are few. Null where rounds are too few, or samples beyond the percentile.
 *
 * Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, section 12.4 (too narrow for few) and chapter 8 (paired data).
 */
export function ratioOf(row: ByRound, other: ByRound, percentile: number): RatioFigure | null {
  const count = row.length;
  if (count < fewestRounds || other.length !== count) return null;
  const all = [grouped(row), grouped(other)] as const;
  if (all.some(({ values }) => beyond(Math.floor(values.length / 2), percentile) < fewestBeyond)) return null;
  const share = percentile / 100;
  const of = (times: ArrayLike<number>) =>
    Math.log(quantileOf(all[0], share, times) / quantileOf(all[1], share, times));
  const whole = of(new Uint8Array(count).fill(1));
  const chance = seeded(1);
  const drawn = Array.from({ length: resamples }, () => of(drawTimes(count, chance)))
    .filter(Number.isFinite)
    .sort((one, next) => one - next);
  const cut = Math.floor((outside / 2) * drawn.length);
  const wider = Math.sqrt(count / (count - 1)) * (studentT(count - 1) / normal);
  const halves = halvesOf(count).map(([one, next]) => Math.abs(of(one) - of(next)));
  const [low, high] = [drawn[cut]!, drawn[drawn.length - 1 - cut]!];
  const figure = {
    value: Math.exp(whole),
    low: Math.exp(whole - wider * Math.max(0, whole - low)),
    high: Math.exp(whole + wider * Math.max(0, high - whole)),
    apart: Math.expm1(Math.max(...halves)),
  };
  return Object.values(figure).every(Number.isFinite) ? figure : null;
}

const normal = 1.96;
// Of 3 to 15 degrees of freedom: between these lie 95 %.
const students = [3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131];

function studentT(degrees: number): number {
  return students[Math.min(degrees - 3, students.length - 1)]!;
}
