import type { Happening } from '../history.ts';
import type { NameKind } from './pseudonyms.ts';
import { withheld } from './told.ts';
import type { Words } from './words.ts';

/** What becomes of the value of a field. What is no text in the place of one is left out. */
type How = (value: unknown, words: Words) => unknown;

type OfKind<K extends Happening['kind']> = Extract<Happening, { readonly kind: K }>;
type FieldsOf<T> = { readonly [F in Exclude<keyof T, 'kind'>]-?: How };

/** Figures, times, ids of clauses and scenarios, and words that come from a fixed list: they stay. */
const keep: How = (value) => value;
const text =
  (rename: (value: string, words: Words) => string): How =>
  (value, words) =>
    value === null ? null : typeof value === 'string' ? rename(value, words) : undefined;
const name = (kind: NameKind): How => text((value, words) => words.name(value, kind));
const each =
  (how: How): How =>
  (value, words) =>
    Array.isArray(value) ? value.map((one) => how(one, words)) : undefined;
const parts =
  (fields: Readonly<Record<string, How>>): How =>
  (value, words) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? renamed(value, fields, words) : undefined;
/** Every part of a structure by its type. */
const shape = <T>(fields: FieldsOf<T>): How => parts(fields);

const node = name('node');
const id = text((value, words) => words.id(value));
const domain = text((value, words) => words.domain(value));
const address = text((value, words) => words.address(value));
const path = text((value, words) => words.path(value));
const label = text((value, words) => words.label(value));
const prose = text((value, words) => words.prose(value));
const said = text((value, words) => words.said(value));
// Of its words those stay that clauses are judged by.
const judged = text((value, words) => words.judged(value));
const leftOut = text(() => withheld);

const svid = shape<OfKind<'presented'>['svid']>({ spiffeId: id, serial: name('serial') });

const ownPlanes = new Set(['spire-server', 'bundle-endpoint', 'metrics', 'agent', 'listener']);
const nodePlane = 'mesh node ';
const plane = text((value, words) => {
  if (ownPlanes.has(value)) return value;
  if (!value.startsWith(nodePlane)) return words.label(value);
  return nodePlane + words.name(value.slice(nodePlane.length), 'node');
});
const policies = new Set(['tls1.3-only', 'tls1.2-or-newer', 'unix-socket', 'plaintext-loopback', 'plaintext']);
const policy = text((value, words) => (policies.has(value) ? value : words.prose(value)));

// As SPIRE writes it.
const status = text((value) => (/^(?:success|error)$/.test(value) ? value : withheld));

/** How the implementation of a node is told where it is Assay's own. */
export const reference = "Assay's reference node";
const implementation = text((value, words) => {
  if (value === reference || value === 'reference node' || value === 'SPIRE') return value;
  return value.startsWith('not started by Assay') ? words.prose(value) : words.name(value, 'program');
});

// Of the command nothing stays but what it does.
const command = text((value) => {
  const does = /^assay(?: (?:gate|certify|bench(?: (?:handshake|spire))?))?(?![\w-])/.exec(value)?.[0] ?? 'assay';
  return `${does} [redacted]`;
});

// Of the mesh that runs already the target file says it all; of others little stands there. What this version does not know is left out.
const targetNode = parts({ name: node, address, spiffeId: id, allows: each(id), critical: keep });
const faultAllowed: How = (value, words) =>
  typeof value === 'string' ? value : parts({ kind: keep, nodes: each(node), federated: keep })(value, words);
const target = parts({
  kind: text((value) => (/^(?:stood up by Assay|attached: not started by Assay)$/.test(value) ? value : withheld)),
  trustDomain: domain,
  nodeUnderTest: implementation,
  sync: keep,
  datastore: keep,
  file: path,
  workloadApi: address,
  spireServer: parts({
    ...{ address, admin: address, requirePqKem: keep },
    bundleEndpoint: parts({ address, profile: keep }),
  }),
  nodes: (value, words) => (typeof value === 'number' ? value : each(targetNode)(value, words)),
  node: name('program'),
  allow: parts({ faults: each(faultAllowed), write: keep, load: keep }),
});

/** The hash of a build of somebody's own names it to whoever has that build, and so may what stands behind its number. */
const versions: How = (value) =>
  typeof value !== 'object' || value === null
    ? undefined
    : Object.fromEntries(
        Object.entries(value).map(([program, version]) => [
          program,
          /^(?:\d+(?:\.\d+)*|[0-9a-f]{12}|unknown)(?=$|[\s-])/.exec(String(version))?.[0] ?? withheld,
        ]),
      );

/** What becomes of each field of each kind of entry: one that is added to the history does not compile until it stands here. */
const fields: { readonly [K in Happening['kind']]: FieldsOf<OfKind<K>> } = {
  'run-started': {
    ...{ id: keep, command, startedAt: keep, seed: keep, runtime: keep, versions, target, clauses: keep },
    redacted: keep,
  },
  'run-ended': { endedAt: keep, aborted: prose },
  phase: { phase: label, state: keep, wallClockOffMs: keep },
  node: {
    ...{ node, mesh: label, spiffeId: id, implementation, judged: keep, peers: each(node) },
    ...{ svidTtlSeconds: keep, syncIntervalMs: keep, uptakeMs: keep, uptakeAssumed: keep, critical: keep },
    calledAs: id,
  },
  scenario: {
    scenario: keep,
    state: keep,
    hypothesis: keep,
    clauses: keep,
    loadShare: keep,
    light: keep,
    boundsMs: keep,
  },
  exchange: {
    ...{ clause: keep, row: label, node, role: keep, expect: keep, control: label, outcome: keep, how: prose },
    ...{
      tls: parts({ version: keep, cipher: keep, resumed: keep }),
      as: id,
      named: id,
      shown: each(id),
      unproven: prose,
      path: keep,
      earlyDataBytes: keep,
    },
    ...{ killed: keep, untried: keep, tookMs: keep },
  },
  leaf: {
    ...{ node, role: keep, how: prose },
    says: shape<NonNullable<OfKind<'leaf'>['says']>>({
      ...{ uriSans: each(id), subjectIsEmpty: keep, namesAreCritical: keep, isCa: keep },
      ...{ keyUsage: keep, keyUsageIsCritical: keep, extendedKeyUsage: keep },
    }),
  },
  plane: { plane, address, policy, why: prose },
  'plane-handshake': {
    ...{ plane, address, about: keep, version: keep, group: keep, agreed: keep, unproven: prose },
    ...{ outcome: keep, how: prose },
  },
  listener: {
    ...{ plane, address, answered: keep },
    boundTo: each(shape<OfKind<'listener'>['boundTo'][number]>({ address, loopback: keep })),
  },
  'port-scan': { host: address, names: each(address), from: keep, to: keep, open: keep, left: keep },
  request: {
    ...{ scenario: keep, from: label, to: label, connection: keep, outcome: keep, dueMs: keep, startMs: keep },
    ...{ handshakeMs: keep, totalMs: keep, resumed: keep, client: svid, server: svid, openedMs: keep, unseen: keep },
    detail: text(detail),
  },
  capacity: {
    ...{ mesh: label, node, bearsPerSecond: keep, loadPerSecond: keep, share: keep, p99Ms: keep, count: keep },
  },
  machine: { source: label, fromMs: keep, lagMs: keep, waitedMs: keep, stolen: keep },
  starved: { node, fromMs: keep, waitedMs: keep },
  presented: { scenario: keep, node, role: keep, svid, startMs: keep },
  life: { node, state: keep, how: prose, lastWords: said, underWay: each(label), tookMs: keep, graceMs: keep },
  readiness: { scenario: keep, node, answer: keep, how: prose, fromMs: keep, times: keep },
  connections: { node, what: label, opened: keep, atOnce: keep },
  svid: {
    ...{ node, seen: keep, spiffeId: id, serial: name('serial'), notBefore: keep, notAfter: keep },
    ...{ authority: name('authority'), publicKey: name('key') },
  },
  bundle: { node, trustDomain: domain, authorities: each(name('authority')) },
  authority: { mesh: label, state: keep, authority: name('authority') },
  fault: {
    ...{ scenario: keep, fault: keep, target: label, nodes: each(node), state: keep, provenBy: prose },
    withinMs: keep,
  },
  token: {
    ...{ trial: keep, control: keep, row: label, token: label, outcome: keep, code: keep, message: judged },
    ...{ beganMs: keep, endedMs: keep, from: address, secondsToExpiry: keep },
    svid: shape<NonNullable<OfKind<'token'>['svid']>>({ spiffeId: id, fault: prose }),
  },
  'audit-log': {
    records: each(
      shape<OfKind<'audit-log'>['records'][number]>({
        ...{ status, token: label, caller: address, writtenMs: keep, message: judged },
      }),
    ),
  },
  search: {
    ...{ whole: keep, places: each(label), tokens: each(label), keys: each(label) },
    found: each(shape<OfKind<'search'>['found'][number]>({ secret: label, place: label, form: keep })),
  },
  'token-life': { token: label, askedSeconds: keep, livesSeconds: keep, message: judged },
  skip: { clause: keep, node, role: keep, reason: prose, moot: keep, allowedInVain: keep },
  written: { what: prose, at: address, until: keep, then: prose, undone: keep },
  'bench-row': {
    ...{ row: label, times: keep, generator: keep, loop: keep, verifies: keep, node: label, implementation },
    ...{ phase: keep, resumed: keep, key: keep, group: keep, chain: keep, serverOnly: keep, atMost: keep },
    ...{ arrivals: keep, wantedPerSecond: keep, seconds: keep, rounds: keep, again: label, yardstick: keep, on: keep },
    shards: keep,
  },
  'bench-window': {
    ...{ row: label, round: keep, state: keep, cut: keep, failed: prose, cpuMs: keep, wallMs: keep, inFlight: keep },
    ...{ due: keep, nodeCpuMs: keep },
  },
  'bench-samples': { row: label, round: keep, samples: keep },
  'bench-lost': { row: label, round: keep, dueMs: keep, begunMs: keep, tookMs: keep, detail: judged },
  'bench-told': { row: label, count: keep, errors: keep, perSecond: keep, handshakeMs: keep },
  'bench-machine': {
    ...{ row: label, loadAverage: keep, processors: keep, stolen: keep, others: keep, runQueue: keep },
    throttledMs: keep,
  },
  accepted: { clause: keep, reason: leftOut, owner: name('person'), until: keep, file: path, sha256: leftOut },
  objective: { objective: keep, percentile: keep, boundMs: keep },
  baseline: {
    ...{ run: keep, generator: keep, row: label, figures: keep, slowed: each(prose), besideSlowed: each(prose) },
    ...{ elsewhere: keep, allowed: keep },
  },
  pass: { pass: keep, state: keep, title: keep, cannotShow: each(prose), leavesOut: keep },
  'self-test': { state: keep, madeAt: keep, kept: keep, cores: keep, versions, code: keep, again: keep, leftOut: keep },
  impostor: { impostor: keep, breaks: keep, outcome: keep, said: prose },
  conformer: {
    ...{ conformer: keep, by: label, outcome: keep },
    said: each(shape<OfKind<'conformer'>['said'][number]>({ clause: keep, reason: prose })),
  },
  trouble: {
    ...{ clauses: keep, message: prose, evenFails: keep, notBefore: keep },
    notReady: each(
      shape<NonNullable<OfKind<'trouble'>['notReady']>[number]>({ node, how: prose, lastWords: said, log: path }),
    ),
  },
};

/** Of a call between nodes: the verdict of who called, and the words of its own. */
function detail(value: string, words: Words): string {
  const found = /^((?:accepted|refused|error)(?:, by (?:nobody|\S+))?): (.*)$/s.exec(value);
  return found === null ? words.prose(value) : `${words.prose(found[1]!)}: ${words.said(found[2]!)}`;
}

/** An entry with its names replaced. What this version does not know of is left out. */
export function renamedEntry<E extends Happening>(entry: E, words: Words): E {
  const own: Readonly<Record<string, How>> = { index: keep, atMs: keep, kind: keep, ...fields[entry.kind] };
  return renamed(entry, own, words) as E;
}

function renamed(value: object, fields: Readonly<Record<string, How>>, words: Words): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]: [string, unknown]) => {
      const how = Object.hasOwn(fields, key) ? fields[key] : undefined;
      const made = how?.(one, words);
      return made === undefined ? [] : [[key, made]];
    }),
  );
}
