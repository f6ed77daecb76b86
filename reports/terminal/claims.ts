import type { Report } from '../../src/report/report.ts';
import { claimSentence, claimVerdicts, selfTestSentence, toldClaims } from '../claims.ts';
import { sentence, verdictWords } from '../wording.ts';
import { styles, wrap, type Paint } from './text.ts';

/** What a certification claims, and what it rests on; nothing for any other run. */
export function claimLines({ certification, selfTest }: Report, paint: Paint, width: number, color: boolean): string[] {
  if (certification === undefined) return [];
  const { told, untouched } = toldClaims(certification.claims);
  const titleWidth = Math.max(...told.map(({ title }) => title.length));
  const indent = ' '.repeat(titleWidth + (color ? 6 : 9));
  const lines = told.flatMap((claim) => {
    const verdict = claimVerdicts[claim.claim];
    const sign = color ? verdictWords[verdict].sign : verdictWords[verdict].ascii.padEnd(4);
    const words = `${claim.claim}: ${claimSentence(claim)}`;
    return wrap(words, width - indent.length, 3).map((line, at) =>
      at === 0
        ? `  ${paint(styles[verdict], sign)} ${claim.title.padEnd(titleWidth)}  ${line.replace(claim.claim, paint(styles[verdict], claim.claim))}`
        : `${indent}${line}`,
    );
  });
  const notes = [
    ...(untouched.length > 0
      ? [`No clause of this version decides anything of ${untouched.map(({ title }) => title).join(', ')}.`]
      : []),
    ...certification.passes.flatMap(({ title, cannotShow }) => cannotShow.map((what) => `${sentence(title)}: ${what}`)),
    ...(selfTest === undefined ? [] : [`Self-test: ${selfTestSentence(selfTest)}.`]),
  ];
  return [...lines, ...notes.flatMap((note) => wrap(note, width - 2).map((line) => paint('gray', `  ${line}`)))];
}
