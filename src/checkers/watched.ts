import { entriesOf, type EntryOf, type History } from '../history.ts';
import { zeroOf } from '../reading/nodes.ts';
import { svidsOf } from '../reading/rotations.ts';
import { authorityMarksOf, faultSpan, type ScenarioWindow } from '../reading/scenarios.ts';
import { worstOf, type Judgement } from '../verdict.ts';
import { uncovered } from './coverage.ts';
import { indexes, refusedBesideControl } from './exchanges.ts';
import { failureOf, isLost, leastBoundMs, leastRequests, timesHealthy, toldOf } from './healthy.ts';
import { sayingIfOverloaded, unlessOverloaded } from './overload.ts';
import type { RequestEntry } from './requests.ts';
import { boundOf, type ScenarioJudge } from './scenario.ts';
import { blindSpotMs } from './schedule.ts';
import { skippedOr } from './skipped.ts';

// A mesh that others run is seen from outside: what a node shows tells when it was renewed, and a light load what became of its callers meanwhile.

type Svid = EntryOf<'svid'>;

// As long as a look may take.
const longestMinutes = 24 * 60;
// SPIRE says that an SVID began so long before it was issued. Source: SPIRE 1.15, pkg/server/credtemplate/builder.go (NotBeforeCushion).
const backDatedMs = 10_000;

// An agent withdraws the SVIDs of a tainted authority, and has others a moment later: who obeys it has no identity meanwhile, and refuses everybody.
// Source: SPIRE 1.15, pkg/agent/manager/sync.go (processTaintedSVIDs); seen to take 60 to 300 ms.
const withdrawnMs = 1_000;

/** What was seen of one node in a window. */
interface Watched {
  readonly node: string;
  readonly uptakeMs: number;
  readonly requests: readonly RequestEntry[];
  readonly renewed: readonly Renewed[];
  /** From when to when the bundle changed, in milliseconds; absent where nobody changed it. */
  readonly rotated?: Span;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** An SVID that was issued while a node was looked at, and came in the place of another: from when to when what becomes of a request may be its doing. */
interface Renewed extends Span {
  readonly svid: Svid;
  /** Those that were shown before, and no more. */
  readonly replaced: readonly Svid[];
}

/** While nothing changes, no request is lost. What is lost near a renewal is that one's; where none is lost even there, each of them speaks for it. */
export const answersMeanwhile: ScenarioJudge = (window, history) =>
  ofEach(window, history, (watched) => {
    const { requests } = watched;
    const calm = requests.some(isLost) ? requests.filter((request) => !isNear(request, watched)) : requests;
    const lost = calm.filter(isLost);
    if (lost.length > 0)
      return unlessOverloaded(
        window,
        {
          verdict: 'fail',
          reason: `${watched.node} lost ${lost.length} of ${calm.length} requests while nothing changed; the first ${toldOf(lost[0]!)}`,
          evidence: indexes(lost.slice(0, 10)),
        },
        lost.map((request) => failureOf(request, () => leastBoundMs)),
      );
    if (calm.length < requests.length)
      return thin(window, watched, calm) ?? passed(window, watched, calm, 'while nothing changed');
    return thin(window, watched, requests) ?? passed(window, watched, requests, 'in all');
  });

/** No request on connections of that kind is lost, or answered late, while a node is given another SVID. */
export const survivesRenewals =
  (connection: RequestEntry['connection']): ScenarioJudge =>
  (window, history) =>
    ofEach(window, history, (watched) => {
      const all = watched.requests.filter((request) => request.connection === connection);
      if (all.length === 0)
        return {
          verdict: 'skipped',
          reason: `${watched.node} was asked nothing on ${connection} connections: Assay keeps none by its protocol`,
          evidence: [window.index],
        };
      const near = all.filter((request) => isNear(request, watched));
      const firstMs = Math.min(...changesOf(watched).map(({ fromMs }) => fromMs));
      const before = all.filter(({ startMs, totalMs }) => startMs + totalMs < firstMs);
      const boundMs = answerBoundOf(before);
      const isLate = ({ outcome, totalMs }: RequestEntry) => outcome === 'ok' && totalMs > boundMs;
      const gone = near.filter((request) => isLost(request) && wasWithdrawn(request, window, history, watched));
      const held = near.filter((request) => (isLost(request) || isLate(request)) && !gone.includes(request));
      if (held.length > 0) {
        const [first] = held;
        const how = isLate(first!)
          ? toldOf({ ...first!, detail: `answered only after ${first!.totalMs.toFixed(0)} ms (bound ${boundMs} ms)` })
          : toldOf(first!);
        // What an answer may take is not known where hardly any came before.
        const isKnown = before.length >= leastRequests || held.some(isLost);
        return unlessOverloaded(
          window,
          {
            verdict: isKnown ? 'fail' : 'inconclusive',
            reason: `${watched.node} lost ${held.length} of ${near.length} requests while it was given another SVID; the first ${how}`,
            evidence: indexes(held.slice(0, 10)),
          },
          held.map((request) => failureOf(request, () => boundMs)),
        );
      }
      const metOne = watched.renewed.some(({ replaced }) =>
        replaced.some(({ serial }) => all.some(({ server }) => server?.serial === serial)),
      );
      return (
        tooShort(window, history, watched) ??
        thin(window, watched, all, all) ??
        (metOne
          ? undefined
          : {
              verdict: 'inconclusive',
              reason: `no ${connection} connection stood at an instance of ${watched.node} whose SVID was renewed`,
              evidence: [window.index],
            }) ??
        passed(window, watched, all, `through ${times(watched.renewed.length, 'renewal')}${besides(gone)}`)
      );
    });

/** No request is lost, or answered late, while a node is cut off from what gives it its SVIDs. */
export const survivesOutage: ScenarioJudge = (window, history, clause) => {
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, 'the outage was not proven in force and gone');
  const calmMs = boundOf(window, 'calm');
  if (typeof calmMs !== 'number') return calmMs;
  const cutMs = window.fromMs + calmMs;
  return ofEach(window, history, (watched) => {
    const { node, requests } = watched;
    if (!span.targets.has(node))
      return { verdict: 'skipped', reason: `${node} was not cut off`, evidence: [window.index] };
    const before = requests.filter(({ startMs, totalMs }) => startMs + totalMs < cutMs);
    // What breaks as it comes back is broken by the outage as well.
    const meanwhile = requests.filter((request) => !before.includes(request));
    const boundMs = answerBoundOf(before);
    const held = meanwhile.filter((request) => isLost(request) || request.totalMs > boundMs);
    const early = before.filter(isLost);
    const serials = new Set(before.map(({ server }) => server?.serial));
    const ended = svidsOf(history, node, 'presented').find(
      ({ serial, notAfter }) => serials.has(serial) && Date.parse(notAfter) - zeroOf(history) < span.healedMs,
    );
    if (ended !== undefined)
      return {
        verdict: 'inconclusive',
        reason: `an SVID of ${node} came to its end while it was cut off, and nobody could have given it another`,
        evidence: [ended.index],
      };
    const [first] = held;
    const told = first === undefined ? '' : `; meanwhile it lost ${held.length}, the first ${toldOf(first)}`;
    if (early.length > 0)
      return {
        verdict: 'inconclusive',
        reason: `${node} lost ${early.length} of ${before.length} requests before anything was cut${told}`,
        evidence: indexes(early.slice(0, 5)),
      };
    if (first !== undefined)
      return unlessOverloaded(
        window,
        {
          verdict: 'fail',
          reason: `${node} lost ${held.length} of ${meanwhile.length} requests, or was late with them, from the cut to the end; the first ${toldOf(first)}`,
          evidence: indexes(held.slice(0, 10)),
        },
        held.map((request) => failureOf(request, () => boundMs)),
      );
    return thin(window, watched, meanwhile) ?? passed(window, watched, meanwhile, 'from the cut to the end');
  });
};

/** Strangers are refused, and some of them came to each node while it was cut off. */
export const refusesInOutage: ScenarioJudge = (window, history, clause) => {
  const judgement = refusedBesideControl(history, clause);
  if (judgement.verdict !== 'pass') return judgement;
  const span = faultSpan(window);
  if (span === undefined) return skippedOr(history, clause, 'the outage was not proven in force and gone');
  const meanwhile = entriesOf(history, 'exchange').filter(
    ({ clause: id, expect, atMs, tookMs }) =>
      id === clause.id && expect === 'refused' && atMs - tookMs >= span.inForceMs && atMs <= span.healingMs,
  );
  return uncovered(history, clause, meanwhile, 'no stranger came while it was cut off') ?? judgement;
};

/** Soon after every agent has followed a forced rotation, each new connection of a node shows an SVID of the new authority. */
export const showsNewest: ScenarioJudge = (window, history) => {
  const marks = authorityMarksOf(history, window);
  const followed = marks.find(({ state }) => state === 'followed');
  return ofEach(window, history, ({ node, uptakeMs, requests }) => {
    if (followed === undefined)
      return {
        verdict: 'inconclusive',
        reason: 'no authority was rotated that every agent has followed, so that nobody knows what a service was given',
        evidence: [window.index],
      };
    const syncMs = window.nodes.find((one) => one.node === node)?.syncIntervalMs ?? 0;
    const boundMs = uptakeMs + 2 * syncMs;
    const svids = svidsOf(history, node, 'presented');
    const authorities = new Map(svids.map(({ serial, authority }) => [serial, authority]));
    const after = requests.filter(
      ({ connection, resumed, server, startMs }) =>
        connection === 'new' && resumed !== true && server !== undefined && startMs > followed.atMs + boundMs,
    );
    const old = after.filter(({ server }) => authorities.get(server!.serial) !== followed.authority);
    // Whoever goes on showing it was not kept by a moment.
    const last = old.at(-1);
    if (last !== undefined) {
      const lateMs = last.startMs - followed.atMs;
      const says = `${node} still showed an SVID of the old authority ${inWords(lateMs)} after every agent had renewed`;
      const evidence = [followed.index, ...indexes(old.slice(-5))];
      if (window.nodes.find((one) => one.node === node)?.uptakeAssumed === true)
        return {
          verdict: 'inconclusive',
          reason: `${says}, and the target file does not say how long it may take (uptake)`,
          evidence,
        };
      const late = { byMs: lateMs - boundMs, nodes: [node] };
      return unlessOverloaded(window, { verdict: 'fail', reason: `${says} (bound ${inWords(boundMs)})`, evidence }, [
        { fromMs: followed.atMs, toMs: last.startMs, late },
      ]);
    }
    const fresh = svids.find(({ authority }) => authority === followed.authority);
    if (fresh === undefined || (after.length === 0 && fresh.atMs > followed.atMs + boundMs))
      return {
        verdict: 'inconclusive',
        reason: `nobody saw what ${node} showed when the time for it was over`,
        evidence: [window.index],
      };
    return {
      verdict: 'pass',
      reason: `${node} showed an SVID of the new authority ${inWords(Math.max(0, fresh.atMs - followed.atMs))} after every agent had renewed, and no older one ${inWords(boundMs)} after that`,
      evidence: indexes([followed, fresh]),
    };
  });
};

/** Each SVID that a node shows has a key of its own. */
export const renewsKeys: ScenarioJudge = (window, history) =>
  ofEach(window, history, (watched) => {
    const byKey = new Map<string, Svid>();
    for (const svid of svidsOf(history, watched.node, 'presented')) {
      const before = byKey.get(svid.publicKey);
      if (before !== undefined && before.serial !== svid.serial)
        return {
          verdict: 'fail',
          reason: `${watched.node} showed two SVIDs with the same key: ${before.serial} and ${svid.serial}`,
          evidence: indexes([before, svid]),
        };
      byKey.set(svid.publicKey, svid);
    }
    return (
      tooShort(window, history, watched) ?? {
        verdict: 'pass',
        reason: `${watched.node} showed ${times(byKey.size, 'SVID')}, each with a key of its own`,
        evidence: indexes(watched.renewed.map(({ svid }) => svid)),
      }
    );
  });

/** Of each node under test; the worst counts. */
function ofEach(window: ScenarioWindow, history: History, judge: (watched: Watched) => Judgement): Judgement {
  const { judged, scenario, index } = window;
  if (judged.size === 0)
    return {
      verdict: 'inconclusive',
      reason: `no node under test was seen in scenario ${scenario}`,
      evidence: [index],
    };
  const called = new Set(window.requests.map(({ to }) => to));
  const each = [...judged].map((node): Judgement =>
    called.has(node)
      ? judge(watchedIn(window, history, node))
      : { verdict: 'skipped', reason: `${node} was not called: it lets nobody of ours in`, evidence: [index] },
  );
  const told = each.filter(({ verdict }) => verdict !== 'skipped');
  const some = told.length > 0 ? told : each;
  return (
    worstOf(told) ?? {
      verdict: told.length > 0 ? 'pass' : 'skipped',
      reason: some.map(({ reason }) => reason).join('; '),
      evidence: some.flatMap(({ evidence }) => evidence),
    }
  );
}

function watchedIn(window: ScenarioWindow, history: History, node: string): Watched {
  const uptakeMs = window.nodes.find((one) => one.node === node)?.uptakeMs ?? 0;
  const requests = window.requests
    .filter(({ to }) => to === node)
    .toSorted((one, other) => one.startMs - other.startMs);
  const marks = authorityMarksOf(history, window).map(({ atMs }) => atMs);
  return {
    ...{ node, uptakeMs, requests, renewed: renewedIn(window, history, { node, uptakeMs, requests }) },
    ...(marks.length > 0 && { rotated: { fromMs: Math.min(...marks), toMs: Math.max(...marks) + uptakeMs } }),
  };
}

/**
 * The SVIDs that came while a node was looked at. Behind one address may stand several instances, each with an SVID of its own: one that is new to us
 * is new only where it was issued meanwhile, by its own time or by an authority that came into use meanwhile.
 */
function renewedIn(
  window: ScenarioWindow,
  history: History,
  { node, uptakeMs, requests }: Omit<Watched, 'renewed'>,
): Renewed[] {
  const { fromMs } = window;
  const zeroMs = zeroOf(history);
  const activated = authorityMarksOf(history, window).flatMap(({ state, authority }) =>
    state === 'activated' ? [authority] : [],
  );
  const isNew = ({ atMs, notBefore, authority }: Svid) => {
    const begunMs = Date.parse(notBefore) - zeroMs;
    return (
      activated.includes(authority) ||
      begunMs >= fromMs ||
      (begunMs >= fromMs - backDatedMs && atMs >= fromMs + backDatedMs + leastBoundMs)
    );
  };
  const shown = svidsOf(history, node, 'presented');
  // A connection that stands shows what it began with.
  const onNew = requests.filter(({ connection, resumed }) => connection === 'new' && resumed !== true);
  const lastShown = new Map(
    onNew.flatMap(({ server, startMs }) => (server ? [[server.serial, startMs] as const] : [])),
  );
  return shown.slice(1).flatMap((svid, at) => {
    // One more instance, or one whose server has a clock that is ahead, takes nobody's place.
    const replaced = shown
      .slice(0, at + 1)
      .filter(({ serial }) => (lastShown.get(serial) ?? -Infinity) <= svid.atMs + uptakeMs);
    if (!isNew(svid) || replaced.length === 0) return [];
    const before = requests.findLast(
      ({ outcome, startMs, server }) =>
        outcome === 'ok' && startMs < svid.atMs && server !== undefined && server.serial !== svid.serial,
    );
    const sinceMs = Math.min(before?.startMs ?? Infinity, svid.atMs - uptakeMs);
    return [{ svid, replaced, fromMs: sinceMs, toMs: svid.atMs + uptakeMs }];
  });
}

function isNear({ startMs, totalMs }: RequestEntry, watched: Watched): boolean {
  return changesOf(watched).some(({ fromMs, toMs }) => startMs + totalMs >= fromMs && startMs <= toMs);
}

/** All that may have a part in what becomes of a request: a bundle that changes does as well as an SVID. */
const changesOf = ({ renewed, rotated }: Watched): readonly Span[] => [...renewed, ...(rotated ? [rotated] : [])];

const besides = (gone: readonly RequestEntry[]) =>
  gone.length === 0
    ? ''
    : `, but for ${times(gone.length, 'request')} in the moment in which SPIRE had withdrawn the SVID of the tainted authority`;

/**
 * Whether a request was refused while the agent had taken the SVID of a tainted authority from the node and not yet given it another: it shows the old
 * one, or is on a connection of that moment, and the new one is there at once.
 */
function wasWithdrawn(
  { outcome, connection, startMs, totalMs, openedMs = startMs, server }: RequestEntry,
  window: ScenarioWindow,
  history: History,
  { renewed }: Watched,
): boolean {
  const tainted = authorityMarksOf(history, window).filter(({ state }) => state === 'tainted');
  if (outcome !== 'fail' || !tainted.some(({ atMs }) => atMs <= startMs + totalMs)) return false;
  const isOld = !renewed.some(({ svid }) => svid.serial === server?.serial);
  const isOfThen = connection === 'new' ? server !== undefined && isOld : openedMs >= startMs - withdrawnMs;
  return isOfThen && renewed.some(({ svid }) => startMs <= svid.atMs && startMs >= svid.atMs - withdrawnMs);
}

/** How long an answer may take, in milliseconds, by those that came before anything changed: a change may make all that come later slow. */
function answerBoundOf(before: readonly RequestEntry[]): number {
  const took = before.filter(({ outcome }) => outcome === 'ok').map(({ totalMs }) => totalMs);
  const p99 = took.sort((one, other) => one - other)[Math.floor(took.length * 0.99)] ?? 0;
  return Math.max(leastBoundMs, Math.ceil(timesHealthy * p99));
}

/**
 * Why too little was asked of a node to tell; undefined where it was enough.
 *
 * @param all - those in whose gaps something may have gone unseen
 */
function thin(
  window: ScenarioWindow,
  { node, requests: every }: Watched,
  requests: readonly RequestEntry[],
  all: readonly RequestEntry[] = every,
): Judgement | undefined {
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason, evidence: [window.index] });
  if (!window.ended) return open(`scenario ${window.scenario} did not come to its end`);
  const answered = requests.filter((request) => !isLost(request)).length;
  if (answered < leastRequests)
    return sayingIfOverloaded(
      window,
      open(
        `${node} answered ${answered} requests that tell of it (of ${every.length} in all), ${leastRequests} are needed: a longer look has more, and allow.load.perSecond of the target file says how often it may be asked`,
      ),
      window,
    );
  const starts = all.map(({ startMs }) => startMs);
  const allowedMs = Math.max(blindSpotMs(starts), leastBoundMs);
  const marks = [window.fromMs, ...starts, window.toMs];
  const gaps = marks.slice(1).map((toMs, at) => ({ fromMs: marks[at]!, toMs }));
  const widest = gaps.reduce((most, gap) => (lasting(gap) > lasting(most) ? gap : most), gaps[0]!);
  return lasting(widest) > allowedMs
    ? sayingIfOverloaded(
        window,
        open(
          `${node} was asked nothing for ${(lasting(widest) / 1000).toFixed(1)} s; ${(allowedMs / 1000).toFixed(1)} s are the most to tell anything by`,
        ),
        widest,
      )
    : undefined;
}

const lasting = ({ fromMs, toMs }: Span) => toMs - fromMs;

/** Why nothing can be told of renewals, and how long a look would have to be; undefined where there was one. */
function tooShort(window: ScenarioWindow, history: History, { node, renewed }: Watched): Judgement | undefined {
  if (renewed.length > 0) return undefined;
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason, evidence: [window.index] });
  if (!window.ended) return open(`scenario ${window.scenario} did not come to its end`);
  const none = `${node} showed no new SVID in ${inWords(window.toMs - window.fromMs)}`;
  // One that was forced is not waited for.
  if (authorityMarksOf(history, window).length > 0) return open(`${none}, in which the authority was rotated`);
  const newest = svidsOf(history, node, 'presented').reduce<Svid | undefined>(
    (latest, svid) => (latest === undefined || svid.notAfter > latest.notAfter ? svid : latest),
    undefined,
  );
  if (newest === undefined) return open(`${none}, and none at all`);
  const zeroMs = zeroOf(history);
  const [beganMs, endsMs] = [Date.parse(newest.notBefore) - zeroMs, Date.parse(newest.notAfter) - zeroMs];
  // SPIRE renews at half of a life, a tenth of it sooner or later. Source: SPIRE 1.15, pkg/common/rotationutil.
  const dueMs = beganMs + 0.6 * (endsMs - beganMs);
  const life = `the one that it shows lives for ${inWords(endsMs - beganMs)}`;
  const wanted = (untilMs: number) => {
    const minutes = Math.max(1, Math.ceil((untilMs - window.fromMs) / 60_000));
    return minutes > longestMinutes ? 'a look of more than a day' : `--watch ${minutes}m`;
  };
  if (dueMs > window.toMs)
    return open(`${none}; ${life}, and is due by SPIRE's way at about half of that: ${wanted(dueMs)} would see it`);
  return open(
    endsMs > window.toMs
      ? `${none}; ${life}, is past the half of that, where SPIRE renews, and ends in ${inWords(endsMs - window.toMs)}: ${wanted(endsMs)} would see what becomes of it`
      : `${none}; ${life}, and has ended`,
  );
}

function passed(
  window: ScenarioWindow,
  { node }: Watched,
  requests: readonly RequestEntry[],
  meanwhile: string,
): Judgement {
  const slowest = requests.reduce((most, { totalMs }) => Math.max(most, totalMs), 0);
  return {
    verdict: 'pass',
    reason: `${node} answered ${requests.length} requests ${meanwhile}, in ${inWords(window.toMs - window.fromMs)}; none was lost, the slowest took ${slowest.toFixed(0)} ms`,
    evidence: [window.index, ...indexes(requests.slice(0, 3))],
  };
}

const times = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function inWords(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(0)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
