import type { Entry, History } from '../../src/history.ts';
import { excuse, scenarioMutations, shows } from './mutate-scenarios.ts';
import { named, pick, renumbered, withEntry, type Chance, type Mutate, type Mutation, type Some } from './mutation.ts';

/** Entries that are judged together: those of a clause, of a trial, of a kind. */
function groupOf(entry: Entry): string {
  if (entry.kind === 'exchange') return `exchange ${entry.clause}`;
  if (entry.kind === 'token') return `token ${entry.trial}`;
  if (entry.kind === 'plane-handshake') return `plane-handshake ${entry.plane} ${entry.about}`;
  if (entry.kind === 'request') return `request ${entry.scenario} ${entry.connection}`;
  if (entry.kind === 'svid') return `svid ${entry.node} ${entry.seen}`;
  if (entry.kind === 'fault') return `fault ${entry.scenario}`;
  return entry.kind;
}

/** Entries by chance, more than half of them from one group: changes that are spread over all clauses meet in none. */
function someFocused(history: History, chance: Chance): Some {
  const focus = pick([...new Set(history.map(groupOf))], chance);
  return (latest, from) => {
    const groups = Map.groupBy(latest.filter(from), groupOf);
    const group = chance() < 0.6 && focus !== undefined && groups.has(focus) ? focus : pick([...groups.keys()], chance);
    return pick(groups.get(group ?? '') ?? [], chance);
  };
}

// A history begins with its first line, or is none; and whoever takes part in it was declared.
const always = ({ kind }: Entry) => kind !== 'run-started' && kind !== 'node';

const drop: Mutate = (history, _chance, some) => {
  const entry = some(history, always);
  if (entry === undefined) return undefined;
  return { says: `without ${named(entry)}`, history: history.filter((one) => one !== entry) };
};

const twice: Mutate = (history, _chance, some) => {
  // Two nodes or scenarios of one name are no history.
  const entry = some(history, (one) => always(one) && one.kind !== 'scenario');
  if (entry === undefined) return undefined;
  const next = history.flatMap((one) => (one === entry ? [one, one] : [one]));
  return { says: `${named(entry)} twice`, history: renumbered(next) };
};

const move: Mutate = (history, chance, some) => {
  const entry = some(history, always);
  if (entry === undefined) return undefined;
  const others = history.filter((one) => one !== entry);
  const to = 1 + Math.floor(chance() * others.length);
  return {
    says: `${named(entry)} moved to line ${to + 1}`,
    history: renumbered([...others.slice(0, to), entry, ...others.slice(to)]),
  };
};

const cut: Mutate = (history, chance) => {
  const [one, other] = [chance(), chance()].map((at) => Math.floor(at * history.length));
  const [from, to] = [Math.max(1, Math.min(one!, other!)), Math.max(one!, other!)];
  // A short window: a cut through the middle would leave nothing of most histories.
  const end = Math.min(to, from + Math.floor(history.length / 10));
  return {
    says: `without lines ${from + 1} to ${end}`,
    history: history.filter((entry, at) => at < from || at >= end || !always(entry)),
  };
};

const outcomes: Readonly<Record<string, readonly string[]>> = {
  exchange: ['accepted', 'refused', 'unknown'],
  'plane-handshake': ['accepted', 'refused', 'unknown'],
  token: ['attested', 'refused', 'unknown'],
};

const flip: Mutate = (history, chance, some) => {
  const entry = some(history, ({ kind }) => kind in outcomes);
  if (entry === undefined) return undefined;
  const outcome = pick(outcomes[entry.kind]!, chance)!;
  return {
    says: `${named(entry)} came to ${outcome}`,
    history: withEntry(history, entry, { outcome }),
  };
};

/** Nobody knows what came of it: all that was seen of its end is gone. Who took part in it was seen before that. */
const blur: Mutate = (history, _chance, some) => {
  const entry = some(history, ({ kind }) => kind in outcomes);
  if (entry === undefined) return undefined;
  const gone = ['code', 'message', 'svid', 'tls', 'named', 'earlyDataBytes'];
  const left = Object.fromEntries(Object.entries(entry).filter(([key]) => !gone.includes(key)));
  const next = { ...left, outcome: 'unknown', ...(entry.kind === 'plane-handshake' && { agreed: null }) };
  return {
    says: `nobody knows what came of ${named(entry)}`,
    history: history.map((one) => (one === entry ? (next as Entry) : one)),
    ...(!isLeftAlone(entry) && { weakens: 'outcome' }),
  };
};

/** What comes to either decides nothing; and what a node shows, and which tickets it gives, counts where it came with an acceptance. */
function isLeftAlone(entry: Entry): boolean {
  if (entry.kind !== 'exchange') return false;
  const allows = entry.earlyDataBytes?.some((bytes) => bytes > 0) === true;
  return entry.expect === 'either' || allows || entry.unproven !== undefined || entry.shown?.length === 0;
}

/** A control is not there: nothing stands beside what was tried any more. */
const alone: Mutate = (history, _chance, some) => {
  const isControl = (entry: Entry) =>
    (entry.kind === 'exchange' && entry.expect === 'accepted' && entry.outcome === 'accepted') ||
    (entry.kind === 'token' && entry.control !== undefined && entry.outcome === 'attested');
  const entry = some(history, isControl);
  if (entry === undefined) return undefined;
  return {
    says: `without the control of line ${entry.index}`,
    history: history.filter((one) => one !== entry),
    weakens: 'control',
  };
};

/** Another value in the place of one, of the kind that stands there: a number a little or far off, a yes for a no, a name for another. */
const change: Mutate = (history, chance, some) => {
  const entry = some(history, ({ kind }) => kind !== 'run-started');
  if (entry === undefined) return undefined;
  // Two nodes or scenarios of one name, one that begins with its bounds, who calls itself, or an SVID that was seen for the first time twice, are no history.
  const own =
    { node: ['node'], request: ['from', 'to'], scenario: ['scenario', 'state', 'clauses'], svid: ['serial'] }[
      entry.kind as string
    ] ?? [];
  const fixed = ['kind', 'index', 'atMs', 'clause', ...own];
  const fields = Object.entries(entry).filter(([key]) => !fixed.includes(key));
  const field = pick(fields, chance);
  if (field === undefined) return undefined;
  const [key, old] = field as [string, unknown];
  const value = otherThan(old, key, history, entry, chance);
  return {
    says: `${named(entry)}: ${key} is ${JSON.stringify(value)}`,
    history: withEntry(history, entry, { [key]: value }),
  };
};

function otherThan(old: unknown, key: string, history: History, entry: Entry, chance: Chance): unknown {
  if (typeof old === 'boolean') return !old;
  if (typeof old === 'number') {
    const value = pick([old - 1_500, old - 1, old + 1, old + 600, old + 2_500, -old, 0], chance)!;
    // Only what counts down to an instant goes on past it.
    return key === 'secondsToExpiry' ? value : Math.max(0, value);
  }
  if (Array.isArray(old)) return changedList(old, chance);
  // What the same field says elsewhere, or nothing where it need not be there.
  const elsewhere = history.filter((one) => one.kind === entry.kind && one !== entry);
  return (pick(elsewhere, chance) as unknown as Record<string, unknown> | undefined)?.[key] ?? old;
}

function changedList(old: readonly unknown[], chance: Chance): unknown[] {
  const at = Math.floor(chance() * old.length);
  if (chance() < 0.5) return old.filter((_, place) => place !== at);
  const [one, other] = [old[at], pick(old, chance)];
  if (typeof one !== 'object' || one === null) return [...old, ...(other === undefined ? [] : [other])];
  const [key, value] = pick(Object.entries(one), chance) ?? ['', undefined];
  const shifted = typeof value === 'number' ? value + 3_000 : (other as Record<string, unknown>)[key];
  return old.map((item, place) => (place === at ? { ...one, [key]: shifted } : item));
}

/** A certificate says another thing than it did, or nothing of it. */
const missay: Mutate = (history, chance, some) => {
  const entry = some(history, (one) => one.kind === 'leaf' && one.says !== undefined);
  if (entry?.kind !== 'leaf' || entry.says === undefined) return undefined;
  const [field, old] = pick(Object.entries(entry.says), chance)!;
  const usages = ['digitalSignature', 'keyCertSign', 'cRLSign', 'serverAuth', 'spiffe://elsewhere/service'];
  const more = pick(usages, chance)!;
  const before = Array.isArray(old) ? (old as string[]) : [];
  // It always has a list of names.
  const none = field === 'uriSans' ? [] : null;
  const value = typeof old === 'boolean' ? !old : pick([none, [], [more], [...before, more]], chance)!;
  return {
    says: `${named(entry)} says of ${field}: ${JSON.stringify(value)}`,
    history: withEntry(history, entry, { says: { ...entry.says, [field]: value } }),
  };
};

const offers: readonly Mutate[] = [drop, twice, move, cut, flip, flip, flip, blur, blur, alone, missay, change, change];

/** One to five changes after each other; each on what the one before it left. */
export function mutated(history: History, chance: Chance): Mutation[] {
  const mutations: Mutation[] = [];
  const many = 1 + Math.floor(chance() * 5);
  const some = someFocused(history, chance);
  // Where something goes on over time, more can be otherwise.
  const all = history.some(({ kind }) => kind === 'scenario')
    ? [...offers, ...scenarioMutations]
    : [...offers, shows, excuse];
  for (let latest = history; mutations.length < many;) {
    const next = pick(all, chance)!(latest, chance, some);
    if (next === undefined) continue;
    mutations.push(next);
    latest = next.history;
  }
  return mutations;
}
