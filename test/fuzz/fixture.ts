import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
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
 * listener, asked for its host's ports and said that connections end with the SVID of their caller: nothing of the kind is in a gate's own mesh.
 */
export function asPromised(history: History): History {
  const kept = history.map((entry) =>
    entry.kind === 'plane-handshake' && entry.about === 'key-exchange' && entry.group !== postQuantum
      ? { ...entry, agreed: null, outcome: 'refused' as const }
      : entry,
  );
  const first = kept.findIndex(({ kind }) => kind === 'plane-handshake');
  if (first === -1) return kept;
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
