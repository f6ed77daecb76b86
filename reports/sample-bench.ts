import { arrivals } from '../src/bench/arrivals.ts';
import type { BenchRow, BenchSample, Entry, Happening, History } from '../src/history.ts';
import { seeded } from '../src/statistics/seeded.ts';

/**
 * A benchmark for tests and for looking at the page, the same each time: the yardstick and a calm row in turn, one by k6, one while the authority is
 * replaced, and one that was planned and not measured. An earlier run was like it.
 *
 * @param hostile - a string put wherever a target or a program chooses the words
 */
export function sampleBench(hostile = ''): History {
  const chance = seeded(7);
  const row = (id: string, change: Partial<BenchRow> = {}): BenchRow => ({
    ...{
      kind: 'bench-row',
      row: id,
      generator: 'assay',
      loop: 'open',
      verifies: 'the chain, its time and the exact ID',
    },
    ...{ node: 'node-001', implementation: `a node${hostile}`, phase: id.split('/')[0]!, resumed: false },
    ...{ key: 'EC P-256', chain: 1, atMost: 1_000, arrivals: 'poisson', wantedPerSecond: 200, seconds: 10 },
    ...change,
  });
  const rows = [
    row('steady/yardstick', { node: 'yardstick', yardstick: 'beside', implementation: 'a server', rounds: 4 }),
    row('steady/full', { rounds: 4 }),
    row('steady/full/k6', { generator: 'k6', verifies: 'nothing' }),
    row('authority/full'),
    row('authority/resumed', { resumed: true }),
  ];
  const samples = (fromMs: number, slowFromMs: number, seconds = 10): BenchSample[] =>
    arrivals({ kind: 'poisson', perSecond: 200, seconds, fromUs: fromMs * 1000, chance }).map((due) => {
      const slow = due / 1000 >= slowFromMs && due / 1000 < slowFromMs + 120 ? 80_000 * chance() : 0;
      const tls = Math.round(1_500 + slow - 700 * Math.log(1 - chance()));
      return [due, due + Math.round(60 * chance()), 150, tls, tls + 600, 0];
    });
  const machine = (name: string, others: number): Happening => ({
    ...{ kind: 'bench-machine', row: name, loadAverage: 0.4, processors: 2, stolen: 0, others, runQueue: 3 },
  });
  const inRound = (name: string, round: number, fromMs: number, more: object): [number, Happening][] => {
    const which = { row: name, round };
    const cost = { cpuMs: 225, wallMs: 2_500, inFlight: 4, ...more };
    return [
      [fromMs, { kind: 'bench-window', ...which, state: 'begun' }],
      [fromMs + 1_250, { kind: 'bench-samples', ...which, samples: samples(fromMs, Infinity, 2.5) }],
      [fromMs + 2_500, machine(name, 0.01)],
      [fromMs + 2_500, { kind: 'bench-window', ...which, state: 'ended', ...cost }],
    ];
  };
  const earlier = ['steady/yardstick', 'steady/full'].map((name): [number, Happening] => [
    3,
    {
      ...{ kind: 'baseline', run: '20261128-093000-11aa', generator: 'g1', row: name, allowed: 0.05 },
      ...{ slowed: [], besideSlowed: [] },
      figures: [
        {
          ...{ percentile: 50, ms: 2.03, begunMs: 2.01, lowMs: 1.98, highMs: 2.07, apart: 0.02 },
          ratio: name === 'steady/full' ? { value: 1, low: 0.97, high: 1.03, apart: 0.02 } : null,
        },
      ],
    },
  ]);
  const happenings: [atMs: number, Happening][] = [
    [
      0,
      {
        ...{ kind: 'run-started', id: '20261129-093000-7f3a', command: 'assay bench handshake', seed: 7 },
        ...{
          startedAt: '2026-11-29T09:30:00.000Z',
          runtime: 'process',
          versions: { assay: '0.1.0', 'assay-generator': 'g1' },
          clauses: [],
        },
        target: { kind: 'stood up by Assay', nodeUnderTest: `a node${hostile}` },
      },
    ],
    ...rows.map((one): [number, Happening] => [1, one]),
    [2, { kind: 'objective', objective: 'p99<=25ms', percentile: 99, boundMs: 25 }],
    ...earlier,
    ...[1, 2, 3, 4].flatMap((round) => [
      ...inRound('steady/yardstick', round, 5_000 * round - 4_000, {}),
      ...inRound('steady/full', round, 5_000 * round - 1_500, { nodeCpuMs: 750 }),
    ]),
    [22_000, { kind: 'bench-window', row: 'steady/full/k6', state: 'begun' }],
    [
      32_000,
      {
        ...{ kind: 'bench-told', row: 'steady/full/k6', count: 2_000, errors: 0, perSecond: 200 },
        handshakeMs: { '50': 1.9, '90': 3.1, '99': 6.2, '99.9': 9.4, '99.99': 11, '100': 11.2 },
      },
    ],
    [32_000, { kind: 'bench-window', row: 'steady/full/k6', state: 'ended', cpuMs: 2_300, wallMs: 10_000 }],
    [33_000, { kind: 'bench-window', row: 'authority/full', state: 'begun' }],
    [36_000, { kind: 'authority', mesh: 'bench', state: 'activated', authority: 'b8e20464c19f7a3d' }],
    [40_000, { kind: 'bench-samples', row: 'authority/full', samples: samples(33_000, 36_000) }],
    [
      41_000,
      {
        ...{ kind: 'bench-lost', row: 'authority/full', dueMs: 36_050, begunMs: 36_050, tookMs: 3 },
        detail: `handshake: EOF${hostile}`,
      },
    ],
    [43_000, machine('authority/full', 0.35)],
    [43_000, { kind: 'bench-window', row: 'authority/full', state: 'ended', cpuMs: 900, wallMs: 10_000 }],
    [43_100, { kind: 'run-ended', endedAt: '2026-11-29T09:30:43.100Z' }],
  ];
  return happenings.map(([atMs, happening], at): Entry => ({ index: at + 1, atMs, ...happening }));
}
