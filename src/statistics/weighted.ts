/** Values in ascending order, each of one of several groups. */
export interface Grouped {
  readonly values: Float64Array;
  readonly groups: Uint16Array;
  /** How many values each group has. */
  readonly sizes: Uint32Array;
}

export function grouped(groups: readonly (readonly number[])[]): Grouped {
  const all = groups.flatMap((values, group) => values.map((value) => ({ value, group })));
  all.sort((one, other) => one.value - other.value);
  return {
    values: Float64Array.from(all, ({ value }) => value),
    groups: Uint16Array.from(all, ({ group }) => group),
    sizes: Uint32Array.from(groups, ({ length }) => length),
  };
}

/** The quantile of all values, where those of each group are there so many times; NaN where there is none. */
export function quantileOf({ values, groups, sizes }: Grouped, share: number, times: ArrayLike<number>): number {
  const total = sizes.reduce((sum, size, group) => sum + size * times[group]!, 0);
  if (total === 0) return NaN;
  let left = Math.max(1, Math.ceil(share * total - 1e-9));
  let last = NaN;
  for (let nth = 0; nth < values.length; nth++) {
    const here = times[groups[nth]!]!;
    if (here === 0) continue;
    last = values[nth]!;
    left -= here;
    if (left <= 0) return last;
  }
  return last;
}

/** How often each of so many groups comes when as many are drawn with replacement. */
export function drawTimes(count: number, chance: () => number): Uint16Array {
  const times = new Uint16Array(count);
  for (let nth = 0; nth < count; nth++) times[Math.floor(chance() * count)]!++;
  return times;
}
