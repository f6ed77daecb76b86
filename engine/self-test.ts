import type { ToolName } from '../fixtures/toolchain/toolchain.ts';
import type { Conformer, JudgedBy } from '../impostors/conformer.ts';
import type { Impostor, StandIn } from '../impostors/impostor.ts';
import { standInPath } from '../impostors/stand-in.ts';
import { conformerBatches, selfTestBatches, type Batch } from '../plans/self-test.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { judgeBatch, type JudgedBatch, type JudgedImpostor, type JudgedRight } from './judge-batch.ts';

export interface SelfTestOptions {
  readonly impostors: readonly Impostor[];
  /** Those that are judged in crowds. */
  readonly conformers: readonly Conformer[];
  /** The path of a program of the toolchain that conformers are. */
  readonly tool: (name: ToolName) => string;
  /** Directory that is there, for what the runs leave. */
  readonly out: string;
  readonly signal: AbortSignal;
  /** How many cores there are for it. */
  readonly cores: number;
}

/** A self-test under way. */
export interface SelfTest {
  /** What came of each impostor, by id. Rejects where its run did not come about, with what kept it from that. */
  readonly impostors: ReadonlyMap<string, Promise<JudgedImpostor>>;
  /** What came of the right nodes beside them, by batch. */
  readonly rightNodes: ReadonlyMap<string, Promise<JudgedRight>>;
  /** What came of conformers, by what they were judged by and by id. Rejects where a run did not come about. */
  readonly conformers: ReadonlyMap<JudgedBy, ReadonlyMap<string, Promise<JudgedRight>>>;
  /** How many impostors and conformers were judged again so far. */
  again(): number;
  /** The crowds so far in which right nodes failed, each of which was judged again. */
  alarms(): readonly FalseAlarm[];
}

/** A crowd in which right nodes failed. */
export interface FalseAlarm {
  readonly batch: string;
  /** Each right node that failed, with the first clause that it failed and the reason. */
  readonly failed: readonly string[];
}

/** A run that is to be made. `root` is the batch of the beginning that it judges, or judges again. */
interface Job {
  readonly batch: Batch;
  readonly root: string;
  readonly attempt: number;
  /** What its conformers are judged by; absent where it has none. */
  readonly by?: JudgedBy;
}

/** Those of a batch that are to be judged again. */
type Left = Pick<Batch, 'impostors' | 'conformers'>;

const attempts = 3;

/**
 * Judges impostors and conformers, as many at once as the machine bears. What was inconclusive is judged again, twice at most and the last time
 * alone on the machine, and so is an impostor that failed for another reason than the one it has to give. A right node that failed in company is
 * told of as a false alarm, and judged again too: no gate has a crowd of nodes under test, and whether it fails by itself is another question.
 */
export function startSelfTest({ impostors, conformers, tool, out, signal, cores }: SelfTestOptions): SelfTest {
  const standIn = (impostor: StandIn) => standInPath(out, impostor);
  const ofImpostors = selfTestBatches(impostors, standIn);
  const crowds = Map.groupBy(
    conformers.flatMap((conformer) => conformer.judgedBy.map((by) => ({ by, conformer }))),
    ({ by }) => by,
  );
  const byWhat = [...crowds].map(([by, all]) => [by, all.map(({ conformer }) => conformer)] as const);
  const verdicts = answers<JudgedImpostor>(impostors.map(({ id }) => id));
  const rights = answers<JudgedRight>(ofImpostors.filter(({ kind }) => kind === 'crowd').map(({ id }) => id));
  const reports = new Map(byWhat.map(([by, all]) => [by, answers<JudgedRight>(all.map(({ id }) => id))]));
  const capacity = cores / 2;
  let runs = 0;
  let again = 0;
  const alarms: FalseAlarm[] = [];

  const smaller = ({ root, attempt, by }: Job, left: Left, atMost?: number): Job[] => {
    again += left.impostors.length + left.conformers.length;
    // Company that keeps a machine busy once does it again: the last time there is none, and no other run beside it.
    const isLast = attempt + 1 === attempts;
    const most = isLast ? 1 : atMost;
    return [
      ...selfTestBatches(left.impostors, standIn, most),
      ...(by === undefined ? [] : conformerBatches(left.conformers, by, tool, most)),
    ].map((batch) => ({
      batch: isLast ? { ...batch, weight: capacity } : batch,
      root,
      attempt: attempt + 1,
      ...(by && { by }),
    }));
  };
  const note = (job: Job, judged: JudgedBatch): Job[] => {
    const { batch, root, attempt, by } = job;
    const last = attempt === attempts;
    const failed: string[] = [];
    const isRightOpen = (right: JudgedRight | undefined, name: string): boolean => {
      const broken = right?.report.clauses.find(({ verdict }) => verdict === 'fail');
      if (broken !== undefined) failed.push(`${name}: ${broken.id}: ${broken.reason}`);
      return broken !== undefined || right?.report.verdict === 'inconclusive';
    };
    const left = {
      impostors: batch.impostors.filter((one) => isOpen(batch, one, judged.impostors.get(one.id))),
      conformers: batch.conformers.filter(({ id }) => isRightOpen(judged.conformers.get(id), id)),
    };
    for (const one of batch.impostors)
      if (last || !left.impostors.includes(one)) verdicts.get(one.id)?.resolve(judged.impostors.get(one.id)!);
    for (const one of batch.conformers)
      if (last || !left.conformers.includes(one)) reportsOf(by)?.get(one.id)?.resolve(judged.conformers.get(one.id)!);
    const rightOpen = isRightOpen(judged.right, `the right node of ${batch.id}`);
    // What fails by itself is no matter of company: that is what is told of it.
    if (failed.length > 0 && !last) alarms.push({ batch: batch.id, failed });
    if (judged.right !== undefined && (last || !rightOpen)) rights.get(root)?.resolve(judged.right);
    if (last) return [];
    // A right node of which nobody could tell stands beside fewer next time: those that are left, or two of those that are not.
    return smaller(
      job,
      rightOpen && left.impostors.length === 0 ? { ...left, impostors: batch.impostors.slice(0, 2) } : left,
    );
  };
  const reportsOf = (by: JudgedBy | undefined) => (by === undefined ? undefined : reports.get(by));
  const work = async (job: Job): Promise<Job[]> => {
    const { batch, root, attempt, by } = job;
    try {
      return note(job, await judgeBatch(batch, { out, runId: `${++runs}-${batch.id}`, signal }));
    } catch (error) {
      // One that cannot be started keeps its company from being judged: found by parting them.
      const length = batch.impostors.length + batch.conformers.length;
      if (attempt < attempts && length > 1) return smaller(job, batch, Math.ceil(length / 4));
      for (const { id } of batch.impostors) verdicts.get(id)?.reject(error);
      for (const { id } of batch.conformers) reportsOf(by)?.get(id)?.reject(error);
      rights.get(root)?.reject(error);
      return [];
    }
  };
  const ofConformers = byWhat.flatMap(([by, all]) => conformerBatches(all, by, tool).map((batch) => ({ batch, by })));
  void runAll(
    [...ofImpostors.map((batch) => ({ batch })), ...ofConformers].map((job) => ({
      ...job,
      root: job.batch.id,
      attempt: 1,
    })),
    capacity,
    work,
  );
  return {
    impostors: promisesOf(verdicts),
    rightNodes: promisesOf(rights),
    conformers: new Map([...reports].map(([by, all]) => [by, promisesOf(all)])),
    again: () => again,
    alarms: () => alarms,
  };
}

/**
 * What may still come of it: not what was decided, nor what was to be left open. Of several reasons to fail one is told, and which one may be the
 * company's doing; a verdict that is wrong stays wrong. A node that is to be found too ill to be judged has few requests in a crowd to be found so by,
 * and fails where none of them was lost, as it is wrong.
 */
function isOpen({ kind }: Batch, { verdict, reason }: Impostor, judged: JudgedImpostor | undefined): boolean {
  if (judged === undefined) return false;
  if (verdict === 'inconclusive') return kind === 'crowd' && judged.verdict === 'fail';
  return judged.ofRun === 'inconclusive' || (judged.verdict === 'fail' && !reason.test(judged.reason));
}

/** Runs jobs in their order, side by side as far as their weights together stay below `capacity`, and those that come of them last. */
async function runAll(jobs: readonly Job[], capacity: number, work: (job: Job) => Promise<Job[]>): Promise<void> {
  const queue = [...jobs];
  const running = new Set<Promise<void>>();
  let weight = 0;
  while (queue.length + running.size > 0) {
    const next = queue[0];
    if (next === undefined || (running.size > 0 && weight + next.batch.weight > capacity + 0.01)) {
      await Promise.race(running);
      continue;
    }
    queue.shift();
    weight += next.batch.weight;
    const one = work(next).then((more) => {
      queue.push(...more);
      running.delete(one);
      weight -= next.batch.weight;
    });
    running.add(one);
  }
}

type Answers<T> = Map<string, PromiseWithResolvers<T>>;

function answers<T>(names: readonly string[]): Answers<T> {
  const all = new Map(names.map((name) => [name, Promise.withResolvers<T>()]));
  // Whoever asks for one hears of it.
  for (const { promise } of all.values()) heardElsewhere(promise);
  return all;
}

function promisesOf<T>(all: Answers<T>): Map<string, Promise<T>> {
  return new Map([...all].map(([name, { promise }]) => [name, promise]));
}
