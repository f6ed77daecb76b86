import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOrder, Generator, GeneratorCost, Measuring } from '../fixtures/bench/generator.ts';
import { watchMachine } from '../fixtures/bench/machine.ts';
import { leadMs } from '../fixtures/bench/schedule.ts';
import { startYardstick, type Yardstick } from '../fixtures/bench/yardstick.ts';
import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Run } from '../fixtures/run/run.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { identityTo, type Target, type TargetNode } from '../fixtures/target/target.ts';
import type { ToolName } from '../fixtures/toolchain/toolchain.ts';
import type { BaselineRow, BenchRow, Happening, Objective } from '../src/history.ts';
import { brokenOnce } from '../src/report/objectives.ts';
import { rowBenches } from '../src/statistics/bench-rows.ts';
import { againName, yardstickRow } from '../src/statistics/comparison.ts';

/** What a run says the version of our own generator by. */
export const generatorTool = 'assay-generator' satisfies ToolName;

/** What rows are measured with, and where. */
export interface Bench {
  readonly run: Run;
  readonly targets: readonly Target[];
  readonly generators: ReadonlyMap<BenchRow['generator'], Generator>;
  /** The server of ours that shows what a row wants. */
  readonly yardstickOf: (row: BenchRow) => Promise<Yardstick>;
  readonly seed: number;
  readonly shards: number;
}

/** Within a step, which says what it is at. */
export type Doing<B extends Bench = Bench> = B & { readonly say: (text: string) => void };

/** What rows have to keep: what breaks it is measured again. */
export interface Wanted {
  readonly objectives: readonly Objective[];
  /** What an earlier run told of its rows. */
  readonly baseline: readonly BaselineRow[];
}

export function isAsked({ objectives, baseline }: Wanted): boolean {
  return objectives.length + baseline.length > 0;
}

/**
 * Yardsticks that are started when a row wants one, one for each kind.
 *
 * @param program - path of the program that is the yardstick in Go
 * @param ground - what ends them
 */
export function yardsticks(run: Run, program: string, ground: AsyncDisposableStack): Bench['yardstickOf'] {
  const all = new Map<string, Promise<Yardstick>>();
  return (row) => {
    const kind = JSON.stringify([row.key, row.chain, row.serverOnly, row.on]);
    const started = all.get(kind) ?? startYardstick(run, program, row).then((one) => ground.use(one));
    all.set(kind, started);
    return started;
  };
}

const overtimeMs = 15_000;

/** What a generator needs for a row. @param lastsMs - how long it takes, with those that it takes turns with @throws FixtureError where the mesh gives no identity */
export async function orderOf(bench: Bench, row: BenchRow, lastsMs = 1000 * row.seconds): Promise<BenchOrder> {
  const { run, seed, shards } = bench;
  const found = targetOf(bench, row);
  const target = async () => {
    if (found === undefined) return (await bench.yardstickOf(row)).target;
    const { node } = found;
    const [identity, authorities] = await Promise.all([
      identityTo(found.target, node, 'server'),
      found.target.authorities(),
    ]);
    return { address: node.address, spiffeId: node.spiffeId, identity, authorities };
  };
  const whom = await target();
  // Of a node that is asked for far too much nobody waits until all was answered.
  const cut = AbortSignal.any([run.signal, AbortSignal.timeout(lastsMs + leadMs + overtimeMs)]);
  return { run, row, seed, shards, cut, ...whom };
}

/** The node that a row measures; undefined where that is the yardstick. */
function targetOf(
  { targets }: Pick<Bench, 'targets'>,
  row: BenchRow,
): { readonly target: Target; readonly node: TargetNode } | undefined {
  for (const target of targets) for (const node of target.nodes) if (node.name === row.node) return { target, node };
  return undefined;
}

/** What is done to the mesh while a row is measured. */
export type Meanwhile = (measuring: Measuring, row: BenchRow) => Promise<void>;

/** Measures all of a phase, and then once more what was found to be broken: one bad moment stops no deploy. */
export async function measureAll(
  doing: Doing,
  rows: readonly BenchRow[],
  wanted: Wanted,
  meanwhile?: Meanwhile,
): Promise<void> {
  await measureInTurn(doing, rows, meanwhile);
  if (!isAsked(wanted)) return;
  const { recorder } = doing.run;
  const broken = brokenOnce(recorder.history, rowBenches(recorder.history));
  const left = rows.filter(({ row }) => broken.has(row));
  if (left.length === 0) return;
  const beside = new Set(left.map(yardstickRow));
  const again = rows
    .filter((row) => left.includes(row) || beside.has(row.row))
    .map((row) => ({ ...row, row: againName(row.row), again: row.row }));
  for (const row of again) recorder.record(row);
  await measureInTurn(doing, again, meanwhile);
}

/**
 * Rows that are measured in rounds take turns, so that what the machine does meets them all; the others follow, one after the other.
 *
 * @param meanwhile - done to the mesh while each of the others is measured
 */
async function measureInTurn(doing: Doing, rows: readonly BenchRow[], meanwhile?: Meanwhile): Promise<void> {
  await takeTurns(
    doing,
    rows.filter(({ rounds }) => rounds !== undefined),
  );
  // What is done to the mesh is no matter to what is not in it, and others than ours do not follow it.
  const meets = ({ yardstick, generator }: BenchRow) => yardstick === undefined && generator === 'assay';
  for (const row of rows.filter(({ rounds }) => rounds === undefined))
    await measure(doing, row, meets(row) ? meanwhile : undefined);
}

/** Measures rows of as many rounds, each as long: their generators stand ready all the while, and one of them has its turn. */
async function takeTurns(doing: Doing, rows: readonly BenchRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const { run, generators, say } = doing;
  const { recorder } = run;
  const count = first.rounds!;
  const lengthMs = (1000 * first.seconds) / count;
  const totalMs = 1000 * first.seconds * rows.length;
  const orders = await Promise.all(rows.map((row) => orderOf(doing, row, totalMs)));
  const fromMs = recorder.now() + leadMs + rows.length * startMs;
  const everyMs = rows.length * lengthMs;
  await using started = new AsyncDisposableStack();
  const lost = new AbortController();
  const all = orders.map((order, nth) => {
    const { row } = order.row;
    const turns = { fromMs: fromMs + nth * lengthMs, everyMs, lengthMs, count };
    const roundAt = (dueMs: number) => Math.floor((dueMs - turns.fromMs) / everyMs + 1e-6) + 1;
    let answered = 0;
    const measuring = started.use(
      generators.get(order.row.generator)!.measure({ ...order, turns }, (happening) => {
        for (const one of byRound(happening, roundAt)) recorder.record(one);
        if (happening.kind === 'bench-samples') answered += happening.samples.length;
        say(`${row}: ${answered} handshakes`);
      }),
    );
    measuring.done.catch((error: unknown) => lost.abort(error));
    return { row: order.row, turns, measuring };
  });
  const signal = AbortSignal.any([run.signal, lost.signal]);
  const ends: Promise<void>[] = [];
  for (let round = 1; round <= count && !signal.aborted; round++)
    for (const { row, turns, measuring } of all) {
      const beginMs = turns.fromMs + (round - 1) * everyMs;
      if (round === 1) await measuring.begun;
      await until(recorder, beginMs, signal);
      using window = openWindow(doing, row, round);
      await until(recorder, beginMs + lengthMs, signal);
      // What it cost is known of all rounds together, and told with the last.
      const end = window.end();
      if (round < count && !signal.aborted) end();
      else {
        const ended = measuring.done.then(end);
        heardElsewhere(ended);
        ends.push(ended);
      }
      if (signal.aborted) break;
    }
  lost.signal.throwIfAborted();
  await Promise.all(ends);
  run.signal.throwIfAborted();
}

// For a generator to come up beside others.
const startMs = 30;

/** Waits until then, or until it is aborted, which is for the caller to see. */
async function until(recorder: Recorder, atMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, atMs - recorder.now()), undefined, { signal }).catch(() => undefined);
}

/** What came of connections, parted by the rounds in which they were due. */
function byRound(happening: Happening, roundAt: (dueMs: number) => number): Happening[] {
  if (happening.kind === 'bench-lost') return [{ ...happening, round: roundAt(happening.dueMs) }];
  if (happening.kind !== 'bench-samples') return [happening];
  const rounds = Map.groupBy(happening.samples, ([dueUs]) => roundAt(dueUs / 1000));
  return [...rounds].map(([round, samples]) => ({ ...happening, round, samples }));
}

/** Measures a row in one piece. @param meanwhile - done to the mesh while it is */
export async function measure(doing: Doing, row: BenchRow, meanwhile?: Meanwhile): Promise<void> {
  const { run, generators, say } = doing;
  let count = 0;
  await using measuring = generators.get(row.generator)!.measure(await orderOf(doing, row), (happening) => {
    run.recorder.record(happening);
    if (happening.kind === 'bench-samples') count += happening.samples.length;
    say(`${row.row}: ${count} handshakes`);
  });
  await measuring.begun;
  using window = openWindow(doing, row);
  await meanwhile?.(measuring, row);
  const cost = await measuring.done;
  window.end()(cost);
  run.signal.throwIfAborted();
}

interface Window extends Disposable {
  /** Reads what went on until now; what that gives writes it down, with what it cost. */
  end(): (cost?: GeneratorCost) => void;
}

/** The time of a row, or of a round of it, in which its node and the machine are watched. */
export function openWindow(doing: Pick<Bench, 'run' | 'targets'>, row: BenchRow, round?: number): Window {
  const { recorder, signal } = doing.run;
  const which = { row: row.row, ...(round !== undefined && { round }) };
  const node = targetOf(doing, row)?.node;
  const isOurs = ({ threads }: TargetNode) => threads?.() !== undefined;
  const nodeFrom = node?.threads?.();
  const machine = watchMachine(row.row, doing.targets.flatMap(({ nodes }) => nodes).every(isOurs));
  recorder.record({ kind: 'bench-window', ...which, state: 'begun' });
  return {
    [Symbol.dispose]: () => machine[Symbol.dispose](),
    end() {
      const nodeCpuMs = ranMsBetween(nodeFrom, node?.threads?.());
      recorder.record(machine.end());
      return (cost) => {
        recorder.record({
          ...{ kind: 'bench-window', ...which, state: 'ended', ...cost },
          ...(signal.aborted && { cut: true }),
          ...(nodeCpuMs !== undefined && { nodeCpuMs }),
        });
      };
    },
  };
}

type Threads = ReturnType<NonNullable<TargetNode['threads']>>;

/** What a node ran between two looks at its threads; undefined where one of them ended, and took with it what it ran. */
function ranMsBetween(from: Threads, to: Threads): number | undefined {
  if (from === undefined || to === undefined || [...from.keys()].some((thread) => !to.has(thread))) return undefined;
  return [...to].reduce((sum, [thread, { ranMs }]) => sum + ranMs - (from.get(thread)?.ranMs ?? 0), 0);
}
