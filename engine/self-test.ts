import type { Impostor, StandIn } from '../impostors/impostor.ts';
import { standInPath } from '../impostors/stand-in.ts';
import { selfTestBatches, type Batch } from '../plans/self-test.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import type { Report } from '../src/report/report.ts';
import { judgeBatch, type JudgedBatch, type JudgedImpostor } from './judge-batch.ts';

export interface SelfTestOptions {
  readonly impostors: readonly Impostor[];
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
  /** The reports of the right nodes beside them, by batch. */
  readonly rightNodes: ReadonlyMap<string, Promise<Report>>;
  /** How many impostors were judged again so far, being inconclusive. */
  again(): number;
}

/** A run that is to be made. `root` is the batch of the beginning that it judges, or judges again. */
interface Job {
  readonly batch: Batch;
  readonly root: string;
  readonly attempt: number;
}

const attempts = 3;

/** Judges impostors, as many at once as the machine bears. What was inconclusive is judged again, twice at most. */
export function startSelfTest({ impostors, out, signal, cores }: SelfTestOptions): SelfTest {
  const standIn = (impostor: StandIn) => standInPath(out, impostor);
  const first = selfTestBatches(impostors, standIn);
  const verdicts = answers<JudgedImpostor>(impostors.map(({ id }) => id));
  const rights = answers<Report>(first.filter(({ kind }) => kind === 'crowd').map(({ id }) => id));
  let runs = 0;
  let again = 0;

  const smaller = ({ root, attempt }: Job, left: readonly Impostor[], most?: number): Job[] => {
    again += left.length;
    return selfTestBatches(left, standIn, most).map((batch) => ({ batch, root, attempt: attempt + 1 }));
  };
  const note = (job: Job, judged: JudgedBatch): Job[] => {
    const { batch, root, attempt } = job;
    const last = attempt === attempts;
    const open = batch.impostors.filter((one) => isOpen(one, judged.impostors.get(one.id)));
    for (const one of batch.impostors)
      if (last || !open.includes(one)) verdicts.get(one.id)?.resolve(judged.impostors.get(one.id)!);
    const rightOpen = judged.right?.verdict === 'inconclusive';
    if (judged.right !== undefined && (last || !rightOpen)) rights.get(root)?.resolve(judged.right);
    if (last) return [];
    return rightOpen ? [{ batch, root, attempt: attempt + 1 }] : smaller(job, open);
  };
  const work = async (job: Job): Promise<Job[]> => {
    const { batch, root, attempt } = job;
    try {
      return note(job, await judgeBatch(batch, { out, runId: `${++runs}-${batch.id}`, signal }));
    } catch (error) {
      // One that cannot be started keeps its company from being judged: found by parting them.
      const { length } = batch.impostors;
      if (attempt < attempts && length > 1)
        return smaller(job, batch.impostors, attempt + 1 === attempts ? 1 : Math.ceil(length / 4));
      for (const { id } of batch.impostors) verdicts.get(id)?.reject(error);
      rights.get(root)?.reject(error);
      return [];
    }
  };
  void runAll(
    first.map((batch) => ({ batch, root: batch.id, attempt: 1 })),
    cores / 2,
    work,
  );
  return { impostors: promisesOf(verdicts), rightNodes: promisesOf(rights), again: () => again };
}

/** What may still come of it: not what was decided, nor what was to be left open. */
function isOpen({ verdict }: Impostor, judged: JudgedImpostor | undefined): boolean {
  return verdict !== 'inconclusive' && judged?.ofRun === 'inconclusive';
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
