import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

import { fetchX509Context, watchX509Context, type WorkloadApiError, type X509Context } from '../spiffe/workload-api.ts';

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

await test('a message becomes a context', async () => {
  await using fake = await serve((stream) => stream.write(good));
  const context = await fetchX509Context(fake.socket, { withinMs: 2000 });
  assert.deepEqual(context.svids, [{ spiffeId: svid.spiffeId, chain: [der, der], privateKeyPkcs8: der, hint: 'h' }]);
  // A federated entry under the own name is no way to replace the own authorities.
  assert.deepEqual(
    context.bundles,
    new Map([
      ['fake.test', [der, der, der]],
      ['partner.test', [der]],
    ]),
  );
  assert.deepEqual(fake.headers, ['true']);
});

await test('a server that says nothing is a deadline', async () => {
  await using fake = await serve(() => {});
  await assert.rejects(fetchX509Context(fake.socket, { withinMs: 100 }), {
    name: 'WorkloadApiError',
    code: 'DEADLINE_EXCEEDED',
  });
});

await test('InvalidArgument ends the watch for good', async () => {
  await using fake = await serve((stream) =>
    stream.emit('error', { code: status.INVALID_ARGUMENT, details: 'no header' }),
  );
  using seen = watching(fake.socket);
  await assert.rejects(seen.ended, { name: 'WorkloadApiError', code: 'INVALID_ARGUMENT' });
  await sleep(300);
  assert.equal(fake.headers.length, 1);
});

await test('PermissionDenied withdraws once and is retried with growing pauses until an identity comes', async () => {
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
  assert.ok(performance.now() - startedAt >= 375);
  assert.deepEqual([seen.withdrawn, seen.trouble, calls], [['no identity issued'], [], 5]);
});

await test('a message that lacks a mandatory field is told and dropped, and the stream goes on', async () => {
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
    assert.deepEqual([seen.trouble.length, seen.updates.length, fake.headers.length], [1, 1, 1]);
  }
});

await test('a stream that ends well is opened again', async () => {
  await using fake = await serve((stream) => {
    stream.write(good);
    stream.end();
  });
  using seen = watching(fake.socket);
  while (seen.updates.length < 3) await sleep(5);
  assert.deepEqual([seen.withdrawn.length, seen.trouble[0]?.code], [0, 'OK']);
});

await test('an aborted watch ends quietly', async () => {
  const stop = new AbortController();
  using seen = watching('/nowhere/api.sock', stop.signal);
  while (seen.trouble.length === 0) await sleep(5);
  stop.abort();
  await seen.ended;
  const told = seen.trouble.length;
  await sleep(200);
  assert.equal(seen.trouble.length, told);
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
