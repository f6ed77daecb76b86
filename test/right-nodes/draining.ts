// A right mesh node that takes a second to stop, in which it still serves.
import { setTimeout as sleep } from 'node:timers/promises';
import { reference } from '../../mesh/node/behaviour.ts';
import { runNode } from '../../mesh/node/node.ts';

await runNode({ ...reference, stopping: () => sleep(1_000) });
process.exit(0);
