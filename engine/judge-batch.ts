import { join } from 'node:path';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { programs } from '../fixtures/toolchain/programs.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import type { Impostor, StandIn } from '../impostors/impostor.ts';
import { rightIssuer, startIssuer } from '../impostors/issuer.ts';
import { startRightPort } from '../impostors/right-port.ts';
import { startRightService } from '../impostors/right-service.ts';
import { writeStandIn } from '../impostors/stand-in.ts';
import { told } from '../impostors/told.ts';
import { rightNode, type Batch } from '../plans/self-test.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { entriesOf, type History } from '../src/history.ts';
import { shortageOf } from '../src/reading/machine.ts';
import { historyOfClauses, historyOfNode } from '../src/reading/one-node.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import type { Verdict } from '../src/verdict.ts';
import { runPlan, type RunOptions } from './run.ts';
import { silent } from './steps.ts';

/** What came of an impostor. */
export interface JudgedImpostor {
  /** Of the clause that it breaks. */
  readonly verdict: Verdict;
  /** The reason of that, whatever its node was called: see told.ts. */
  readonly reason: string;
  /** Of the run, as if no other clause had been chosen and no other node had been under test. */
  readonly ofRun: Verdict;
  /** What the run lacked of its machine, in words. */
  readonly short: string | undefined;
}

/** What came of a right node. */
export interface JudgedRight {
  /** As if no other node had been under test. */
  readonly report: Report;
  /** What the run lacked of its machine, in words. */
  readonly short: string | undefined;
}

/** What came of the impostors and conformers of a batch, by id, and of the right node beside impostors, where there is one. */
export interface JudgedBatch {
  readonly impostors: ReadonlyMap<string, JudgedImpostor>;
  readonly conformers: ReadonlyMap<string, JudgedRight>;
  readonly right?: JudgedRight;
}

export interface BatchOptions {
  /** Directory that is there, for stand-ins and for what the run leaves, in a directory of its own below it. */
  readonly out: string;
  readonly runId: string;
  readonly signal: AbortSignal;
}

// A crowd in which one node takes five seconds for each answer waits for it at every step.
const patienceMs = 240_000;

/**
 * Makes the run of a batch and judges each of its impostors by what the history says of it.
 *
 * @throws what kept a crowd from being judged as a whole: a node that did not start, say
 */
export async function judgeBatch(batch: Batch, { out, runId, signal }: BatchOptions): Promise<JudgedBatch> {
  const { history, failure } = await runPlan({
    ...(await onWhat(batch, out)),
    plan: { id: 'self-test', parts: [batch.part] },
    chosen: batch.chosen,
    seed: 1,
    command: `self-test of ${[...batch.impostors, ...batch.conformers].map(({ id }) => id).join(', ')}`,
    out: join(out, runId),
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    steps: silent,
  });
  const short = shortageOf(history);
  if (batch.kind !== 'crowd')
    return {
      impostors: new Map(batch.impostors.map((impostor) => [impostor.id, judged(impostor, history, short)])),
      conformers: new Map(),
    };
  if (failure !== undefined) throw failure;
  const rightOne = (node: string): JudgedRight => ({
    report: buildReport(historyOfNode(history, node), clauses),
    short,
  });
  return {
    impostors: new Map(
      batch.impostors.map((impostor) => [impostor.id, judged(impostor, historyOfNode(history, impostor.id), short)]),
    ),
    conformers: new Map(batch.conformers.map(({ id }) => [id, rightOne(id)])),
    ...(batch.impostors.length > 0 && { right: rightOne(rightNode) }),
  };
}

function judged({ breaks }: Impostor, history: History, short: string | undefined): JudgedImpostor {
  const report = buildReport(historyOfClauses(history, [breaks]), clauses);
  const { verdict, reason } = report.clauses[0]!;
  const nodes = entriesOf(history, 'node');
  const named = (wanted: boolean) => nodes.filter(({ judged: is }) => is === wanted).map(({ node }) => node);
  const names = { nodes: named(true), peers: named(false), mesh: nodes[0]?.mesh ?? '' };
  return { verdict, reason: told(reason, names), ofRun: report.verdict, short };
}

/** Where the run of a batch takes place, with stand-ins where they are looked for. */
async function onWhat({ kind, impostors }: Batch, out: string): Promise<Pick<RunOptions, 'on' | 'env'>> {
  const tools = impostors.flatMap((impostor) => ('tool' in impostor ? [impostor.tool] : []));
  await locateTools([...new Set(tools)], { onProgress: () => {} });
  const settings: NodeJS.ProcessEnv = {};
  for (const impostor of impostors.filter(isStandIn)) {
    const { [impostor.kind]: real } = await locateTools([impostor.kind], { onProgress: () => {} });
    const path = writeStandIn(out, impostor, real.path);
    if (kind === 'mesh') settings[programs[impostor.kind].setting] = path;
  }
  const [first] = impostors;
  if (first?.kind === 'port')
    return {
      on: { open: () => startRightPort(first.groups, first.shows, first.beside), note: { kind: 'a port of its own' } },
    };
  if (first?.kind === 'service')
    return {
      on: { open: (run) => startRightService(run, first.change), note: { kind: 'a service of its own' } },
    };
  if (first?.kind !== 'issuer') return { on: defaultRuntime, env: { ...process.env, ...settings } };
  const { change } = first;
  return {
    on: {
      open: (run) => startIssuer({ ...rightIssuer, ...change }, run),
      note: { kind: 'issuer of join tokens' },
    },
  };
}

function isStandIn(impostor: Impostor): impostor is StandIn {
  return impostor.kind === 'spire-server' || impostor.kind === 'spire-agent' || impostor.kind === 'toxiproxy';
}
