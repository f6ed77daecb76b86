import type { Verified } from '../evidence/verify.ts';
import { ascii, clean, painter, styles, wrap } from './text.ts';

const looks = {
  whole: { style: styles.pass, sign: ' WHOLE ' },
  tampered: { style: styles.fail, sign: ' TAMPERED ' },
  unsigned: { style: styles.inconclusive, sign: ' UNSIGNED ' },
} as const;

/** What came of verifying a run, for a terminal. Without colour it is plain ASCII. */
export function verifiedSummary(
  { state, findings, files, run, sealedAt, signer, unsigned }: Verified,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = painter(color);
  const { style, sign } = looks[state];
  const when = sealedAt === null ? '' : ` as it was sealed at ${clean(sealedAt)}`;
  const which = run === null ? '' : `run ${clean(run.id)}, which came to ${run.verdict}: `;
  const said = {
    whole: `${which}each of ${files} files is${when}, and signed by ${clean(signer ?? '')}. That time is its signer's word.`,
    tampered: `${which}${findings.length} of what was found ${findings.length === 1 ? 'is' : 'are'} not as the run was sealed.`,
    unsigned: `${which}nothing was found to be wrong with ${files} files, but that says little: ${clean(unsigned ?? '')}.`,
  }[state];
  const [first, ...more] = wrap(said, Math.max(40, width) - sign.length - 1);
  const text = [
    `${paint(['bold', 'inverse', style], sign)} ${first}`,
    ...more.map((line) => `${' '.repeat(sign.length + 1)}${line}`),
    ...findings.slice(0, 50).map(({ where, what }) => `  ${clean(where)} ${clean(what)}`),
    ...(findings.length > 50 ? [`  and ${findings.length - 50} more`] : []),
  ].join('\n');
  return `${color ? text : ascii(text)}\n`;
}
