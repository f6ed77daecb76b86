import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, status, type ServerWritableStream } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { eventually } from '../../fixtures/run/eventually.ts';
import { watchX509Context, type X509Context } from '../../spiffe/workload-api.ts';
import { hostPort } from '../../src/host-port.ts';

type Stream = ServerWritableStream<Buffer, Buffer>;

/** A Workload API that hands on what the real agent delivers, but for what `change` makes of it. */
export interface Between {
  /** What is delivered instead, and when. */
  readonly change?: (context: X509Context, deliver: (context: X509Context) => void) => void;
  /** Everybody is told that there is no identity while this is so. */
  readonly denies?: () => boolean;
}

/** Serves `socketPath` as soon as the real agent serves `realPath`. */
export async function serveBetween(
  socketPath: string,
  realPath: string,
  { change = (context, deliver) => deliver(context), denies = () => false }: Between,
): Promise<void> {
  await eventually('the agent opens its socket', () => existsSync(realPath), { withinMs: 30_000 });
  const streams = new Set<Stream>();
  let latest: Buffer | undefined;
  const deny = (stream: Stream) => {
    streams.delete(stream);
    stream.emit('error', { code: status.PERMISSION_DENIED, details: 'no identity issued' });
  };
  watchX509Context(realPath, {
    maxBackoffMs: 100,
    onUpdate: (context) =>
      change(context, (delivered) => {
        latest = encode(delivered);
        for (const stream of streams) stream.write(latest);
      }),
    onWithdrawn: () => {
      latest = undefined;
      for (const stream of [...streams]) deny(stream);
    },
  });
  setInterval(() => {
    if (denies()) for (const stream of [...streams]) deny(stream);
  }, 20);

  const server = new Server();
  const asIs = (bytes: Buffer) => bytes;
  server.register(
    '/SpiffeWorkloadAPI/FetchX509SVID',
    (stream: Stream) => {
      if (latest === undefined || denies()) {
        deny(stream);
        return;
      }
      streams.add(stream);
      stream.on('cancelled', () => streams.delete(stream));
      stream.write(latest);
    },
    asIs,
    asIs,
    'serverStream',
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

const message = new protobuf.Root()
  .loadSync(fileURLToPath(new URL('../../spiffe/grpc/workload.proto', import.meta.url)))
  .lookupType('X509SVIDResponse');

function encode({ svids, bundles }: X509Context): Buffer {
  const own = (spiffeId: string) => spiffeId.split('/')[2]!;
  const owns = new Set(svids.map(({ spiffeId }) => own(spiffeId)));
  return Buffer.from(
    message
      .encode(
        message.create({
          svids: svids.map(({ spiffeId, chain, privateKeyPkcs8, hint }) => ({
            spiffeId,
            x509Svid: Buffer.concat(chain),
            x509SvidKey: privateKeyPkcs8,
            bundle: Buffer.concat(bundles.get(own(spiffeId)) ?? []),
            hint,
          })),
          federatedBundles: Object.fromEntries(
            [...bundles]
              .filter(([trustDomain]) => !owns.has(trustDomain))
              .map(([trustDomain, ders]) => [`spiffe://${trustDomain}`, Buffer.concat(ders)]),
          ),
        }),
      )
      .finish(),
  );
}

/** Watches whether anybody listens at an address. */
export function watchReachable(address: string): {
  away(): boolean;
  /** When it was last away, by performance.now(); -Infinity when never. */ awayAt(): number;
} {
  const { host, port } = hostPort(address);
  let awayAt = -Infinity;
  let away = false;
  setInterval(() => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      away = false;
      socket.destroy();
    });
    socket.once('error', () => {
      away = true;
      awayAt = performance.now();
    });
  }, 25);
  return { away: () => away, awayAt: () => awayAt };
}
