import { entriesOf } from '../history.ts';
import { cutOf, renewalOf } from './cut.ts';
import { outageWords } from './outage-words.ts';
import { noFailedRequest } from './requests.ts';
import type { ScenarioJudge } from './scenario.ts';

/** An outage shorter than the SVID's life is not felt, and was long enough to matter: renewals were missed. */
export const survivesShortOutage: ScenarioJudge = (window, history, clause) => {
  const cut = cutOf(history, clause, window);
  if ('verdict' in cut) return cut;
  const { outage } = outageWords(window);
  const judgement = noFailedRequest({
    connection: 'new',
    perSecond: 50,
    begunPerSecond: 10,
    // A pair that is called more seldom than this may sleep through a short outage.
    maxGapMs: 2_000,
  })(window, history, clause);
  if (judgement.verdict === 'fail') {
    const outlived = [...cut.targets].find(
      (node) => (renewalOf(history, cut, node)?.atMs ?? Infinity) >= (cut.dies.get(node)?.atMs ?? -Infinity),
    );
    if (outlived !== undefined)
      return {
        ...judgement,
        verdict: 'inconclusive',
        reason: `${outage} was not short: the SVID of ${outlived} came to its end before it was renewed; ${judgement.reason}`,
      };
  }
  const missableMs =
    2 *
    Math.max(
      ...entriesOf(history, 'node')
        .filter(({ node }) => cut.targets.has(node))
        .map(({ syncIntervalMs }) => syncIntervalMs),
    );
  if (judgement.verdict === 'pass' && cut.healingMs - cut.inForceMs < missableMs) {
    return {
      verdict: 'inconclusive',
      reason: `${outage} was in force for ${(cut.healingMs - cut.inForceMs).toFixed(0)} ms, shorter than two sync intervals`,
      evidence: [cut.window.index],
    };
  }
  return judgement;
};
