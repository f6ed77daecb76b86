import { setTimeout as sleep } from 'node:timers/promises';
import { pause } from '../fixtures/faults/kinds/pause.ts';
import type { TlsIdentity } from '../fixtures/probes/probe.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { identityTo, nodesIn, type Target, type TargetNode } from '../fixtures/target/target.ts';
import { pauseComesBack, pauseRefusesStrangers } from '../src/clauses/mesh/pause.ts';
import { FixtureError } from '../src/errors.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { lastSecondMs } from '../src/checkers/cut.ts';
import { pemToDer } from '../src/svid/x509/pem.ts';
import { readCertificate } from '../src/svid/x509/read.ts';
import { skipUnnamed } from './commanded/unnamed.ts';
import type { BoundDeclaration, Scenario } from './scenario.ts';
import { callEveryMs, isAsked, patienceMs, standAtDoor, type Door } from './steps/door.ts';

// Long enough that whoever calls has noticed.
const usualHoldMs = 3_000;
// Who is given less time than that has not been turned away.
const leastSilentMs = 200;
const mostAtOnce = 4;
// So often at least the probe is not let in meanwhile.
const triesAtLeast = 3;
// Certificates end in whole seconds, and updates take their time.
const endedForMs = 10_000;
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
    'By the command of the target file (`cut`) the services are paused. A pause is in force when the command that shows it (`reaches`) gets nowhere, twice in a row, which it did before.',
    'Each is held for as long as the target file says (`for`), 3 s where it does not, and shown to be in force still. The probe calls all the while, as often as the file allows (`load.perSecond`), and is never let in: where it is, it is not this service that is paused, or not all of it. One that is held for less than three such calls is not paused.',
    'It is healed, by the other command (`heal`). From then on strangers and the probe call in turn, as often as the target file allows, twenty times a second at most: nobody at all, the right ID self-signed, the right ID below an unknown authority, a question in the clear, and the SVID that the probe had before, where that has ended by every clock: more time than its whole life has gone by since the service let it in. Where the file does not say what is sent to a service of bytes (`send`), strangers cannot be told there, and the probe comes alone.',
    'They call until the time is over that a service may take to follow, and a second longer. Then the probe comes once more.',
  ],
  async run(context) {
    const { target, recorder, signal, inject, bound } = context;
    const commanded = (target.commanded ?? []).filter(({ kind }) => kind === pause.kind);
    const byName = new Map(commanded.map((one) => [one.node, one]));
    skipUnnamed(context, commandedPause.clauses, byName, pause);
    // One that says nothing is let in where it stays for as long as we are patient.
    const leastHoldMs = (node: TargetNode) => triesAtLeast * callEveryMs(target) + (isAsked(node) ? 0 : patienceMs);
    const named = nodesIn(target, 'server').filter((node) => {
      const { name } = node;
      const one = byName.get(name);
      if (one === undefined) return false;
      const { holdMs = usualHoldMs } = one;
      const leastMs = leastHoldMs(node);
      if (holdMs >= leastMs) return true;
      for (const { id } of commandedPause.clauses)
        recorder.record({
          ...{ kind: 'skip', clause: id, node: name },
          reason: `${name} would be paused for ${holdMs} ms (for), too short for ${triesAtLeast} calls that are not answered, ${(1_000 / callEveryMs(target)).toFixed(0)} a second: ${leastMs} ms are wanted`,
        });
      return false;
    });
    const uptakeMs = Math.max(0, ...named.map((node) => node.uptakeMs ?? target.timing.uptakeMs));
    const lookedMs = bound(lookedBound, uptakeMs + afterwardsMs);
    await using standing = new AsyncDisposableStack();
    const doors = await allEnded(named.map(async (node) => standing.use(await standAtDoor(context, node, decides))));
    const before = await allEnded(doors.map(({ node }) => identityTo(target, node, 'server')));
    const letInAtMs = Date.now();
    // Each for its own time.
    await allEnded(
      doors.map(async (door, at) => {
        const { node, fault, holdMs = usualHoldMs } = byName.get(door.node.name)!;
        await using _pause = await inject([fault]);
        await letsNobodyIn(door, holdMs, signal);
        const { gone, seen } = await fault.look();
        if (gone) throw new FixtureError(`pause of ${node}: it ended by itself before it was healed: ${seen}`);
        door.begin(endedSince(target, before[at]!, letInAtMs));
      }),
    );
    await sleep(lookedMs, undefined, { signal });
    await allEnded(doors.map((door) => door.end()));
  },
};

/** @throws FixtureError where a service that is said to be paused lets the probe in all the same */
async function letsNobodyIn(door: Door, holdMs: number, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + holdMs;
  const underWay = new Set<Promise<void>>();
  let letIn: string | undefined;
  for (let leftMs = holdMs; leftMs > 0 && letIn === undefined; leftMs = untilMs - performance.now()) {
    if (leftMs >= leastSilentMs && underWay.size < mostAtOnce) {
      // Nobody is waited for beyond it: it is not paused for longer than its owner says.
      const one = door
        .letsIn(Math.min(patienceMs, leftMs))
        .then((how) => void (letIn ??= how))
        .finally(() => underWay.delete(one));
      heardElsewhere(one);
      underWay.add(one);
    }
    await sleep(Math.min(door.everyMs, leftMs), undefined, { signal });
  }
  await allEnded([...underWay]);
  if (letIn !== undefined)
    throw new FixtureError(
      `pause of ${door.node.name}: \`reaches\` gets nowhere, and the probe is let in all the same (${letIn}): it is not this service that is paused, or not all that stand behind its address`,
    );
}

/** Those whose SVID has ended for whoever let them in, by whatever clock: that has gone on since by more than the whole life of it. */
function endedSince(
  { ownClocks }: Target,
  before: TlsIdentity,
  letInAtMs: number,
): readonly (readonly [string, TlsIdentity])[] {
  const { notBefore, notAfter } = readCertificate(pemToDer(before.cert));
  const livesMs = notAfter.getTime() - notBefore.getTime();
  const nowMs = Date.now();
  return notAfter.getTime() + endedForMs < nowMs && (ownClocks !== true || nowMs - letInAtMs > livesMs + lastSecondMs)
    ? [['the SVID that the probe had before the pause, and that has ended since', before]]
    : [];
}
