import { resolve } from 'node:path';
import { decidable, type Decidable } from '../engine/decidable.ts';
import { attachTarget } from '../fixtures/target/attach.ts';
import type { CheckedTarget } from '../fixtures/target/attach/check.ts';
import type { Reach } from '../fixtures/target/attach/reach.ts';
import { gatePlan } from '../plans/gate.ts';
import { onOneMesh } from '../plans/plan.ts';
import { exitCodes } from './exit-codes.ts';
import { abortOnSignals } from './signals.ts';

/** What a target file comes to, for programs. */
interface Checked {
  readonly probe: string;
  readonly decidable: readonly string[];
  readonly not: readonly { readonly clause: string; readonly because: string }[];
  readonly more: readonly { readonly write: string; readonly decides: readonly string[] }[];
  readonly nodes: readonly CheckedNode[];
  readonly touches: readonly string[];
  /** Rights that the file gives and no run makes use of. */
  readonly unused: readonly string[];
  /** Why others that it gives cannot be made use of in this mesh. */
  readonly inVain: readonly string[];
}

/** What can be decided of a service by itself, and why it is not looked at in a role, where it is not. */
interface CheckedNode {
  readonly name: string;
  /** Whether somebody takes connections at its address. */
  readonly door: CheckedTarget['doors'][number];
  readonly server: string | null;
  /** In whose name it is called, where it does not allow the probe. */
  readonly calledAs: string | null;
  readonly client: string | null;
  readonly decidable: readonly string[];
}

/**
 * `assay target check FILE`: which clauses a gate could decide there now, what in the file would add which, and what a run would touch. Asks the
 * Workload API who the probe is, the SPIRE server whether what the file allows there can be made use of, and connects to each service without a word.
 *
 * @throws UsageError when the file is wrong, FixtureError when the probe is given no identity or that server does not answer
 */
export async function checkCommand(path: string, { json }: { readonly json: boolean }): Promise<number> {
  using stopping = abortOnSignals('leaving');
  const target = await attachTarget(resolve(path));
  const checked = toldOf(await target.check(stopping.signal));
  process.stdout.write(json ? `${JSON.stringify(checked, null, 2)}\n` : inWords(path, checked));
  return exitCodes.pass;
}

function toldOf({ probe, now, doors, more, touches, unused, inVain }: CheckedTarget): Checked {
  const work = onOneMesh(gatePlan())!;
  const of = (reach: Reach) => decidable(work, reach);
  const can = ({ because }: Decidable) => because === undefined;
  const idsOf = (all: readonly Decidable[]) => all.filter(can).map(({ clause }) => clause.id as string);
  const all = of(now);
  const decided = new Set(idsOf(all));
  return {
    probe,
    decidable: [...decided],
    not: all.flatMap(({ clause, because }) => (because === undefined ? [] : [{ clause: clause.id, because }])),
    more: more
      .map(({ write, reach }) => ({ write, decides: idsOf(of(reach)).filter((id) => !decided.has(id)) }))
      .filter(({ decides }) => decides.length > 0),
    nodes: now.nodes.map((node, nth) => ({
      ...{
        name: node.name,
        door: doors[nth]!,
        server: node.lacks?.server ?? null,
        calledAs: node.caller ?? null,
        client: node.lacks?.client ?? null,
      },
      // What is about no node in particular is counted once for all.
      decidable: idsOf(of({ ...now, nodes: [node] }).filter(({ clause }) => clause.roles.length > 0)),
    })),
    touches,
    unused,
    inVain,
  };
}

const doorsInWords = {
  open: '',
  closed: '; nobody listens at its address',
  silent: '; nobody answers at its address',
  unknown: '; its address cannot be reached from here',
} as const;

function inWords(path: string, checked: Checked): string {
  const { probe, decidable, not, more, nodes, touches, unused, inVain } = checked;
  const list = (ids: readonly string[]) => ids.map((id) => `    ${id}`);
  const reasons = Map.groupBy(not, ({ because }) => because);
  return [
    `The probe is ${probe}.`,
    '',
    ...nodes.map(({ name, door, server, calledAs, client, decidable: own }) => {
      const roles = [server === null ? 'as server' : undefined, client === null ? 'as client' : undefined];
      const told = roles.filter((role) => role !== undefined).join(' and ');
      return `  ${name}  is looked at ${told === '' ? 'as a stranger sees it' : told}: ${own.length} clauses of its own${doorsInWords[door]}${server === null ? '' : `; ${server}`}${calledAs === null ? '' : `; it does not allow the probe, and is called as ${calledAs}, whom it allows, by an SVID that SPIRE issues in that name`}`;
    }),
    '',
    `${decidable.length} of ${decidable.length + not.length} clauses of the gate can be decided now:`,
    ...list(decidable),
    ...more.flatMap(({ write, decides }) => ['', `${decides.length} more with ${write}:`, ...list(decides)]),
    '',
    'Why the others are not among them:',
    ...[...reasons].map(([because, all]) => `  ${all.length}: ${because}`),
    '',
    'A run contacts these and nothing else:',
    ...touches.map((one) => `    ${one}`),
    ...(unused.length === 0 ? [] : [`The file allows ${unused.join(' and ')}, which no run makes use of.`]),
    ...inVain.map((why) => `What the file allows is not made use of: ${why}.`),
    '',
    `npx assay gate --target ${path}`,
    '',
  ].join('\n');
}
