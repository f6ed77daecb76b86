import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { strangersAtTheDoor } from '../../src/checkers/door.ts';
import { postQuantum } from '../../src/checkers/planes.ts';
import type { Entry, EntryOf, Happening, History } from '../../src/history.ts';
import type { Part } from './oracles/oracles.ts';

/** Where the part of a real history stands that some oracles read: of a gate that passed. */
export function fixturePath({ name }: Part): string {
  return fileURLToPath(new URL(`./gate-${name}.jsonl.gz`, import.meta.url));
}

export function readFixture(part: Part): History {
  return gunzipSync(readFileSync(fixturePath(part)))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
}

/**
 * The same as if SPIRE's switch require_pq_kem did what it promises, which in 1.15.3 it does not, and as if a target file had declared a further
 * listener, asked for its host's ports, said that connections end with the SVID of their caller, and given commands that restart and pause a
 * service: nothing of the kind is in a gate's own mesh.
 */
export function asPromised(history: History): History {
  const kept = history.map((entry) =>
    entry.kind === 'plane-handshake' && entry.about === 'key-exchange' && entry.group !== postQuantum
      ? { ...entry, agreed: null, outcome: 'refused' as const }
      : entry,
  );
  const first = kept.findIndex(({ kind }) => kind === 'plane-handshake');
  if (first === -1) return withComings(kept);
  const { atMs } = kept[first]!;
  const skips = new Set(['mesh/planes/node-listeners', 'mesh/planes/nothing-undeclared', onConnections]);
  const left = kept.filter((entry) => entry.kind !== 'skip' || !skips.has(entry.clause));
  return [
    ...left.slice(0, first),
    ...[...declaredBeside, ...connectionsOf(history)].map((one) => ({ ...one, index: 0, atMs })),
    ...left.slice(first),
  ].map((entry, at) => ({ ...entry, index: at + 1 }));
}

const onConnections = 'mesh/tls/connection-not-past-svid';
function connectionsOf(history: History): Happening[] {
  return history.flatMap((entry) =>
    entry.kind === 'node' && entry.judged
      ? (['accepted', 'refused', 'accepted'] as const).map((outcome): Happening => ({
          ...{ kind: 'exchange', clause: onConnections, row: 'a connection', node: entry.node, role: 'server' },
          ...{ control: `standing/${entry.node}`, expect: outcome, outcome, how: 'answered', tookMs: 1 },
        }))
      : [],
  );
}

const [furtherHost, furtherPort] = ['127.0.0.9', 9_443];
const further = { plane: 'listener', address: `${furtherHost}:${furtherPort}` } as const;
const declaredBeside: readonly Happening[] = [
  { kind: 'plane', ...further, policy: 'tls1.3-only', why: 'declared so' },
  ...(['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const).map((version, at): Happening => ({
    ...{ kind: 'plane-handshake', ...further, about: 'versions', version },
    ...(at === 0
      ? { agreed: version, outcome: 'accepted', how: 'answered' }
      : { agreed: null, outcome: 'refused', how: 'alert' }),
  })),
  { kind: 'port-scan', host: furtherHost, names: [furtherHost], from: 9_000, to: 9_999, open: [furtherPort], left: 0 },
];

/** The same with a service that its owners restart and pause, which nobody does in a gate's own mesh. */
function withComings(history: History): History {
  const { node, mesh, spiffeId } = history.find((entry) => entry.kind === 'node' && entry.judged) as EntryOf<'node'>;
  const lastMs = history.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  const skips = new Set(Object.values(comings).flatMap(({ refuses, isBack }) => [refuses, isBack]));
  const left = history.filter((entry) => entry.kind !== 'skip' || !skips.has(entry.clause));
  const beside = history.filter(
    (entry): entry is EntryOf<'node'> =>
      entry.kind === 'node' && entry.judged && entry.mesh === mesh && entry.node !== node,
  );
  return [
    ...left,
    ...coming('commanded-restart', { node, spiffeId }, lastMs + 1_000, beside),
    ...coming('commanded-pause', { node, spiffeId }, lastMs + 11_000, beside),
  ].map((entry, at) => ({ ...entry, index: at + 1 }));
}

const comings: Readonly<Record<string, { readonly refuses: string; readonly isBack: string; readonly fault: string }>> =
  {
    'commanded-restart': {
      ...{ refuses: 'mesh/restart/strangers-refused', isBack: 'mesh/restart/comes-back', fault: 'restart' },
    },
    'commanded-pause': {
      ...{ refuses: 'mesh/pause/strangers-refused', isBack: 'mesh/pause/comes-back', fault: 'pause' },
    },
  };

/** One scenario in which a service is away for a second, and is called twenty times a second. */
function coming(
  scenario: string,
  { node, spiffeId }: Pick<EntryOf<'node'>, 'node' | 'spiffeId'>,
  fromMs: number,
  beside: readonly EntryOf<'node'>[],
): Entry[] {
  const { refuses, isBack, fault } = comings[scenario]!;
  const marked = { kind: 'scenario', scenario, hypothesis: 'it holds', clauses: [refuses, isBack] } as const;
  const control = `${refuses}/${node}/server`;
  const call = (
    row: string,
    expect: 'accepted' | 'refused' | 'either',
    outcome: 'accepted' | 'refused',
  ): Happening => ({
    ...{ kind: 'exchange', clause: expect === 'either' ? isBack : refuses, row, node, role: 'server', expect, control },
    ...{ outcome, how: 'alert or answer', tookMs: 4 },
    ...(row !== strangersAtTheDoor.inTheClear && { shown: [spiffeId] }),
  });
  const right = 'the right identity';
  const rows = [right, ...Object.values(strangersAtTheDoor)];
  const mark = (state: 'injected' | 'in-force' | 'healing' | 'healed'): Happening => ({
    ...{ kind: 'fault', scenario, fault, target: node, state, provenBy: 'it was seen' },
    ...(state === 'injected' && fault === 'restart' && { withinMs: 5_000 }),
  });
  const steps: (readonly [number, Happening])[] = [
    [0, { ...marked, state: 'begun' }],
    ...beside.flatMap((one) =>
      [refuses, isBack].map((clause): [number, Happening] => [
        1,
        { kind: 'skip', clause, node: one.node, reason: 'no command for it' },
      ]),
    ),
    [10, call(right, 'accepted', 'accepted')],
    [100, mark('injected')],
    [200, mark('in-force')],
    [900, mark('healing')],
    [1_200, mark('healed')],
    ...Array.from({ length: 150 }, (_, at): [number, Happening] => {
      const row = rows[at % rows.length]!;
      const isRight = row === right;
      return [1_210 + 40 * at, call(row, isRight ? 'either' : 'refused', isRight ? 'accepted' : 'refused')];
    }),
    [7_500, call(right, 'accepted', 'accepted')],
    [7_600, { ...marked, state: 'ended', boundsMs: { back: 30_000, looked: 3_000 } }],
  ];
  return steps.map(([atMs, happening]) => ({ index: 0, atMs: fromMs + atMs, ...happening }));
}

/** What some oracles read of a history, with its lines numbered anew, packed. Names of this machine are not kept. */
export function reduced(history: History, part: Part): Buffer {
  const read = history.filter((entry) => part.reads(entry));
  const kept = (part.name === 'scenarios' ? thinned(read) : read).map(withoutMachine);
  const lines = kept.map((entry, at) => JSON.stringify({ ...entry, index: at + 1 }));
  return gzipSync(`${lines.join('\n')}\n`, { level: 9 });
}

const oneOf = 8;

/**
 * A gate calls its nodes some two hundred times a second, of which a few show as much: of each pair of the probe with many calls one of eight
 * is kept, and the load that the nodes bear is said to be an eighth too. What is left out stands in entries of its own, as connections count.
 */
function thinned(history: History): History {
  const meshes = new Map(
    history.flatMap((entry) => (entry.kind === 'node' ? [[entry.node, entry.mesh] as const] : [])),
  );
  const ofProbe = history.filter(isNewRequest).filter(({ from, outcome }) => !meshes.has(from) && outcome === 'ok');
  const pairs = Map.groupBy(ofProbe, ({ scenario, to }) => `${scenario} ${to}`);
  const many = [...pairs.values()].filter(({ length }) => length >= 100);
  const gone = new Set<Entry>(many.flatMap((pair) => pair.filter((_, at) => at % oneOf > 0)));
  const lighter = new Set(many.flatMap((pair) => pair.map(({ to }) => meshes.get(to))));
  return history.flatMap((entry): Entry[] => {
    if (gone.has(entry)) return [];
    if (entry.kind === 'capacity' && lighter.has(entry.mesh)) return [{ ...entry, share: entry.share / oneOf }];
    if (entry.kind !== 'connections') return [entry];
    const leftOut = [...gone].filter((request) => isNewRequest(request) && request.to === entry.node).length;
    const rounds = history.filter((one) => one.kind === 'connections' && one.node === entry.node).length;
    const what = 'requests that are left out here';
    return [{ ...entry, what, opened: Math.ceil(leftOut / rounds), atOnce: 1 }, entry];
  });
}

const isNewRequest = (entry: Entry): entry is EntryOf<'request'> =>
  entry.kind === 'request' && entry.connection === 'new';

function withoutMachine(entry: Entry): Entry {
  if (entry.kind === 'run-started') return { ...entry, command: 'assay gate', versions: {}, target: {} };
  if (entry.kind === 'token-life' && entry.message !== undefined)
    return { ...entry, message: entry.message.replace(/ at unix:\S+:/, ':') };
  return entry;
}
