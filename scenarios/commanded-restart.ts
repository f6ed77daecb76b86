import { setTimeout as sleep } from 'node:timers/promises';
import { restart, restartOf } from '../fixtures/faults/kinds/restart.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { nodesIn } from '../fixtures/target/target.ts';
import { restartComesBack, restartRefusesStrangers } from '../src/clauses/mesh/restart.ts';
import { skipUnnamed } from './commanded/unnamed.ts';
import type { BoundDeclaration, Scenario } from './scenario.ts';
import { standAtDoor } from './steps/door.ts';

const usualMs = 30_000;
// Who serves before its SVID is there may go on with it a moment longer.
const settledMs = 1_000;

const backBound: BoundDeclaration = {
  name: 'back',
  says: 'from the command to the moment at which the service lets the probe in again, where the target file does not say `within`: 30 s, and whoever takes longer is left open',
};

const decides = { refuses: restartRefusesStrangers, isBack: restartComesBack };

export const commandedRestart: Scenario = {
  id: 'commanded-restart',
  title: 'Services of the mesh are restarted',
  hypothesis:
    'while services of a mesh that others run are restarted, which its owners do, nobody is let in who would be refused otherwise, and each is back within the bound, as itself',
  clauses: [restartRefusesStrangers, restartComesBack],
  needs: ['commanded-restart'],
  mesh: 'steady',
  ofOthers: true,
  faults: [restart],
  bounds: [backBound],
  steps: [
    'The probe is let in by each service that the target file names for it. One that does not let it in is not restarted.',
    'From now on strangers and the probe call in turn, as often as the target file allows (`load.perSecond`), twenty times a second at most: nobody at all, the right ID self-signed, the right ID below an unknown authority, a question in the clear. Where the file does not say what is sent to a service of bytes (`send`), strangers cannot be told there, and the probe comes alone.',
    'When each has come twice, and the probe was let in each time, the services are restarted by the command of the target file (`run`). That one is away is seen by three calls in a row that find its port closed. One that is never seen away, as behind a proxy or a balancer, tells nothing of how it starts, nor does one of which some are answered meanwhile.',
    'They are called until each lets the probe in again, for twelve calls more, and a second longer. Then the probe comes once more.',
  ],
  async run(context) {
    const { target, signal, inject, bound } = context;
    const back = bound(backBound, usualMs);
    const restarts = new Map((target.restarts ?? []).map((one) => [one.node, one]));
    skipUnnamed(context, commandedRestart.clauses, restarts, restart);
    const named = nodesIn(target, 'server').filter(({ name }) => restarts.has(name));
    await using standing = new AsyncDisposableStack();
    const doors = await allEnded(named.map(async (node) => standing.use(await standAtDoor(context, node, decides))));
    for (const door of doors) door.begin();
    await allEnded(doors.map((door) => door.steady()));
    const faults = doors.map((door) => {
      const one = restarts.get(door.node.name)!;
      return restartOf(one, door, one.withinMs ?? back);
    });
    {
      // It undoes itself: healed is who is back.
      await using _restart = await inject(faults);
    }
    await sleep(settledMs, undefined, { signal });
    await allEnded(doors.map((door) => door.end()));
  },
};
