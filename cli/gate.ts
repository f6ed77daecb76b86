import type { RuntimeKind } from '../fixtures/runtime/runtime-kind.ts';
import { gatePlan } from '../plans/gate.ts';
import { decidersOf, narrowed, type Part } from '../plans/plan.ts';
import type { QuietWindow } from '../plans/quiet-window.ts';
import { quietStep } from '../engine/quiet-window.ts';
import { runPlan } from '../engine/run.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { carryOut, refuseEmpty } from './carry-out.ts';
import { whatIsJudged, type JudgedFlags } from './judged.ts';
import { quietWanted, type QuietFlags } from './quiet-wanted.ts';

/** The flags of `assay gate`; what nobody set is absent. */
export interface GateFlags extends JudgedFlags, QuietFlags {}

/**
 * The command `assay gate`. Gives the exit code.
 *
 * @throws UsageError, and whatever else keeps the run from beginning
 */
export async function gateCommand(flags: GateFlags, commandLine: string): Promise<number> {
  refuseEmpty(flags);
  const { chosen, on, kind, node, overrides, runtime, ...judged } = await whatIsJudged(flags, 'gate');
  const plan = gatePlan(node, overrides, flags.only);
  const asked = narrowed(plan, chosen);
  const { parts, ofOthers = [] } = asked;
  const over = typeof on === 'string' ? [] : ofOthers.filter(({ needs }) => needs.every((need) => on.grants.has(need)));
  const { quiet, note } = await quietWanted(flags, parts, typeof on === 'string' ? undefined : on, runtime);
  if (note !== undefined && flags.quiet !== true) process.stderr.write(`${note}\n`);
  return carryOut(
    flags,
    commandLine,
    outline(parts, kind, quiet, over),
    (setting) =>
      runPlan({
        ...setting,
        ...judged,
        ...{ plan, chosen, on, ...(quiet && { quiet }) },
        ...(flags.node !== undefined && { nodeUnderTest: flags.node }),
      }),
    { deciders: new Map([...decidersOf(asked)].filter(([id]) => chosen.has(id))) },
  );
}

/** The steps that a plan takes, id and title. @param kind - absent for a target that runs already */
export function outline(
  parts: readonly Part[],
  kind: RuntimeKind | undefined,
  quiet: QuietWindow | undefined,
  over: readonly Scenario[] = [],
): [string, string][] {
  const attached = kind === undefined;
  const work = parts.flatMap(({ suites, scenarios }) => [...suites, ...(attached ? [] : scenarios)]).concat(over);
  return [
    ...(attached && quiet === undefined ? [] : [['toolchain', 'Toolchain'] satisfies [string, string]]),
    ...(attached ? [['attach', 'Attach to the target'] satisfies [string, string]] : []),
    ...(kind?.startsAtOnce === false ? [['runtime', kind.title] satisfies [string, string]] : []),
    ...(attached ? [] : parts.map(({ mesh }): [string, string] => [`mesh-${mesh.name}`, `Mesh ${mesh.name}`])),
    ...work.map(({ id, title }): [string, string] => [id, title]),
    ...(quiet === undefined ? [] : [[quietStep.id, quietStep.title] satisfies [string, string]]),
    ['report', 'Report'],
  ];
}
