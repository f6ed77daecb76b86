import { disagreements } from '../report/judged-again.ts';
import type { Report } from '../report/shape.ts';
import { withheld } from './told.ts';

/**
 * What a redacted report says otherwise than the original: a verdict, a count, a reason. Empty where nothing is lost but names.
 *
 * @param renamed - replaces names in a text
 */
export function differencesOf(original: Report, redacted: Report, renamed: (text: string) => string): string[] {
  const verdicts = disagreements(original, redacted).map(
    ({ what, id, stated, judged }) =>
      `the verdict of the ${what} ${id} is ${judged ?? 'none'}, and was ${stated ?? 'none'}`,
  );
  if (verdicts.length > 0) return verdicts;
  // What somebody accepted is said in the words of that person, which are left out.
  const told = ({ run: _run, acceptances: _acceptances, ...more }: Report) =>
    JSON.parse(JSON.stringify(more)) as unknown;
  return [...differing(told(original), told(redacted), '', renamed)];
}

const sentences = new Set(['reason', 'findings', 'found']);

function* differing(one: unknown, other: unknown, at: string, renamed: (text: string) => string): Generator<string> {
  if (typeof one === 'string' && typeof other === 'string') {
    // What a program said is left out, and so is what would follow it in a text that was cut off somewhere.
    const said = (text: string) => renamed(text).split(withheld)[0]!;
    const field = at.split('.').findLast((key) => !/^\d+$/.test(key)) ?? '';
    if (sentences.has(field) && !alike(said(one), said(other))) yield `${at} reads otherwise`;
  } else if (isStructure(one) && isStructure(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
      yield* differing(one[key], other[key], at === '' ? key : `${at}.${key}`, renamed);
  } else if (one !== other) yield `${at} is ${JSON.stringify(other)}, and was ${JSON.stringify(one)}`;
}

/** Where one of them ends earlier, what was left out began there. */
function alike(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function isStructure(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
