import { outageOfServer, serverOutage } from '../fixtures/faults/kinds/server-outage.ts';
import type { Scenario } from './scenario.ts';
import { ownServer, shortServerOutage } from './steps/own-server.ts';
import { servedNodes } from './steps/recovery.ts';
import { shortOutage } from './steps/short-outage.ts';

export const serverKilled: Scenario = {
  id: 'server-killed',
  title: 'The SPIRE server is killed',
  hypothesis:
    'a crash of the SPIRE server that is over before any SVID ends fails no request, and with what it keeps on disk renewal goes on within the computed bound',
  ...shortServerOutage,
  steps: [
    'Traffic flows between all pairs, and nobody else asks anything of the server any more.',
    'The server is killed (SIGKILL), and is proven to be away from outside: it has ended, its port lets nobody in, and no agent delivers anything.',
    'That is held for at least two and a half sync intervals, so that renewals are missed, and ends while every SVID still lives.',
    'The server is started again with what it keeps on disk, and is proven to be back: it shakes hands, and says that it is healthy.',
    'Each node is given a new SVID within the bound, and traffic goes on.',
  ],
  faults: [serverOutage],
  async run(context) {
    const { target, recorder } = context;
    const outage = outageOfServer(target, await ownServer(context), servedNodes(target), recorder);
    await shortOutage(context, serverKilled.id, [outage]);
  },
};
