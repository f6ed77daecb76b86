/** Rounded to thousandths: what was measured in milliseconds is kept to the microsecond. */
export function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
