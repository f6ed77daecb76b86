import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { heardElsewhere } from './heard-elsewhere.ts';

await t.test('a rejection that nobody waits for ends nothing, and whoever waits later hears of it', async (t) => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  const lost = Promise.reject(new Error('lost'));
  heardElsewhere(lost);
  await setImmediate();
  t.strictSame(unheard, []);
  await t.rejects(lost, { message: 'lost' });
});
