/** The one of some names that a mistyped one was most likely meant to be; undefined where none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, far: distance(typed.toLowerCase(), name) }))
    .toSorted((one, other) => one.far - other.far);
  return nearest !== undefined && nearest.far <= Math.max(2, nearest.name.length / 3) ? nearest.name : undefined;
}

const mostCharacters = 64;

/** How many characters are to be put in, left out or replaced to make one text of the other (Levenshtein). */
function distance(one: string, other: string): number {
  // Names are short; a longer one is near none.
  if (one.length > mostCharacters) return Infinity;
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const now = [row + 1];
    for (const [at, wanted] of [...other].entries())
      now.push(Math.min(now[at]! + 1, before[at + 1]! + 1, before[at]! + (letter === wanted ? 0 : 1)));
    before = now;
  }
  return before.at(-1)!;
}
