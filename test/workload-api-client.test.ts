import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

import { fetchX509Context, watchX509Context, type WorkloadApiError, type X509Context } from '../spiffe/workload-api.ts';

t.setTimeout(3_600_000);

type Stream = ServerWritableStream<object, object>;

const der = new Uint8Array([0x30, 0x01, 0x00]);
const svid = {
  spiffeId: 'spiffe://fake.test/web',
  x509Svid: Uint8Array.of(...der, ...der),
  x509SvidKey: der,
  bundle: Uint8Array.of(...der, ...der, ...der),
  hint: 'h',
};
const good = { svids: [svid], federatedBundles: { 'spiffe://partner.test': der, 'spiffe://fake.test': der } };

await t.test('a message becomes a context', async (t) => {
  await using fake = await serve((stream) => stream.write(good));
  const context = await fetchX509Context(fake.socket, { withinMs: 2000 });
  t.strictSame(context.svids, [{ spiffeId: svid.spiffeId, chain: [der, der], privateKeyPkcs8: der, hint: 'h' }]);
  // A federated entry under the own name is no way to replace the own authorities.
  t.strictSame(
    context.bundles,
    new Map([
      ['fake.test', [der, der, der]],
      ['partner.test', [der]],
    ]),
  );
  t.strictSame(fake.headers, ['true']);
});

await t.test('a server that says nothing is a deadline', async (t) => {
  await using fake = await serve(() => {});
  await t.rejects(fetchX509Context(fake.socket, { withinMs: 100 }), {
    name: /^WorkloadApiError$/,
    code: /^DEADLINE_EXCEEDED$/,
  });
});

await t.test('InvalidArgument ends the watch for good', async (t) => {
  await using fake = await serve((stream) =>
    stream.emit('error', { code: status.INVALID_ARGUMENT, details: 'no header' }),
  );
  using seen = watching(fake.socket);
  await t.rejects(seen.ended, { name: /^WorkloadApiError$/, code: /^INVALID_ARGUMENT$/ });
  await sleep(300);
  t.equal(fake.headers.length, 1);
});

await t.test(
  'PermissionDenied withdraws once and is retried with growing pauses until an identity comes',
  async (t) => {
    let calls = 0;
    await using fake = await serve((stream) => {
      calls += 1;
      if (calls <= 4) stream.emit('error', { code: status.PERMISSION_DENIED, details: 'no identity issued' });
      else stream.write(good);
    });
    const startedAt = performance.now();
    using seen = watching(fake.socket);
    while (seen.updates.length === 0) await sleep(5);
    // Four pauses of at least half of 50, 100, 200 and 400 ms.
    t.ok(performance.now() - startedAt >= 375);
    t.strictSame([seen.withdrawn, seen.trouble, calls], [['no identity issued'], [], 5]);
  },
);

await t.test('a message that lacks a mandatory field is told and dropped, and the stream goes on', async (t) => {
  for (const broken of [
    { svids: [] },
    { svids: [{ ...svid, x509SvidKey: new Uint8Array() }] },
    { svids: [{ ...svid, bundle: new Uint8Array() }] },
    { svids: [{ ...svid, spiffeId: '' }] },
  ]) {
    await using fake = await serve((stream) => {
      stream.write(broken);
      stream.write(good);
    });
    using seen = watching(fake.socket);
    while (seen.updates.length === 0) await sleep(5);
    t.strictSame([seen.trouble.length, seen.updates.length, fake.headers.length], [1, 1, 1]);
  }
});

await t.test('a stream that ends well is opened again', async (t) => {
  await using fake = await serve((stream) => {
    stream.write(good);
    stream.end();
  });
  using seen = watching(fake.socket);
  while (seen.updates.length < 3) await sleep(5);
  t.strictSame([seen.withdrawn.length, seen.trouble[0]?.code], [0, 'OK']);
});

await t.test('an aborted watch ends quietly', async (t) => {
  const stop = new AbortController();
  using seen = watching('/nowhere/api.sock', stop.signal);
  while (seen.trouble.length === 0) await sleep(5);
  stop.abort();
  await seen.ended;
  const told = seen.trouble.length;
  await sleep(200);
  t.equal(seen.trouble.length, told);
});

function watching(socket: string, signal?: AbortSignal) {
  const updates: X509Context[] = [];
  const withdrawn: string[] = [];
  const trouble: WorkloadApiError[] = [];
  const watch = watchX509Context(socket, {
    onUpdate: (context) => updates.push(context),
    onWithdrawn: (reason) => withdrawn.push(reason),
    onTrouble: (error) => trouble.push(error),
    ...(signal && { signal }),
  });
  return { updates, withdrawn, trouble, ended: watch.ended, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

async function serve(answer: (stream: Stream) => void) {
  const types = new protobuf.Root().loadSync(join(import.meta.dirname, '../spiffe/grpc/workload.proto'));
  const response = types.lookupType('X509SVIDResponse');
  const dir = mkdtempSync(join(tmpdir(), 'workload-api-'));
  const headers: string[] = [];
  const server = new Server();
  server.addService(
    {
      fetch: {
        path: '/SpiffeWorkloadAPI/FetchX509SVID',
        requestStream: false,
        responseStream: true,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: () => ({}),
        responseDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (message: object) => response.encode(message as protobuf.Message).finish() as Buffer,
      },
    },
    {
      fetch: (stream: Stream) => {
        headers.push(String(stream.metadata.get('workload.spiffe.io')[0]));
        answer(stream);
      },
    },
  );
  const socket = join(dir, 'api.sock');
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return {
    socket,
    headers,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      rmSync(dir, { recursive: true });
      await Promise.resolve();
    },
  };
}
