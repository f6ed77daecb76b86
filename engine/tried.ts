import type { Impostor } from '../impostors/impostor.ts';
import { isLeftByMachine } from '../src/checkers/overload.ts';
import type { TriedConformer, TriedImpostor } from '../src/history.ts';
import type { Verdict } from '../src/verdict.ts';
import type { JudgedImpostor, JudgedRight } from './judge-batch.ts';

/** What came of an impostor: whether it was caught by its clause, in the whole of its run, and for the reason that it has to give. */
export function triedImpostor(impostor: Impostor, judged: JudgedImpostor): TriedImpostor {
  const { id, breaks, reason } = impostor;
  const verdict = impostor.verdict ?? 'fail';
  const isCaught = judged.verdict === verdict && judged.ofRun === verdict && reason.test(judged.reason);
  const said = `${judged.verdict}: ${judged.reason}${judged.short === undefined ? '' : `; ${judged.short}`}`;
  const outcome = isCaught ? 'caught' : verdict !== 'inconclusive' && isLeftOpen(judged) ? 'open' : 'missed';
  return { kind: 'impostor', impostor: id, breaks, outcome, ...(!isCaught && { said }) };
}

/** What came of a right node: it is one alarm, however many of its clauses it did not pass. */
export function triedConformer(conformer: string, by: string, { report, short }: JudgedRight): TriedConformer {
  const undecided = report.clauses.filter(({ verdict }) => !['pass', 'skipped', 'deviation'].includes(verdict));
  const isOpen = undecided.length > 0 && undecided.every((clause) => isLeftOpen({ ...clause, short }));
  const ofClauses = undecided.map(({ id, verdict, reason }) => ({ clause: id, reason: `${verdict}: ${reason}` }));
  const isWorse = undecided.length === 0 && report.verdict !== 'pass';
  const said = isWorse ? [{ clause: 'run', reason: `${report.verdict}, whatever its clauses came to` }] : ofClauses;
  const outcome = undecided.length === 0 && report.verdict === 'pass' ? 'right' : isOpen ? 'open' : 'alarm';
  return { kind: 'conformer', conformer, by, outcome, said };
}

/** Whether a machine that was too busy is what left it open, and not Assay. */
function isLeftOpen({
  verdict,
  reason,
  short,
}: {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly short: string | undefined;
}): boolean {
  return isLeftByMachine({ verdict, reason }) || (verdict === 'inconclusive' && short !== undefined);
}
