import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { asCurlDoes } from './check.ts';

await t.test('silence is no refusal, and is not waited for; nor is it one that nobody is there', async (t) => {
  const silent = createServer((socket) => void socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  t.strictSame(await asCurlDoes(address, 200), { why: 'no answer within 200 ms', isRefusal: false });
  silent.close();
  await once(silent, 'close');
  t.match(await asCurlDoes(address), { why: /ECONNREFUSED/, isRefusal: false });
});

await t.test('a connection that is closed is one', async (t) => {
  const closing = createServer((socket) => void socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
  await once(closing, 'listening');
  t.teardown(() => closing.close());
  t.match(await asCurlDoes(`127.0.0.1:${(closing.address() as AddressInfo).port}`), { isRefusal: true });
});
