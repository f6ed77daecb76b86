import { planeFindings } from '../checkers/planes.ts';
import type { History } from '../history.ts';
import { entriesOf } from '../history.ts';
import { lineReference } from './evidence.ts';
import type { PlaneReport } from './shape.ts';

const order = ['broken', 'unknown', 'holds'] as const;

/** Every declared listener beside what the run found there: what checkers read about it, else the exchanges with it as a server. */
export function readPlanes(history: History): PlaneReport[] {
  const exchanges = entriesOf(history, 'exchange').filter(
    ({ role, expect }) => role === 'server' && expect !== 'either',
  );
  const byNode = Map.groupBy(exchanges, ({ node }) => node);
  return entriesOf(history, 'plane').map((entry) => {
    const { plane, address, policy, why, index } = entry;
    const about = planeFindings(history, entry);
    const state = order.find((one) => about.some((finding) => finding.state === one));
    if (state !== undefined) {
      const telling = about.filter((finding) => finding.state === state);
      return {
        plane,
        address,
        policy,
        why,
        state,
        found: [...new Set(telling.map(({ says }) => says))].slice(0, 5).join('; '),
        evidence: [index, ...telling.flatMap(({ evidence }) => evidence)].slice(0, 20).map(lineReference),
      };
    }
    const met = byNode.get(plane) ?? byNode.get(plane.replace(/^mesh node /, '')) ?? [];
    if (met.length === 0)
      return {
        plane,
        address,
        policy,
        why,
        state: 'unobserved',
        found: 'Nothing in this run looked at it.',
        evidence: [lineReference(index)],
      };
    const count = (outcome: string) => met.filter((exchange) => exchange.outcome === outcome).length;
    const asExpected = met.every((exchange) => exchange.outcome === exchange.expect);
    const wrong = met.some((exchange) => exchange.outcome !== 'unknown' && exchange.outcome !== exchange.expect);
    return {
      plane,
      address,
      policy,
      why,
      state: asExpected ? 'holds' : wrong ? 'broken' : 'unknown',
      found: `${met.length} exchanges: ${count('accepted')} accepted, ${count('refused')} refused, ${count('unknown')} unclear`,
      evidence: [index, ...met.map((exchange) => exchange.index)].slice(0, 20).map(lineReference),
    };
  });
}
