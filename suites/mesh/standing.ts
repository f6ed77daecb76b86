import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { leftOpen, meant, told } from '../../fixtures/probes/meant.ts';
import type { Seen } from '../../fixtures/probes/probe.ts';
import { openStanding, standsFor, type Standing } from '../../fixtures/probes/standing.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, idTo, nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import { connectionNotPastSvid } from '../../src/clauses/mesh/tls.ts';
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

/** Connections that stand when the SVID of their caller ends: of a node that is declared to end them, whether it does; of the others it is told. */
export const standing: Suite = {
  id: 'standing',
  title: 'Connections past the SVID of their caller',
  mesh: 'steady',
  needs: ['declared-sessions'],
  decides: [connectionNotPastSvid],
  async run(context) {
    await allEnded(nodesIn(context.target, 'server').map((node) => look(context, node)));
  },
};

async function look(context: SuiteContext, node: TargetNode): Promise<void> {
  const skip = (reason: string) =>
    context.recorder.record({
      ...{ kind: 'skip', clause: connectionNotPastSvid.id, node: node.name, role: 'server', reason },
    });
  if (node.sessions === 'renewed')
    return void skip(
      `${node.name} is declared to end its connections at a renewal (sessions: renewed), which is not looked at`,
    );
  if (!standsFor(node))
    return void skip(`${node.name} is asked once on each connection: a second question is asked over HTTP alone`);
  if (node.sessions === 'until-expiry') return decide(context, node);
  skip(
    `nobody declares of ${node.name} that its connections end with the SVID of their caller (sessions: until-expiry); ${await onlyTold(context, node)}`,
  );
}

/** Whether a node ends connections as it is declared to. */
async function decide({ target, recorder, signal }: SuiteContext, node: TargetNode): Promise<void> {
  const clause = connectionNotPastSvid;
  using opened = new DisposableStack();
  const open = pairs(target, node, opened);
  let pair: Pair;
  const right: Control['right'] = {
    clause,
    row: 'a connection of an SVID near its end',
    async offer() {
      pair = await open();
      return unlessRefused(pair.first, pair.brief);
    },
  };
  const row: Row = {
    ...{ clause, row: 'the same connection, past the end of its SVID', expect: 'refused' },
    offer: () => untilEnded(pair, waitedFor(pair.brief, pair.acceptedAtMs), signal),
  };
  const after = {
    row: 'a connection of an SVID that lives, opened beside it',
    async offer() {
      const seen = await askLiving(pair);
      return seen.outcome === 'accepted' ? seen : leftOpen(seen, endedToo(seen));
    },
  };
  const control = { recorder, signal, trust: target, node, role: 'server', right, after } as const;
  await besideControl({ ...control, name: `standing/${node.name}` }, [row]);
}

/** What becomes of a connection of a node that nothing is declared of, in words: no exchange of it is judged. */
async function onlyTold({ target, signal }: SuiteContext, node: TargetNode): Promise<string> {
  using opened = new DisposableStack();
  const pair = await pairs(target, node, opened)();
  const first = meant(undefined, unlessRefused(pair.first, pair.brief)) as Seen;
  if (first.outcome !== 'accepted') return `what becomes of one could not be seen: ${first.how}`;
  const surelyMs = pair.brief.notAfterMs + surelyPastMs;
  const { outcome, how } = await untilEnded(pair, { beyondMs: surelyMs, lastMs: surelyMs }, signal);
  const became = {
    accepted: 'one was served past that',
    refused: 'one was not served past that',
    unknown: 'of one nobody knows',
  };
  return `${became[outcome]}: ${how}`;
}

/** Two connections of one caller. */
interface Pair {
  readonly brief: Brief;
  /** Of the SVID that ends, and what came of the first question on it. */
  readonly ending: Standing;
  readonly first: Seen;
  readonly acceptedAtMs: number;
  /** Of one that lives, asked as often: what ends it, too, has nothing to do with SVIDs. */
  readonly living: Standing;
  readonly livingFirst: Seen;
}

function pairs(target: SuiteContext['target'], node: TargetNode, opened: DisposableStack): () => Promise<Pair> {
  const next = briefOf(target, idTo(target, node, 'server'));
  return async () => {
    // Opened and asked before the other: it comes first to whatever age, or number of requests, a connection may have.
    const living = opened.use(await openStanding(node, await identityTo(target, node, 'server')));
    const livingFirst = await living.ask();
    const brief = await next();
    const ending = opened.use(await openStanding(node, brief.identity));
    const first = await ending.ask();
    return { brief, ending, first, acceptedAtMs: Date.now(), living, livingFirst };
  };
}

const askLiving = async ({ living, livingFirst }: Pair) =>
  meant(meant(undefined, livingFirst), await living.ask(), { isControl: true }) as Seen;

const endedToo = ({ how }: Seen) =>
  `a connection of an SVID that lives, opened beside it, is not served any more: ${how}`;

/**
 * Asks over a connection until it is ended, or may not stand any more. What comes of it stands: it cannot be asked again.
 *
 * @param beyondMs - whoever is served then is served beyond what can be right
 * @param lastMs - when it is asked for the last time
 */
async function untilEnded(
  pair: Pair,
  { beyondMs, lastMs }: ReturnType<typeof waitedFor>,
  signal: AbortSignal,
): Promise<Seen> {
  const { notAfterMs } = pair.brief;
  const first = meant(undefined, pair.first);
  let servedMs: number | undefined;
  for (;;) {
    const beganMs = Date.now();
    const [raw, beside] = await Promise.all([pair.ending.ask(), askLiving(pair)]);
    const seen = meant(first, raw, { isControl: true }) as Seen;
    if (seen.outcome !== 'accepted') {
      if (seen.outcome === 'unknown') return leftOpen(seen, seen.how);
      if (beside.outcome !== 'accepted') return leftOpen(seen, `${seen.how}; ${endedToo(beside)}`);
      if (servedMs === undefined || servedMs < notAfterMs + surelyPastMs) return told(seen);
      return refusedLate(seen, pair.brief, servedMs, 'served');
    }
    servedMs = beganMs;
    const how = `${seen.how}, ${pastItsEnd(pair.brief, beganMs)}`;
    if (beganMs >= beyondMs) return told({ ...seen, how });
    if (beganMs >= lastMs) return takenToTheLast(seen, how);
    await until(Math.min(beganMs + lookMs, lastMs), signal);
  }
}
