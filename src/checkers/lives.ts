import type { Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { endsOf } from '../reading/lives.ts';
import { judgedNodes } from '../reading/nodes.ts';
import { agentWasLate } from './controls.ts';
import { controlsOf, indexes } from './exchanges.ts';
import { byFindingsOfNodes, type Finding } from './findings.ts';
import type { ScenarioJudge } from './scenario.ts';
import { seconds } from './seconds.ts';

// What became of the processes of the nodes under test, and whether they go on serving.

const mostNamed = 3;

/** Decides whether a node lives through all that it is asked: by its ends, whenever they came, and by rows that were made to try it. */
export const staysAlive: Judge = (history, clause) => {
  const ends = endsOf(history);
  const exchanges = Map.groupBy(entriesOf(history, 'exchange'), ({ node }) => node);
  const requests = Map.groupBy(entriesOf(history, 'request'), ({ to }) => to);
  const findings = [...judgedNodes(history)].flatMap((node): Finding[] => {
    const own = ends.filter((end) => end.node === node).map(({ entry }) => entry);
    const [first] = own;
    if (first !== undefined) {
      const often = own.length > 1 ? `, the first of ${own.length} times` : '';
      return [
        {
          subject: node,
          state: 'broken',
          says: `it ${first.how} while it was judged${often}; under way: ${listed(first.underWay ?? [])}; its last words: ${lastOf(first)}`,
          evidence: indexes(own),
        },
      ];
    }
    const all = exchanges.get(node) ?? [];
    const rows = all.filter((row) => row.clause === clause.id);
    if (rows.length === 0) return [];
    // Where the control before them told nothing they were not tried, and stand in the history as unknown all the same.
    const tried = rows.filter(({ expect }) => expect === 'either');
    const untold = tried.find((row) => {
      const { before, after } = controlsOf(row, rows);
      return before?.outcome !== 'accepted' || after?.outcome !== 'accepted';
    });
    if (tried.length === 0 || untold !== undefined) {
      const says =
        untold === undefined
          ? 'nobody came who was to try it'
          : `${untold.row}: a right client was not accepted both before and after it`;
      return [{ subject: node, state: 'unknown', says, evidence: indexes(untold === undefined ? rows : [untold]) }];
    }
    // What it was asked and answered, by itself or through the exchanges that were refused.
    const lived = [
      ...all.filter(({ outcome }) => outcome !== 'unknown'),
      ...(requests.get(node) ?? []).filter(({ outcome }) => outcome === 'ok'),
    ];
    const says = `lived through ${lived.length} exchanges and requests, and ${tried.length} that were made to try it`;
    return [{ subject: node, state: 'holds', says, evidence: indexes([...tried, ...lived.slice(-1)]) }];
  });
  return byFindingsOfNodes(history, clause, findings);
};

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no exchange';
  return (
    names.slice(0, mostNamed).join('; ') + (names.length > mostNamed ? `; and ${names.length - mostNamed} more` : '')
  );
}

function lastOf({ lastWords = '' }: EntryOf<'life'>): string {
  return lastWords
    .split('\n')
    .slice(-2)
    .map((line) => line.slice(0, 120))
    .join(' / ');
}

/** Decides whether a node stops when it is told to. */
export const stopsWhenTold: Judge = (history, clause) => {
  const findings = entriesOf(history, 'life').flatMap((life): Finding[] => {
    const { node: subject, state, how, tookMs = 0, graceMs = 0, index } = life;
    const evidence = [index];
    if (state === 'stopped') {
      const says = `it ${how} ${seconds(tookMs)} after SIGTERM`;
      return [{ subject, state: 'holds', says, evidence }];
    }
    if (state === 'overstayed') {
      const says = `${seconds(graceMs)} after SIGTERM ${how}`;
      return [{ subject, state: 'broken', says, evidence }];
    }
    return state === 'given-up'
      ? [{ subject, state: 'unknown', says: `it had ended by itself: ${how}`, evidence }]
      : [];
  });
  return byFindingsOfNodes(history, clause, findings);
};

/** Fewer connections say too little of what a node takes. */
export const leastConnections = 300;
/** So do fewer that are idle. */
export const leastIdle = 64;
/** So do fewer that are idle at once. */
export const leastAtOnce = 32;

/** Decides whether a node takes connections still after a good many of them: by whether a right client is accepted then, who asks more than once. */
export const acceptsStill: Judge = (history, clause) => {
  const own = entriesOf(history, 'exchange').filter((exchange) => exchange.clause === clause.id);
  const findings = [...Map.groupBy(own, ({ node }) => node)].map(([subject, exchanges]): Finding => {
    const killer = exchanges.find(({ killed }) => killed);
    if (killer !== undefined) return { subject, state: 'broken', says: killer.how, evidence: [killer.index] };
    // What it does as a client says nothing of how it takes connections.
    const [before, ...after] = exchanges.filter(({ role }) => role === 'server');
    const evidence = indexes([...(before ? [before] : exchanges), ...after.slice(-3)]);
    if (before === undefined) return { subject, state: 'unknown', says: 'nobody called it', evidence };
    if (before.outcome !== 'accepted')
      return { subject, state: 'unknown', says: `a right client was not accepted before: ${before.how}`, evidence };
    const last = after.at(-1);
    if (last === undefined) return { subject, state: 'unknown', says: 'it was asked nothing afterwards', evidence };
    const many = connectionsTo(history, subject, last.index);
    const told = `after ${many.made} connections, of which ${many.idle} were idle, ${many.atOnce} at once`;
    if (last.untried || (last.unproven !== undefined && agentWasLate(history, last)))
      return { subject, state: 'unknown', says: last.how, evidence };
    if (last.outcome !== 'accepted') {
      const says = `${told}, a right client was not accepted: ${last.how}`;
      return { subject, state: 'broken', says, evidence };
    }
    if (many.made < leastConnections || many.idle < leastIdle || many.atOnce < leastAtOnce)
      return { subject, state: 'unknown', says: `accepted ${told}, which is too few to tell`, evidence };
    return { subject, state: 'holds', says: `accepted ${told}`, evidence };
  });
  return byFindingsOfNodes(history, clause, findings);
};

/** The connections that were made to a node before this line, as it lives now: those of exchanges, of requests, and those that did nothing else. */
function connectionsTo(history: History, node: string, before: number) {
  const since = entriesOf(history, 'life').findLast(
    (life) => life.node === node && life.state === 'started' && life.index < before,
  );
  const counts = ({ index }: { readonly index: number }) => index < before && index > (since?.index ?? 0);
  const opened = entriesOf(history, 'connections').filter((entry) => entry.node === node && counts(entry));
  const idle = opened.filter(({ atOnce }) => atOnce > 1);
  const sum = (all: typeof opened) => all.reduce((total, entry) => total + entry.opened, 0);
  const exchanges = entriesOf(history, 'exchange').filter(
    (exchange) => exchange.node === node && exchange.role === 'server' && counts(exchange),
  );
  const requests = entriesOf(history, 'request').filter(
    (request) => request.to === node && request.connection === 'new' && counts(request),
  );
  return {
    made: sum(opened) + exchanges.length + requests.length,
    idle: sum(idle),
    atOnce: Math.max(0, ...idle.map(({ atOnce }) => atOnce)),
  };
}

/** The longest time without an answer after which nobody knows what would have been answered. */
const blindMs = 2_000;

/** Decides whether a node that is ready stays ready, by every answer that it gave while its scenario ran. */
export const staysReady: ScenarioJudge = (window, history, clause) => {
  const { scenario, judged } = window;
  const all = entriesOf(history, 'readiness').filter((entry) => entry.scenario === scenario);
  const ends = endsOf(history);
  const findings = [...judged].map((subject): Finding => {
    // One that has ended answers nothing, which is another clause's business.
    const own = all.filter(
      ({ node, fromMs, atMs }) =>
        node === subject &&
        !ends.some((end) => end.node === node && fromMs <= end.backAtMs && atMs >= end.entry.atMs - blindMs),
    );
    const lost = own.filter(({ answer }) => answer === 'not-ready');
    if (lost.length > 0) {
      const [first] = lost;
      const says = `it held an SVID and said that it is not ready, first at ${(first!.fromMs / 1000).toFixed(2)} s: ${first!.how}; ${lost.length} times in all`;
      return { subject, state: 'broken', says, evidence: indexes(lost) };
    }
    const ready = own.filter(({ answer }) => answer === 'ready');
    const times = ready.reduce((sum, entry) => sum + entry.times, 0);
    const blind = own.find(({ answer, fromMs, atMs }) => answer === 'none' && atMs - fromMs > blindMs);
    if (times < 10 || blind !== undefined) {
      const says = `GET /ready was answered ${times} times${blind === undefined ? '' : `, and not at all for more than ${seconds(blindMs)}: ${blind.how}`}`;
      return { subject, state: 'unknown', says, evidence: indexes(own) };
    }
    return { subject, state: 'holds', says: `ready each of ${times} times`, evidence: indexes(ready) };
  });
  return byFindingsOfNodes(history, clause, findings);
};
