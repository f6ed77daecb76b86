import { setTimeout as sleep } from 'node:timers/promises';
import { pause } from '../fixtures/faults/kinds/pause.ts';
import { offerTo, type TlsIdentity } from '../fixtures/probes/probe.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { identityTo, nodesIn } from '../fixtures/target/target.ts';
import { pauseComesBack, pauseRefusesStrangers } from '../src/clauses/mesh/pause.ts';
import { FixtureError } from '../src/errors.ts';
import { pemToDer } from '../src/svid/x509/pem.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import { skipUnnamed } from './commanded/unnamed.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';
import { standAtDoor, type Door } from './steps/door.ts';

// Long enough that whoever calls has noticed.
const usualHoldMs = 3_000;
const silentMs = 1_000;
// Clocks of others differ from ours, and certificates end in whole seconds.
const endedForMs = 2_000;
// What is shown when the time for it is over is to be seen.
const afterwardsMs = 1_000;

const lookedBound: BoundDeclaration = {
  name: 'looked',
  says: 'from the moment at which all are resumed to the end: as long as a service may take to follow (`uptake`), and a second in which it is seen what it shows then',
};

const decides = { refuses: pauseRefusesStrangers, isBack: pauseComesBack };

export const commandedPause: Scenario = {
  id: 'commanded-pause',
  title: 'Services of the mesh are paused',
  hypothesis:
    'after services of a mesh that others run were paused, which its owners do, each answers again within the bound with an SVID that is valid then, and nobody is let in who would be refused otherwise',
  clauses: [pauseRefusesStrangers, pauseComesBack],
  needs: ['commanded-pause'],
  mesh: 'steady',
  ofOthers: true,
  faults: [pause],
  bounds: [lookedBound],
  steps: [
    'The probe is let in by each service that the target file names for it. One that does not let it in is not paused.',
    'By the command of the target file (`cut`) the services are paused. A pause is in force when the command that shows it (`reaches`) gets nowhere, twice in a row, which it did before; then the probe is not let in either.',
    'It is held for as long as the target file says (`for`), 3 s where it does not, and shown to be in force still.',
    'It is healed, by the other command (`heal`). From then on strangers and the probe call in turn, twenty times a second: nobody at all, the right ID self-signed, the right ID below an unknown authority, a question in the clear, and the SVID that the probe had before, where that has ended.',
    'They call until the time is over that a service may take to follow, and a second longer. Then the probe comes once more.',
  ],
  async run(context) {
    const { target, signal, inject, bound } = context;
    const commanded = (target.commanded ?? []).filter(({ kind }) => kind === pause.kind);
    const byName = new Map(commanded.map((one) => [one.node, one]));
    skipUnnamed(context, commandedPause.clauses, byName, pause);
    const named = nodesIn(target, 'server').filter(({ name }) => byName.has(name));
    const uptakeMs = Math.max(0, ...named.map((node) => node.uptakeMs ?? target.timing.uptakeMs));
    const lookedMs = bound(lookedBound, uptakeMs + afterwardsMs);
    await using standing = new AsyncDisposableStack();
    const doors = await allEnded(named.map(async (node) => standing.use(await standAtDoor(context, node, decides))));
    const before = await allEnded(doors.map(({ node }) => identityTo(target, node, 'server')));
    const paused = named.map(({ name }) => byName.get(name)!);
    {
      await using _pause = await inject(paused.map(({ fault }) => fault));
      await allEnded(doors.map((door) => letsNobodyIn(context, door)));
      await sleep(Math.max(...paused.map(({ holdMs }) => holdMs ?? usualHoldMs)), undefined, { signal });
      for (const { node, fault } of paused) {
        const { gone, seen } = await fault.look();
        if (gone) throw new FixtureError(`pause of ${node}: it ended by itself before it was healed: ${seen}`);
      }
      for (const [at, door] of doors.entries()) door.begin(endedSince(before[at]!));
    }
    await sleep(lookedMs, undefined, { signal });
    await allEnded(doors.map((door) => door.end()));
  },
};

/** @throws FixtureError where a service that is said to be paused lets the probe in all the same */
async function letsNobodyIn({ target }: ScenarioContext, { node }: Door): Promise<void> {
  const { outcome, how } = await offerTo(node, { identity: await identityTo(target, node, 'server') }, silentMs);
  if (outcome === 'accepted')
    throw new FixtureError(
      `pause of ${node.name}: \`reaches\` gets nowhere, and the probe is let in all the same (${how}): it is not this service that is paused`,
    );
}

function endedSince(before: TlsIdentity): readonly (readonly [string, TlsIdentity])[] {
  const { notAfter } = readCertificate(pemToDer(before.cert));
  return notAfter.getTime() + endedForMs < Date.now()
    ? [['the SVID that the probe had before the pause, and that has ended since', before]]
    : [];
}
