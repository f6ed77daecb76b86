import type { Claim, ClaimWord } from '../src/report/certification.ts';
import type { Report } from '../src/report/report.ts';
import type { SelfTestReport } from '../src/report/self-test.ts';
import type { RunVerdict } from '../src/verdict.ts';

/** How a claim is marked, as a verdict is: what is not whole is no pass. */
export const claimVerdicts = {
  conformant: 'pass',
  'conformant except': 'accepted',
  'not conformant': 'fail',
  incomplete: 'inconclusive',
} as const satisfies Readonly<Record<ClaimWord, RunVerdict | 'accepted'>>;

const mostNamed = 5;

/** What a claim rests on, and what it leaves out. */
export function claimSentence({ of, wanted, held, except, broken, open, notAsked, untested, alsoHeld }: Claim): string {
  const what = of === 'promise' ? 'clauses' : 'mandatory requirements';
  return [
    held === wanted ? `all ${wanted} ${what} held` : `${held} of ${wanted} ${what} held`,
    ...(alsoHeld > 0 ? [`${alsoHeld} that ${alsoHeld === 1 ? 'is' : 'are'} recommended held too`] : []),
    ...(broken.length > 0 ? [`broken: ${named(broken)}`] : []),
    ...(except.length > 0 ? [`accepted or known not to: ${named(except)}`] : []),
    ...(open.length > 0 ? [`not decided: ${named(open)}`] : []),
    ...(notAsked > 0 ? [`${notAsked} not asked in this run`] : []),
    ...(untested > 0 ? [`${untested} without a clause in this version`] : []),
  ].join('; ');
}

function named(ids: readonly string[]): string {
  const more = ids.length - mostNamed;
  return `${ids.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Claims that say something: of a document that no clause decides anything of, nothing but that can be said. */
export function toldClaims(claims: readonly Claim[]): {
  readonly told: readonly Claim[];
  readonly untouched: readonly Claim[];
} {
  const isUntouched = ({ wanted, untested, alsoHeld, broken, except }: Claim) =>
    wanted === untested && alsoHeld + broken.length + except.length === 0;
  return {
    told: claims.filter((claim) => !isUntouched(claim)),
    untouched: claims.filter(isUntouched),
  };
}

/** One sentence on what came of trying Assay itself. */
export function selfTestSentence(selfTest: SelfTestReport): string {
  const { impostors, conformers, ended, again, leftOut, kept, madeAt, cores } = selfTest;
  const { alarms } = conformers;
  const alarmed = new Set(alarms.map(({ conformer, by }) => `${conformer} ${by}`)).size;
  const left = impostors.open + conformers.open;
  return [
    `${impostors.caught} of ${impostors.tried} impostors caught, ${alarmed === 0 ? 'no false alarm' : `${alarmed} false ${alarmed === 1 ? 'alarm' : 'alarms'}`} in ${conformers.tried} runs of right nodes`,
    ...(left > 0 ? [`${left} left open by a machine that was too busy`] : []),
    ...(leftOut > 0 ? [`${leftOut} not tried, as programs of theirs cannot be had on this machine`] : []),
    ...(again > 0 ? [`${again} judged again`] : []),
    ...(ended ? [] : ['it never came to its end']),
    `${kept ? 'kept from' : 'made on'} ${madeAt.slice(0, 10)}, by processes, on ${cores} processors`,
  ].join('; ');
}

/** Whether a run tried nothing but Assay itself. */
export function isSelfTest({ clauses, selfTest }: Pick<Report, 'clauses' | 'selfTest'>): boolean {
  return clauses.length === 0 && selfTest !== undefined;
}
