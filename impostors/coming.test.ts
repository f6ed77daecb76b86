import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { comingOfThisProcess } from './coming.ts';

await t.test('a service comes when it listens, however long its start takes', async (t) => {
  const coming = comingOfThisProcess();
  const server = coming.through(createServer());
  t.teardown(() => server.close());
  // As a busy machine does to a start.
  const busyUntilMs = performance.now() + 1_000;
  while (performance.now() < busyUntilMs);
  t.equal(coming.sinceMs(), 0);
  const beganMs = performance.now();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await sleep(20);
  t.ok(coming.sinceMs() > 0 && coming.sinceMs() <= performance.now() - beganMs);
  t.equal(coming.asleepSince(), undefined, 'a busy start is no pause');
});
