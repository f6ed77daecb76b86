import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind } from '../../fixtures/faults/fault.ts';
import { partition } from '../../fixtures/faults/kinds/partition.ts';
import { nodesIn } from '../../fixtures/target/target.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { FixtureError } from '../../src/errors.ts';
import { entriesOf } from '../../src/history.ts';
import { svidsOf } from '../../src/reading/rotations.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from '../scenario.ts';
import { sendStrangers } from '../steps/strangers.ts';
import { skipUnnamed } from './unnamed.ts';

const calmMs = 3_000;
// By how much the SVIDs are to outlive an outage: as long as a command that heals it may take, and one that shows that it is gone.
const marginMs = 60_000;

const calmBound: BoundDeclaration = {
  name: 'calm',
  says: 'from the beginning to the cut: what is lost from then on to the end of the scenario is the doing of the cut, or of its heal',
};

/** An outage that owners of a mesh make by command. */
interface Outage {
  readonly kind: FaultKind;
  /** What is cut off from what, in words. */
  readonly cut: string;
  readonly holdMs: (context: ScenarioContext) => number;
  /** In words. */
  readonly long: string;
  /** What strangers decide that call meanwhile; left out: none call. */
  readonly refused?: KnownClause;
}

/** What all of them have in common. */
export function commandedOutage({ kind, cut, holdMs, long, refused }: Outage) {
  // The one link that a target file may lend.
  const orProxy = (words: string) => (kind === partition ? words : '');
  return {
    mesh: 'steady',
    ofOthers: true,
    faults: [kind],
    bounds: [calmBound],
    steps: [
      'Each service that lets the probe in is called at the rate that the target file allows.',
      `By the command of the target file${orProxy(', or by a proxy of a toxiproxy that is disabled')}, ${cut}. It is in force when the command that shows it${orProxy(', or a call to where the proxy listens,')} gets nowhere, twice in a row, which it did before.`,
      `It is held for ${long}, and shown to be in force still. It ends while every SVID that was shown lives.`,
      `It is healed, by the other command${orProxy(' or by enabling the proxy again')}, and gone when the command that shows it${orProxy(', or that call,')} gets through again. Services are called for as long again as they may take to follow.`,
    ],
    async run(context) {
      const { target, recorder, signal, inject, bound } = context;
      bound(calmBound, calmMs);
      const fromMs = recorder.now();
      const commanded = (target.commanded ?? []).filter((one) => one.kind === kind.kind);
      const names = new Set(commanded.map(({ node }) => node));
      const nodes = target.nodes.filter(({ name }) => names.has(name));
      if (refused !== undefined) skipUnnamed(context, [refused], names, kind);
      await sleep(calmMs, undefined, { signal });
      await using strangers =
        refused &&
        (await sendStrangers({ ...context, target: { ...target, nodes } }, refused, 'while its agent is away'));
      {
        await using _cut = await inject(commanded.map(({ fault }) => fault));
        const called = nodesIn({ nodes }, 'server').map(({ name }) => name);
        outlives(context, called, fromMs, holdMs(context) + marginMs);
        await Promise.all([sleep(holdMs(context), undefined, { signal }), strangers?.called()]);
        for (const { node, fault } of commanded) {
          const { gone, seen } = await fault.look();
          if (gone) throw new FixtureError(`${kind.kind} of ${node}: it ended by itself before it was healed: ${seen}`);
        }
      }
      await sleep(Math.max(calmMs, target.timing.uptakeMs), undefined, { signal });
      await strangers?.end();
    },
  } satisfies Partial<Scenario>;
}

/** Services whose SVIDs end meanwhile would be blamed for the outage. @throws FixtureError that says so; then the cut is undone at once */
function outlives({ recorder }: ScenarioContext, names: readonly string[], fromMs: number, wantedMs: number): void {
  const shown = entriesOf(recorder.history, 'request').filter(({ startMs, server }) => startMs >= fromMs && server);
  for (const name of names) {
    const serials = new Set(shown.flatMap(({ to, server }) => (to === name ? [server!.serial] : [])));
    const svids = svidsOf(recorder.history, name, 'presented').filter(({ serial }) => serials.has(serial));
    const leftMs = Math.min(...svids.map(({ notAfter }) => Date.parse(notAfter) - Date.now()));
    if (leftMs < wantedMs)
      throw new FixtureError(
        `${name} shows an SVID that lives for ${(leftMs / 1000).toFixed(0)} s longer, and ${(wantedMs / 1000).toFixed(0)} s are needed: the cut is undone at once`,
      );
  }
}
