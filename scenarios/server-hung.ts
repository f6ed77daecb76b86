import { pause } from '../fixtures/faults/kinds/pause.ts';
import { pauseOfServer } from '../fixtures/faults/paused-server.ts';
import type { Scenario } from './scenario.ts';
import { ownServer, shortServerOutage } from './steps/own-server.ts';
import { servedNodes } from './steps/recovery.ts';
import { shortOutage } from './steps/short-outage.ts';

export const serverHung: Scenario = {
  id: 'server-hung',
  title: 'The SPIRE server hangs',
  hypothesis:
    'a SPIRE server that takes connections and answers nobody, and is back before any SVID ends, fails no request, and renewal goes on within the computed bound',
  ...shortServerOutage,
  steps: [
    'Traffic flows between all pairs, and nobody else asks anything of the server any more.',
    'The program of the server is stopped (SIGSTOP), and is proven to hang from outside: it has not ended, its port takes connections, and nobody shakes hands there. A call of an agent hangs with it, for up to 30 s.',
    'That is held for at least two and a half sync intervals, so that renewals are missed, and ends while every SVID still lives.',
    'The program is resumed (SIGCONT), and is proven to answer. What was asked of it meanwhile it answers now.',
    'Each node is given a new SVID within the bound, and traffic goes on.',
  ],
  faults: [pause],
  async run(context) {
    const outage = pauseOfServer(await ownServer(context), servedNodes(context.target));
    await shortOutage(context, serverHung.id, [outage]);
  },
};
