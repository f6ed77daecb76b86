import { isBackAfterPause, refusesAtTheDoor } from '../../checkers/door.ts';
import { inItsScenario } from '../../checkers/scenario.ts';
import { clause } from '../../clause.ts';

// A service stands still for a while, as in a long garbage collection or on a host that hangs, and wakes in another time.

const must = {
  promise: null,
  level: 'MUST',
  catalogue: null,
  spec: 'Mesh deployment, Phase 4 (certificate rotation; implied)',
  subject: 'validator',
  roles: ['server'],
} as const;

export const pauseRefusesStrangers = clause({
  ...must,
  id: 'mesh/pause/strangers-refused',
  title: 'A service that was paused lets nobody in whom it would refuse otherwise',
  danger: 'who was good before the pause is let in after it, or whoever comes before the clock was read again',
  limits:
    'four strangers and the probe in turn, as often as the target file allows and twenty times a second at most; that an SVID which ended meanwhile is refused is tried where the one of the probe did, and more time than its whole life has gone by since it was let in: clocks differ',
  judge: inItsScenario(refusesAtTheDoor),
});

export const pauseComesBack = clause({
  ...must,
  id: 'mesh/pause/comes-back',
  subject: 'workload-api-client',
  title: 'A service that was paused lets its callers in again within the bound, with an SVID that is valid then',
  danger:
    'it goes on with an SVID that ended while it stood still, and its callers turn away until somebody restarts it',
  limits: 'that an SVID ended meanwhile shows only where the pause is longer than its life (`for` in the target file)',
  judge: inItsScenario(isBackAfterPause),
});
