import { join } from 'node:path';
import type { Run } from '../fixtures/run/run.ts';
import type { ToolName } from '../fixtures/toolchain/toolchain.ts';
import { commandOfConformer, type Conformer } from '../impostors/conformer.ts';
import { rightIssuer, rightIssuers, startIssuer } from '../impostors/issuer.ts';
import { startRightPort } from '../impostors/right-port.ts';
import { startRightService } from '../impostors/right-service.ts';
import { chooseClauses } from '../plans/choose.ts';
import { gatePlan } from '../plans/gate.ts';
import { shortageOf } from '../src/reading/machine.ts';
import type { JudgedRight } from './judge-batch.ts';
import { runPlan, type RunOptions } from './run.ts';
import { silent } from './steps.ts';

/** Something right that is judged in a run of its own, and what it is judged by. */
export interface RightAlone {
  readonly id: string;
  readonly title: string;
  /** As `--only` takes it; left out: by the whole gate. */
  readonly only?: string;
  readonly plan: RunOptions['plan'];
  readonly on: RunOptions['on'];
}

/** What is no node of a mesh of ours: an issuer of join tokens, a TLS port, and a service of others. */
export const rightPrograms: readonly RightAlone[] = [
  ...rightIssuers.map(({ id, title, change }): RightAlone => ({
    ...{ id, title, only: 'tokens/*', plan: gatePlan() },
    on: { open: (run: Run) => startIssuer({ ...rightIssuer, ...change }, run), note: {} },
  })),
  {
    ...{ id: 'spire-port-right', title: 'a port that keeps the promise of require_pq_kem' },
    ...{
      only: 'mesh/planes/require-pq-kem,mesh/planes/spire-server,mesh/planes/node-listeners,mesh/planes/nothing-undeclared',
      plan: gatePlan(),
    },
    on: { open: () => startRightPort(), note: {} },
  },
  {
    ...{ id: 'restarted-right', title: 'a service that is restarted and paused, and comes back as itself' },
    ...{ only: 'commanded-restart,commanded-pause', plan: gatePlan() },
    on: { open: (run: Run) => startRightService(run), note: {} },
  },
];

/** A conformer that is judged by the whole gate. */
export function wholeGateOf(conformer: Conformer, tool: (name: ToolName) => string): RightAlone {
  const { id, title } = conformer;
  const node = { command: commandOfConformer(conformer, tool), implementation: title };
  return { id, title, plan: gatePlan(node), on: 'process' };
}

const attempts = 3;
const patienceMs = 120_000;

/**
 * Judges it. A machine that is too busy to tell gives inconclusive: that is asked again, a little; what was decided stays decided.
 *
 * @param out - directory that is there, for what the runs leave
 * @param again - told of each further attempt
 */
export async function judgeAlone(
  { id, only, plan, on }: RightAlone,
  { out, signal, again }: { readonly out: string; readonly signal: AbortSignal; again(): void },
): Promise<JudgedRight> {
  for (let attempt = 1; ; attempt++) {
    const { report, history } = await runPlan({
      ...{ plan, on, chosen: chooseClauses(only), seed: 1, command: `gate of ${id}` },
      out: join(out, `${id}-${attempt}`),
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      steps: silent,
    });
    if (report.verdict !== 'inconclusive' || attempt === attempts) return { report, short: shortageOf(history) };
    again();
  }
}
