import t from 'tap';
import { every, historyOf, machine, node, starved, type Step } from '../checkers/history-builder.ts';
import { shortageOf } from './machine.ts';

const second = every(250, 0, 1_000);
const ours = (change: Parameters<typeof machine>[1]) => second.map((fromMs) => machine(fromMs, change));
const theirs = (who: string, waitedMs: number) => second.map((fromMs) => starved(fromMs, who, waitedMs));
const nodes = [node('a'), node('b')];

const histories: readonly [title: string, says: string | undefined, steps: readonly Step[]][] = [
  ['of which nothing is known', undefined, nodes],
  ['that is quiet', undefined, [...nodes, ...ours({ waitedMs: 20 })]],
  ['that keeps up', undefined, [...nodes, ...ours({ waitedMs: 80 }), ...theirs('a', 50), ...theirs('b', 30)]],
  [
    'where Assay waits, and nobody knows of the nodes',
    'threads of Assay waited 60 % of the time for a processor',
    [...nodes, ...ours({ waitedMs: 150 })],
  ],
  [
    'where all wait',
    'threads of Assay and of the nodes waited 57 % of the time for a processor',
    [...nodes, ...ours({ waitedMs: 200 }), ...theirs('a', 127.5), ...theirs('b', 100)],
  ],
  ['where one node of two waits a little', undefined, [...nodes, ...ours({ waitedMs: 20 }), ...theirs('a', 100)]],
  [
    'whose host is busy',
    'its host took away 20 % of the time of its processors',
    [...nodes, ...ours({ stolen: 0.2, waitedMs: 10 })],
  ],
  [
    'that was busy only before the load began',
    undefined,
    [...nodes, starved(0, 'a', 250), starved(250, 'a', 250), ...second.map((fromMs) => machine(2_000 + fromMs))],
  ],
];
for (const [title, says, steps] of histories) {
  await t.test(`a machine ${title}`, async (t) => t.equal(shortageOf(historyOf(...steps)), says));
}
