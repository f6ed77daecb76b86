import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { meant, told } from '../../fixtures/probes/meant.ts';
import type { Seen } from '../../fixtures/probes/probe.ts';
import { openStanding, standsFor, type Standing } from '../../fixtures/probes/standing.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, idTo, nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import { connectionNotPastSvid } from '../../src/clauses/mesh/tls.ts';
import { briefOf, lookMs, surelyPastMs, unlessEnded, until, type Brief } from '../identity/brief.ts';
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

async function look({ target, recorder, signal }: SuiteContext, node: TargetNode): Promise<void> {
  const clause = connectionNotPastSvid;
  const skip = (reason: string) =>
    recorder.record({ kind: 'skip', clause: clause.id, node: node.name, role: 'server', reason });
  if (node.sessions === 'renewed')
    return void skip(
      `${node.name} is declared to end its connections at a renewal (sessions: renewed), which is not looked at`,
    );
  if (!standsFor(node))
    return void skip(`${node.name} is asked once on each connection: a second question is asked over HTTP alone`);
  const isToEnd = node.sessions === 'until-expiry';
  const next = briefOf(target, idTo(target, node, 'server'));
  using opened = new DisposableStack();
  let [brief, ending, living, first]: Partial<[Brief, Standing, Standing, Seen]> = [];
  let acceptedAtMs = 0;
  const right: Control['right'] = {
    clause,
    row: 'a connection of an SVID near its end',
    async offer() {
      living = opened.use(await openStanding(node, await identityTo(target, node, 'server')));
      await living.ask();
      brief = await next();
      ending = opened.use(await openStanding(node, brief.identity));
      first = await ending.ask();
      acceptedAtMs = Date.now();
      return unlessEnded(first, brief);
    },
  };
  // Asked as often, it is ended by nothing that has to do with time or with how much was asked.
  const ask = async () => (await Promise.all([ending!.ask(), living!.ask()]))[0];
  const past: Seen[] = [];
  const row: Row = {
    ...{ clause, row: 'the same connection, past the end of its SVID' },
    expect: isToEnd ? 'refused' : 'either',
    async offer() {
      const surelyMs = brief!.notAfterMs + surelyPastMs;
      const toMs = isToEnd ? Math.max(brief!.beyondEveryClockMs(acceptedAtMs), surelyMs) : surelyMs;
      const seen = await untilEnded(ask, { brief: brief!, first: meant(undefined, first) as Seen, toMs, signal });
      past.push(seen);
      return seen;
    },
  };
  const after = { row: 'a connection of an SVID that lives, opened beside it', offer: () => living!.ask() };
  const control = { recorder, signal, trust: target, node, role: 'server', right, after } as const;
  await besideControl({ ...control, name: `standing/${node.name}` }, [row]);
  const seen = past.at(-1);
  if (!isToEnd && seen !== undefined)
    skip(
      `nobody declares of ${node.name} that its connections end with the SVID of their caller (sessions: until-expiry); one was ${seen.outcome === 'accepted' ? 'served' : 'not served'} past that: ${seen.how}`,
    );
}

interface Watched {
  readonly brief: Brief;
  readonly first: Seen;
  /** Whoever is served then is served beyond what can be right. */
  readonly toMs: number;
  readonly signal: AbortSignal;
}

/** Asks over a connection until it is ended, or may not stand any more. */
async function untilEnded(
  ask: () => Promise<Seen>,
  { brief: { notAfterMs }, first, toMs, signal }: Watched,
): Promise<Seen> {
  for (;;) {
    const beganMs = Date.now();
    const seen = meant(first, await ask(), { isControl: true }) as Seen;
    if (seen.outcome !== 'accepted') return seen;
    if (beganMs >= toMs)
      return told({ ...seen, how: `${seen.how}, ${Math.round((beganMs - notAfterMs) / 1_000)} s past its end` });
    await until(Math.min(beganMs + lookMs, toMs), signal);
  }
}
