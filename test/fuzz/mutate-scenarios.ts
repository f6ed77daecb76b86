import type { Entry, EntryOf, Happening, History } from '../../src/history.ts';
import { named, pick, renumbered, withEntry, type Mutate } from './mutation.ts';

// What can be otherwise where things go on over time: traffic, clocks, processors, and what becomes of nodes, SVIDs and links meanwhile.

function isOf<K extends Happening['kind']>(...kinds: readonly K[]) {
  return (entry: Entry): entry is EntryOf<K> => (kinds as readonly string[]).includes(entry.kind);
}

const isRequest = isOf('request');

/** Up to a few requests of one pair, one after the other, come to something else. */
const lose: Mutate = (history, chance, some) => {
  const first = some(history, isRequest) as EntryOf<'request'> | undefined;
  if (first === undefined) return undefined;
  const many = pick([1, 1, 2, 5, 30, 300], chance)!;
  const next = pick<object>(
    [
      { outcome: 'fail' },
      { outcome: 'fail' },
      { outcome: 'ok' },
      { outcome: 'info', totalMs: 5_000 },
      { totalMs: first.totalMs + 900 },
      { totalMs: first.totalMs + 1_400 },
      { totalMs: first.totalMs + 4_800 },
      { startMs: first.startMs + 1_500 },
      { startMs: first.startMs - 1_500 },
      { resumed: true },
    ],
    chance,
  )!;
  const alike = history.filter(
    (one) =>
      isRequest(one) &&
      one.index >= first.index &&
      `${one.from} ${one.to} ${one.connection}` === `${first.from} ${first.to} ${first.connection}`,
  );
  const changed = new Set<Entry>(alike.slice(0, many));
  return {
    says: `${changed.size} from ${named(first)}: ${JSON.stringify(next)}`,
    history: history.map((one) => (changed.has(one) ? ({ ...seen(one), ...next } as Entry) : one)),
  };
};

/** Whoever says what came of a request has seen it. */
function seen(entry: Entry): object {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'unseen'));
}

/** Requests that were served are not there, of one pair or of all, for a moment or for long. */
const silence: Mutate = (history, chance, some) => {
  const first = some(history, (entry) => isRequest(entry) && entry.outcome === 'ok') as EntryOf<'request'> | undefined;
  if (first === undefined) return undefined;
  const forMs = pick([1, 400, 900, 2_500, 8_000], chance)!;
  const ofAll = chance() < 0.3;
  const isGone = (one: Entry) =>
    isRequest(one) &&
    one.outcome === 'ok' &&
    one.connection === first.connection &&
    (ofAll || (one.from === first.from && one.to === first.to)) &&
    one.startMs >= first.startMs &&
    one.startMs < first.startMs + forMs;
  // Of a pair that nobody knows of nothing is missed.
  const pairsOf = (entries: History) =>
    new Set(
      entries.filter(isRequest).map(({ scenario, from, to, connection }) => [scenario, from, to, connection].join()),
    );
  const left = history.filter((one) => !isGone(one));
  if (pairsOf(left).size < pairsOf(history).size) return undefined;
  return {
    says: `${ofAll ? 'all were' : `${first.from} → ${first.to} was`} silent for ${forMs} ms from ${named(first)}`,
    history: left,
    weakens: 'support',
  };
};

const unseen: Mutate = (history, _chance, some) => {
  const entry = some(history, isRequest) as EntryOf<'request'> | undefined;
  if (entry === undefined) return undefined;
  return {
    says: `nobody saw the end of ${named(entry)}`,
    history: withEntry(history, entry, { outcome: 'info', unseen: true }),
    // What was lost is held against nobody then: that is another thing than less evidence of what was served.
    ...(entry.outcome === 'ok' && { weakens: 'support' }),
  };
};

/** The machine, or a node, had no processor while something went on. */
const busy: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('machine', 'request')) as EntryOf<'machine' | 'request'> | undefined;
  if (entry === undefined) return undefined;
  if (entry.kind === 'machine') {
    const next = pick<object>([{ lagMs: 400 }, { waitedMs: 1_000 }, { stolen: 0.5 }, { lagMs: 1 }], chance)!;
    const untilMs = entry.atMs + pick([0, 400, 1_500], chance)!;
    const isThen = (one: Entry) => one.kind === 'machine' && one.index >= entry.index && one.fromMs <= untilMs;
    return {
      says: `${named(entry)} and until ${untilMs.toFixed(0)} ms: ${JSON.stringify(next)}`,
      history: history.map((one) => (isThen(one) ? ({ ...one, ...next } as Entry) : one)),
    };
  }
  const waitedMs = pick([20, 120, 700], chance)!;
  const node = chance() < 0.5 ? entry.from : entry.to;
  const starved = { kind: 'starved', node, fromMs: entry.startMs, waitedMs, atMs: entry.startMs + 250 };
  return {
    says: `${node} waited ${waitedMs} ms for a processor from ${named(entry)}`,
    history: inserted(history, starved as Entry),
  };
};

/** Something happened earlier or later than it did, and stands where it then belongs. */
const shift: Mutate = (history, chance, some) => {
  const kinds = isOf('fault', 'authority', 'scenario', 'svid', 'bundle', 'capacity', 'readiness', 'presented', 'life');
  const entry = some(history, kinds);
  if (entry === undefined) return undefined;
  const byMs = pick([-4_000, -900, -150, 150, 900, 2_200, 6_000], chance)!;
  const others = history.filter((one) => one !== entry);
  return {
    says: `${named(entry)} came ${byMs} ms later`,
    history: inserted(others, { ...entry, atMs: entry.atMs + byMs }),
  };
};

/** The bounds that a scenario says are others. */
const bounds: Mutate = (history, chance, some) => {
  const entry = some(history, (one) => one.kind === 'scenario' && one.boundsMs !== undefined) as
    EntryOf<'scenario'> | undefined;
  if (entry === undefined) return undefined;
  const times = pick([0.02, 0.2, 3], chance)!;
  const boundsMs = Object.fromEntries(Object.entries(entry.boundsMs ?? {}).map(([name, ms]) => [name, ms * times]));
  return {
    says: `the bounds of ${entry.scenario} are ${times} of what they were`,
    history: withEntry(history, entry, { boundsMs }),
  };
};

/** An entry at the place of its time. */
function inserted(history: History, entry: Entry): History {
  const found = history.findIndex(({ atMs, kind }) => kind !== 'run-started' && atMs > entry.atMs);
  const at = found < 0 ? history.length : found;
  return renumbered([...history.slice(0, at), entry, ...history.slice(at)]);
}

/** What a pass rests on is not there: the proof or the mark of a fault, a mark of an authority, an answer, connections. */
const unsupported: Mutate = (history, chance, some) => {
  const isSupport = (entry: Entry) =>
    isOf('fault', 'authority', 'connections')(entry) || (entry.kind === 'readiness' && entry.answer === 'ready');
  const entry = some(history, isSupport);
  if (entry === undefined) return undefined;
  if (entry.kind === 'fault' && entry.provenBy !== undefined && chance() < 0.5)
    return {
      says: `${named(entry)} is not proven`,
      history: history.map((one) => (one === entry ? (withoutProof(entry) as Entry) : one)),
      weakens: 'support',
    };
  return {
    says: `without ${named(entry)}`,
    history: history.filter((one) => one !== entry),
    weakens: 'support',
  };
};

function withoutProof({ provenBy: _, ...entry }: EntryOf<'fault'>): object {
  return entry;
}

/** An SVID is otherwise: its end, its authority, its key; or a node shows one that it had before. */
const otherSvid: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('svid', 'presented', 'request'));
  if (entry === undefined) return undefined;
  const of = (node: string) => history.filter((one) => one.kind === 'svid' && one.node === node) as EntryOf<'svid'>[];
  if (entry.kind === 'svid') {
    const other = pick(chance() < 0.5 ? of(entry.node) : (history.filter(isOf('svid')) as EntryOf<'svid'>[]), chance)!;
    const ends = (byMs: number) => new Date(Date.parse(entry.notAfter) + byMs).toISOString();
    const next = pick<object>(
      [
        { publicKey: other.publicKey },
        { authority: other.authority },
        { authority: 'of a stranger' },
        { notAfter: ends(-2_000) },
        { notAfter: ends(2_000) },
      ],
      chance,
    )!;
    return { says: `${named(entry)}: ${JSON.stringify(next)}`, history: withEntry(history, entry, next) };
  }
  const node = entry.kind === 'presented' ? entry.node : entry.kind === 'request' ? entry.to : '';
  const other = pick(of(node), chance);
  if (other === undefined) return undefined;
  const svid = { spiffeId: other.spiffeId, serial: other.serial };
  return {
    says: `${named(entry)} shows the SVID of line ${other.index}`,
    history: withEntry(history, entry, entry.kind === 'presented' ? { svid } : { server: svid }),
  };
};

/** For a while a node is given no SVID, or takes up none that it is given. */
const stuck: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('svid')) as EntryOf<'svid'> | undefined;
  if (entry === undefined) return undefined;
  const { node, serial, atMs: fromMs } = entry;
  const toMs = fromMs + pick([700, 2_500, 9_000], chance)!;
  if (chance() < 0.5) {
    const isGone = (one: Entry) =>
      one.kind === 'svid' && one.node === node && one.seen === 'delivered' && one.atMs >= fromMs && one.atMs < toMs;
    return {
      says: `${node} was given no SVID from ${named(entry)} to ${toMs.toFixed(0)} ms`,
      history: history.filter((one) => !isGone(one)),
    };
  }
  const shown = { spiffeId: entry.spiffeId, serial };
  return {
    says: `${node} showed the SVID of line ${entry.index} until ${toMs.toFixed(0)} ms`,
    history: history.map((one) => {
      if (one.kind === 'request' && one.to === node && one.server && one.startMs >= fromMs && one.startMs < toMs)
        return { ...one, server: shown };
      const isCall = one.kind === 'presented' && one.node === node;
      return isCall && one.startMs >= fromMs && one.startMs < toMs ? { ...one, svid: shown } : one;
    }),
  };
};

/** A node ends, and may be started again a moment later. */
const ends: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('request', 'exchange')) as EntryOf<'request' | 'exchange'> | undefined;
  if (entry === undefined) return undefined;
  const node = entry.kind === 'exchange' ? entry.node : entry.to;
  if (!history.some((one) => one.kind === 'node' && one.node === node)) return undefined;
  const underWay = chance() < 0.5 ? [] : ['mesh/pinning/prefix as server: a row'];
  const life = (state: EntryOf<'life'>['state'], atMs: number) =>
    ({
      index: 0,
      kind: 'life',
      node,
      state,
      how: 'exited with code 1',
      atMs,
      ...(state === 'ended' && { underWay }),
    }) as const satisfies Entry;
  const ended = inserted(history, life('ended', entry.atMs));
  const startedAgain = chance() < 0.7;
  return {
    says: `${node} ended at line ${entry.index}${underWay.length > 0 ? ' of a row' : ''}${startedAgain ? ' and came back' : ''}`,
    history: startedAgain ? inserted(ended, life('started', entry.atMs + 300)) : ended,
  };
};

/** A node was told to stop and did not, or said that it is not ready. */
const fails: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('life', 'readiness'));
  if (entry === undefined) return undefined;
  const next = entry.kind === 'life' ? { state: 'overstayed' } : { answer: pick(['not-ready', 'none'], chance) };
  return { says: `${named(entry)}: ${JSON.stringify(next)}`, history: withEntry(history, entry, next) };
};

/** What an exchange shows of the node is otherwise. */
export const shows: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('exchange')) as EntryOf<'exchange'> | undefined;
  if (entry === undefined) return undefined;
  const next = pick<object>(
    [
      { unproven: 'expired: it ended long ago' },
      { shown: [] },
      { shown: ['spiffe://x0tta6bl4.mesh/service/somebody-else'], unproven: 'it is the SVID of somebody else' },
      { earlyDataBytes: [0, 16_384] },
      { path: pick(['whole', 'direct', 'incomplete'], chance) },
      { killed: true },
      { outcome: 'accepted', tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', resumed: true } },
      ...(entry.tls ? [{ tls: { ...entry.tls, resumed: !entry.tls.resumed } }] : []),
    ],
    chance,
  )!;
  return { says: `${named(entry)}: ${JSON.stringify(next)}`, history: withEntry(history, entry, next) };
};

/** Something says with a reason, or without one, that a clause does not apply to a node, in one role or in both. */
export const excuse: Mutate = (history, chance, some) => {
  const entry = some(history, isOf('exchange')) as EntryOf<'exchange'> | undefined;
  if (entry === undefined) return undefined;
  const { clause, node, role } = entry;
  const part = pick([{}, { node }, { node, role }], chance)!;
  const reason = chance() < 0.8 ? 'it does not offer that' : ' ';
  const isWhole = chance() < 0.5;
  const isAbout = (one: Entry) =>
    one.kind === 'exchange' && one.clause === clause && one.node === node && one.role === role;
  const left = isWhole ? history.filter((one) => !isAbout(one)) : history;
  return {
    says: `${clause} is skipped of ${JSON.stringify(part)}${isWhole ? ', and was not looked at there' : ''}`,
    history: renumbered([...left, { kind: 'skip', clause, ...part, reason, atMs: entry.atMs, index: 0 }]),
  };
};

export const scenarioMutations: readonly Mutate[] = [
  ...[lose, lose, lose, silence, silence, unseen, busy, busy],
  ...[shift, shift, bounds, unsupported, otherSvid, otherSvid, stuck, stuck, ends, fails, shows, shows, excuse],
];
