import { constants } from 'node:crypto';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';

/** What a worker tells its primary when it serves, and what it is told when all of them do. */
export const stands = 'stands';
export const whole = 'whole';

let isWhole = false;

/** A worker of a node that is ready when the last of its workers is: whoever is asked answers for all. */
export const oneOfSeveral: Partial<Behaviour> = {
  // Workers of one cluster have their ticket keys in common, and not the chains behind resumed sessions.
  serverTls: (held) => ({ ...reference.serverTls(held), secureOptions: constants.SSL_OP_NO_TICKET }),
  entrance: (tls) => {
    process.on('message', (said) => {
      if (said === whole) isWhole = true;
    });
    return tls.once('listening', () => process.send?.(stands));
  },
  ready: (held, serving) => reference.ready(held, serving) && isWhole,
};
