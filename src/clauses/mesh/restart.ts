import { isBackAfterRestart, refusesAtTheDoor } from '../../checkers/door.ts';
import { inItsScenario } from '../../checkers/scenario.ts';
import { clause } from '../../clause.ts';

// A service starts again, and holds nothing until its agent has given it an SVID.

const must = {
  promise: null,
  level: 'MUST',
  catalogue: null,
  spec: 'Mesh deployment, Phase 3 (services; implied)',
  subject: 'validator',
  roles: ['server'],
} as const;

export const restartRefusesStrangers = clause({
  ...must,
  id: 'mesh/restart/strangers-refused',
  title: 'While a service starts it lets nobody in whom it would refuse otherwise',
  danger:
    'each rollout opens a window in which anybody is served: no client certificate is asked for, or no TLS spoken',
  limits:
    'four strangers and the probe in turn, as often as the target file allows and twenty times a second at most: what is open for less than five calls may pass, a second by the usual five a second; so does what another instance does behind the same address, where all callers are sent to one at a time; not looked at where a service of bytes says nothing',
  judge: inItsScenario(refusesAtTheDoor),
});

export const restartComesBack = clause({
  ...must,
  id: 'mesh/restart/comes-back',
  subject: 'workload-api-client',
  title: 'A service that is restarted shows nothing but its own SVID, and lets its callers in again within the bound',
  danger:
    'a certificate that somebody packed with the service speaks for it until its SVID comes, or it never comes back',
  limits: 'by the calls of the probe; a service that falls again while it is looked at is left open',
  judge: inItsScenario(isBackAfterRestart),
});
