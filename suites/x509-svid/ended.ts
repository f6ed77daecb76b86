import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import { meant, told } from '../../fixtures/probes/meant.ts';
import type { Seen } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, idTo, isPrompt, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import type { Role } from '../../src/clause.ts';
import { expired } from '../../src/clauses/x509-svid/path.ts';
import {
  briefOf,
  lookMs,
  pastItsEnd,
  refusedLate,
  surelyPastMs,
  takenToTheLast,
  unlessRefused,
  until,
  waitedFor,
  type Brief,
} from '../identity/brief.ts';
import type { Suite, SuiteContext } from '../suite.ts';

/** What becomes of an SVID of SPIRE itself that a node accepted, when it has ended: where nobody lends an authority that could sign one that has. */
export const ended: Suite = {
  id: 'ended',
  title: 'An SVID that ends',
  mesh: 'steady',
  needs: ['ending-svids'],
  decides: [expired],
  async run(context) {
    const parts = partsOf(context.target);
    for (const { node, role } of parts.filter((part) => !isPrompt(part.node, part.role))) {
      const reason = `${node.name} calls in its own time, and not while an SVID of seconds lives`;
      context.recorder.record({ kind: 'skip', clause: expired.id, node: node.name, role, reason });
    }
    await allEnded(
      parts.filter(({ node, role }) => isPrompt(node, role)).map(({ node, role }) => inRole(context, node, role)),
    );
  },
};

type Came = Seen | DialSeen | undefined;

async function inRole({ target, recorder, signal }: SuiteContext, node: TargetNode, role: Role): Promise<void> {
  const next = briefOf(target, idTo(target, node, role));
  let brief!: Brief;
  let first: Came;
  let acceptedAtMs = 0;
  const right: Control['right'] = {
    clause: expired,
    row: 'an SVID of SPIRE, near its end',
    async offer() {
      brief = await next();
      first = await showTo(target, node, role, brief.identity);
      acceptedAtMs = Date.now();
      return first && unlessRefused(first, brief);
    },
  };
  const after = {
    row: 'an SVID that lives',
    offer: async () => showTo(target, node, role, await identityTo(target, node, role)),
  };
  const row: Row = {
    ...{ clause: expired, row: 'the same SVID, past its end', expect: 'refused' },
    offer: () =>
      shownPastItsEnd({ brief, acceptedAtMs, first: meant(undefined, first), signal }, () =>
        showTo(target, node, role, brief.identity),
      ),
  };
  const name = `ended/${node.name}/${role}`;
  await besideControl({ recorder, signal, trust: target, node, role, name, right, after }, [row]);
}

interface Shown {
  readonly brief: Brief;
  /** When it had been accepted while it lived. */
  readonly acceptedAtMs: number;
  readonly first: Came;
  readonly signal: AbortSignal;
}

/** Shows an SVID past its end. Whoever refuses it does right; who accepts it is asked until no clock that is behind could make that right. */
async function shownPastItsEnd(
  { brief, acceptedAtMs, first, signal }: Shown,
  show: () => Promise<Came>,
): Promise<Came> {
  const { notAfterMs } = brief;
  const { beyondMs, lastMs } = waitedFor(brief, acceptedAtMs);
  await until(notAfterMs + surelyPastMs, signal);
  let letInMs: number | undefined;
  for (;;) {
    const beganMs = Date.now();
    const raw = await show();
    const seen = meant(first, raw);
    if (seen === undefined || (letInMs === undefined && seen.outcome !== 'accepted')) return raw;
    if (seen.outcome !== 'accepted') return refusedLate(seen, brief, letInMs!, 'let in');
    letInMs = beganMs;
    const how = `${seen.how}, ${pastItsEnd(brief, beganMs)}`;
    if (beganMs >= beyondMs)
      return told({ ...seen, how: `${how}, and longer after it was let in first than the whole of its life` });
    if (beganMs >= lastMs) return takenToTheLast(seen, how);
    await until(Math.min(beganMs + lookMs, lastMs), signal);
  }
}
