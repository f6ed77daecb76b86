import type { Clause } from '../src/clause.ts';
import type { Entry, Happening } from '../src/history.ts';
import { promises } from '../src/promises.ts';
import { requirements, type CataloguedRequirement } from '../src/requirements/catalogue.ts';
import { documentOf } from '../src/requirements/documents.ts';
import { seeded } from '../src/statistics/seeded.ts';
import { thousandths } from '../src/thousandths.ts';
import type { ClauseVerdict } from '../src/verdict.ts';
import type { SampleRun } from './sample-run.ts';

/** How large a run is, and whether all of it held. */
export interface RunSize {
  readonly clauses: number;
  readonly scenarios: number;
  readonly holds: boolean;
}

const id = (name: string) => `spiffe://x0tta6bl4.mesh/service/${name}`;
const nodes = ['frontend', 'backend', 'payments-settlement-worker-eu-central-1'] as const;
const scenarioMs = 9_000;
const perSecond = 120;

/**
 * A run of as many clauses and scenarios as are wanted, for tests of the page and for looking at it: the same each time. Its clauses are made of
 * the requirements of the catalogue, so that there are hundreds of them in the words that they will have.
 */
export function sizedRun({ clauses: count, scenarios, holds }: RunSize): SampleRun {
  const chance = seeded(count + scenarios);
  const happenings: [number, Happening][] = [];
  const add = (atMs: number, happening: Happening) => happenings.push([atMs, happening]);
  const verdicts = Array.from({ length: count }, (_, at) => verdictOf(at, holds));
  const clauses = spread(requirements, count).map((requirement, at) => clauseOf(requirement, at, verdicts[at]!));
  start(add, clauses);
  clauses.forEach((clause, at) => observe(add, clause, 1_000 + at * 3));
  const beganMs = 1_500 + count * 3;
  for (let at = 0; at < scenarios; at++)
    scenario(add, chance, {
      ...{ at, fromMs: beganMs + at * scenarioMs, holds },
      decides: clauses.filter((_, nth) => nth % scenarios === at % count).map(({ id }) => id),
    });
  const endMs = beganMs + scenarios * scenarioMs + 500;
  add(endMs, { kind: 'run-ended', endedAt: new Date(Date.UTC(2026, 10, 22, 9, 30) + endMs).toISOString() });
  const history = happenings
    .sort(([a], [b]) => a - b)
    .map(([atMs, happening], at): Entry => ({ index: at + 1, atMs: thousandths(atMs), ...happening }));
  return { history, clauses };
}

type Add = (atMs: number, happening: Happening) => void;

/** As many as are wanted, from all of them. */
function spread<T>(all: readonly T[], count: number): T[] {
  if (count > all.length) throw new RangeError(`${count} clauses: the catalogue has ${all.length} requirements`);
  return Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)]!);
}

function verdictOf(at: number, holds: boolean): ClauseVerdict {
  if (at % 31 === 3) return 'skipped';
  if (at % 97 === 11) return 'deviation';
  if (!holds && at % 89 === 2) return 'fail';
  if (!holds && at % 73 === 5) return 'inconclusive';
  return 'pass';
}

const subjects = {
  validator: 'validation',
  issuer: 'issuing',
  operator: 'deployment',
  'workload-api-server': 'server',
  'workload-api-client': 'client',
  'bundle-endpoint-server': 'endpoint',
  'bundle-endpoint-client': 'fetching',
} as const satisfies Readonly<Record<CataloguedRequirement['subject'], string>>;

function clauseOf(requirement: CataloguedRequirement, at: number, verdict: ClauseVerdict): Clause {
  const { id: catalogue, level, source, rule, subject, mutant } = requirement;
  const document = documentOf(catalogue)!.toLowerCase();
  const obligation = [...rule.toLowerCase().matchAll(/[a-z0-9]{3,}/g)].slice(0, 9).join('-');
  const promise = promises[at % (promises.length * 2)]?.id ?? null;
  return {
    ...{
      catalogue,
      level,
      spec: source,
      danger: mutant ?? '',
      title: rule.replace(/\.$/, ''),
      promise,
      roles: [],
      subject,
    },
    id: `${document}/${subjects[subject]}/${obligation}-${at}`,
    judge: (history, { id }) => {
      const evidence = history.filter((entry) => 'clause' in entry && entry.clause === id).map(({ index }) => index);
      return { verdict, reason: reasons[verdict], evidence };
    },
  };
}

const reasons: Readonly<Record<ClauseVerdict, string>> = {
  pass: 'refused in both roles by each of 3 nodes, and accepted before and after with a valid identity',
  fail: `${nodes[2]} let in what it has to refuse: it answered 200 to ${id('a-neighbour-whose-name-is-longer-than-anybody-would-choose/and-has-a-path/of-many/segments')}`,
  inconclusive: `the control of ${nodes[2]} was refused before: ECONNRESET, and after three more times: nothing can be told from a refusal beside it`,
  skipped: 'the node answers 501 to POST /dial, so its client side cannot be asked',
  deviation: 'SPIRE 1.15.3 is known to do so (spire#5511): the registration API takes what the document forbids',
};

function start(add: Add, clauses: readonly Clause[]): void {
  add(0, {
    ...{
      kind: 'run-started',
      id: '20261122-093000-51ze',
      command: 'assay certify --seed 7',
      seed: 7,
      runtime: 'process',
    },
    startedAt: '2026-11-22T09:30:00.000Z',
    versions: { assay: '0.1.0', node: '24.21.0', openssl: '3.5.4', spire: '1.15.3', toxiproxy: '2.12.0' },
    target: { trustDomain: 'x0tta6bl4.mesh', node: './mesh-node --verbose', nodes: nodes.length },
    clauses: clauses.map((clause) => clause.id),
  });
  for (const node of nodes) {
    add(900, {
      ...{ kind: 'node', node, mesh: 'steady', spiffeId: id(node), implementation: './mesh-node', judged: true },
      ...{ svidTtlSeconds: 6, syncIntervalMs: 1_000, uptakeMs: 2_000 },
    });
    add(900, {
      ...{ kind: 'plane', plane: node, address: '127.66.3.1:24817', policy: 'tls1.3-only' },
      why: 'carries all service traffic',
    });
  }
}

/** What decides a clause: it was offered beside its control, to each node. */
function observe(add: Add, { id: clause, title }: Clause, fromMs: number): void {
  nodes.forEach((node, at) => {
    add(fromMs + at, {
      ...{ kind: 'exchange', clause, row: title, node, role: 'server', expect: 'refused', control: 'valid' },
      ...{ outcome: 'refused', how: 'alert bad_certificate (42) before any data', tookMs: 3.1 },
    });
  });
}

interface SizedScenario {
  readonly at: number;
  readonly fromMs: number;
  readonly holds: boolean;
  readonly decides: readonly string[];
}

const events = [
  ['outage-of-the-server', 'An outage of the server that is shorter than half of an SVID’s life refuses no handshake.'],
  [
    'agent-restart',
    'While the agents are stopped and started again no request fails, and new SVIDs come within the bound.',
  ],
  [
    'clock-skew-beyond-the-leeway-of-every-verifier',
    'A clock that is off by more than any leeway lets no expired SVID in.',
  ],
  ['slow-disk', 'A datastore that is slow delays renewal within the bound, and no request.'],
] as const;

function scenario(add: Add, chance: () => number, { at, fromMs, holds, decides }: SizedScenario): void {
  const [event, hypothesis] = events[at % events.length]!;
  const name = `${event}-${at + 1}`;
  const toMs = fromMs + scenarioMs - 300;
  const mark = { kind: 'scenario', scenario: name, hypothesis, clauses: decides } as const;
  add(fromMs, { ...mark, state: 'begun', boundsMs: { longestCut: 3_000, rotationAfterHeal: 750 } });
  const faulted = nodes.slice(0, 1 + (at % nodes.length));
  for (const [nth, target] of faulted.entries()) {
    const states = [
      ['injected', 2_000, undefined],
      ['in-force', 2_080, `dial of the SPIRE server from ${target}: reset, where 40 ms before it connected`],
      ['healing', 5_000, undefined],
      ['healed', 5_060, `dial of the SPIRE server from ${target}: connected again`],
    ] as const;
    for (const [state, afterMs, provenBy] of states)
      add(fromMs + afterMs + nth * 30, {
        ...{ kind: 'fault', scenario: name, fault: 'partition', target, state, ...(provenBy && { provenBy }) },
      });
  }
  for (const [which, node] of nodes.entries()) {
    for (let n = 0; n < 8; n++) {
      const serial = (0x5a17_0000 + which * 0x1000 + at * 16 + n).toString(16);
      const svid = {
        ...{ node, spiffeId: id(node), serial, authority: '3f9a1c77d2e04b51', publicKey: `sha256:${serial}` },
        ...{ notBefore: '2026-11-22T09:29:50.000Z', notAfter: '2026-11-22T09:30:06.000Z' },
      };
      add(fromMs + 300 + n * 1_000 + which * 130, { kind: 'svid', seen: 'delivered', ...svid });
      add(fromMs + 345 + n * 1_000 + which * 150, { kind: 'svid', seen: 'presented', ...svid });
    }
  }
  for (let dueMs = fromMs + 100; dueMs < toMs - 100; dueMs += 1_000 / perSecond) {
    const lost = !holds && at % 7 === 3 && dueMs > fromMs + 2_100 && dueMs < fromMs + 2_300;
    const handshakeMs = thousandths(1.6 * Math.exp(chance() * 0.9) + (chance() < 0.01 ? chance() * 22 : 0));
    add(dueMs + handshakeMs + 1, {
      ...{ kind: 'request', scenario: name, from: 'load', to: nodes[1], connection: 'new', dueMs: thousandths(dueMs) },
      ...{ startMs: thousandths(dueMs + 0.2), totalMs: handshakeMs + 1 },
      ...(lost ? { outcome: 'fail', detail: 'tls: alert unknown_ca (48)' } : { outcome: 'ok', handshakeMs }),
    });
  }
  add(toMs, { ...mark, state: 'ended' });
}
