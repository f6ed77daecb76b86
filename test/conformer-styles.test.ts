import { EventEmitter, once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import t from 'tap';
import { conformers } from '../impostors/conformers.ts';
import { reference, type Behaviour } from '../mesh/node/behaviour.ts';
import type { Held } from '../mesh/node/held.ts';
import type { Identity } from '../mesh/node/identity.ts';
import { Metrics } from '../mesh/node/metrics.ts';
import { presentedChain } from '../mesh/node/peer.ts';
import { startMtlsServer } from '../mesh/node/server.ts';
import { trustBundles } from '../src/svid/bundle.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';

// A style that is not there would be judged as the reference node is, and pass. So each is looked for on the wire.

t.setTimeout(120_000);

const trustDomain = 'styles.mesh';
const authority = await forgeAuthority({ trustDomain });
const bundles = trustBundles([trustDomain, [authority.certificate]]);

async function issue(name: string) {
  const spiffeId = `spiffe://${trustDomain}/${name}`;
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  const { certificate, certificatePem, privateKeyPem } = await authority.issue({ spiffeId, notBefore, notAfter });
  return { spiffeId, leaf: certificate, certPem: certificatePem, keyPem: privateKeyPem, bundles } satisfies Held;
}

const [node, allowed, stranger] = [await issue('node'), await issue('allowed'), await issue('stranger')];

/** What went over the wire of one connection, on which the caller asked ten times, a moment after its handshake. */
interface Wire {
  /** What the node sent inside TLS, one string a read. */
  readonly reads: readonly string[];
  readonly answer: string;
  /** How the node ended the connection; absent where it did not. */
  readonly end: string | undefined;
  /** From the start to the end of the handshake; from there to the first answer, and to the end; Infinity where that did not come. */
  readonly handshakeMs: number;
  readonly answerMs: number;
  readonly endMs: number;
  readonly suite: string;
  readonly protocol: string | false | null;
  readonly chain: number;
  readonly ticketBytes: number;
  readonly clientHellos: number;
  /** Length of the last TLS record that the node sent. */
  readonly lastRecord: number | undefined;
}

const askedAfterMs = 60;
const patienceMs = 1_500;
const hello = 'GET /hello HTTP/1.1\r\nhost: mesh\r\n\r\n';

async function wireOf(behaviour: Behaviour, as: Held): Promise<Wire> {
  const identity = Object.assign(new EventEmitter(), { current: node }) as unknown as Identity;
  const allow = new Set([allowed.spiffeId]);
  const met = Promise.withResolvers<TcpServer>();
  const seen: Behaviour = {
    ...behaviour,
    entrance(...servers) {
      const entrance = behaviour.entrance(...servers);
      met.resolve(entrance);
      return entrance;
    },
  };
  await using _server = await startMtlsServer({ host: '127.0.0.1', port: 0 }, identity, allow, seen, new Metrics());
  await using relay = await startRelay(((await met.promise).address() as AddressInfo).port);
  const tls = { host: '127.0.0.1', port: relay.port, cert: as.certPem, key: as.keyPem, ALPNProtocols: ['http/1.1'] };
  const startedAt = performance.now();
  const socket = connect({ ...tls, minVersion: 'TLSv1.3', rejectUnauthorized: false });
  const reads: string[] = [];
  let [ticketBytes, answeredAt, endedAt] = [0, Infinity, Infinity];
  socket.on('session', (session: Buffer) => (ticketBytes = session.length));
  socket.on('data', (chunk: Buffer) => {
    answeredAt = Math.min(answeredAt, performance.now());
    reads.push(chunk.toString());
  });
  // Told by the relay.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  const ended = relay.ended.then(() => (endedAt = performance.now()));
  await once(socket, 'secureConnect');
  const securedAt = performance.now();
  const agreed = {
    suite: socket.getCipher().standardName,
    protocol: socket.alpnProtocol,
    chain: presentedChain(socket).length,
  };
  await sleep(askedAfterMs);
  if (!socket.destroyed) socket.write(hello.repeat(10));
  await Promise.race([Promise.all([ended, closed]), sleep(patienceMs)]);
  const { end, fromClient, fromServer } = relay.seen();
  const times = { handshakeMs: securedAt - startedAt, answerMs: answeredAt - securedAt, endMs: endedAt - securedAt };
  socket.destroy();
  const clientHellos = recordsOf(fromClient).filter(({ type }) => type === 22).length;
  const lastRecord = recordsOf(fromServer).at(-1)?.length;
  return { reads, answer: reads.join(''), end, ticketBytes, ...agreed, ...times, clientHellos, lastRecord };
}

function recordsOf(bytes: Buffer): { readonly type: number; readonly length: number }[] {
  const records = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
    records.push({ type: bytes[at]!, length: bytes.readUInt16BE(at + 3) });
  return records;
}

interface Relayed {
  readonly end: string | undefined;
  readonly fromClient: Buffer;
  readonly fromServer: Buffer;
}

interface Relay extends AsyncDisposable {
  readonly port: number;
  /** The other side has ended the connection. */
  readonly ended: Promise<void>;
  seen(): Relayed;
}

/** A port that hands on what goes to and from another, and sees it. */
async function startRelay(to: number): Promise<Relay> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const [fromClient, fromServer]: [Buffer[], Buffer[]] = [[], []];
  let end: string | undefined;
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connectTcp(to, '127.0.0.1');
    sockets.push(client, upstream);
    client.on('data', (chunk: Buffer) => fromClient.push(chunk)).on('error', () => undefined);
    upstream.on('data', (chunk: Buffer) => fromServer.push(chunk));
    upstream.on('error', ({ code }: NodeJS.ErrnoException) => (end ??= code));
    upstream.on('end', () => (end ??= 'end'));
    upstream.on('close', () => {
      resolve();
      client.destroy();
    });
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ended,
    seen: () => ({ end, fromClient: Buffer.concat(fromClient), fromServer: Buffer.concat(fromServer) }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

type Sign = (wire: Wire, plain: Wire) => boolean;

const says =
  (pattern: RegExp): Sign =>
  ({ answer }) =>
    pattern.test(answer);
const retried: Sign = ({ clientHellos }) => clientHellos === 2;
// An alert in TLS 1.3: two bytes, the type of the record, and the tag.
const alertBytes = 19;

/** By style, what shows it to a caller who is allowed. */
const toAllowed: Readonly<Record<string, Sign>> = {
  'answers-http-1.0': ({ answer, end }) => answer.startsWith('HTTP/1.0 200') && end === 'end',
  'answers-http-1.0-kept': ({ answer, end }) => answer.startsWith('HTTP/1.0 200') && end === undefined,
  'answers-then-closes': ({ answer, end }) => answer.split('200 OK').length === 2 && end === 'end',
  'answers-ten-times': ({ answer, end }) => answer.split('200 OK').length === 11 && end === 'end',
  'answers-until-close': ({ answer }) => !/content-length|chunked/i.test(answer),
  'answers-chunked': says(/\r\n7\r\n.{7}\r\n/),
  'answers-byte-by-byte': ({ reads }) => reads.length > 100,
  'answers-slowly': ({ answerMs }) => answerMs > askedAfterMs + 130,
  'answers-after-early-hints': says(/^HTTP\/1\.1 103 /),
  'answers-with-more-members': says(/\{"build":.*"peer":.*"self":/),
  'answers-prettily': says(/\n\{\n\t"self"/),
  'answers-with-escaped-slashes': says(/spiffe:\\\/\\\//),
  'answers-with-escaped-letters': says(/"\\u0073elf"/),
  'answers-with-other-headers': says(/CONTENT-LENGTH:\d/),
  'tls-chacha20-alone': ({ suite }) => suite === 'TLS_CHACHA20_POLY1305_SHA256',
  'tls-aes-128-first': ({ suite }) => suite === 'TLS_AES_128_GCM_SHA256',
  'tls-p-384-alone': retried,
  'tls-p-521-alone': retried,
  'tls-slow-handshakes': ({ handshakeMs }) => handshakeMs >= 50,
  'tls-cold-at-first': ({ handshakeMs }) => handshakeMs >= 2_000,
  'tls-names-its-protocol': ({ protocol }) => protocol === 'http/1.1',
  'tls-shows-its-authority': ({ chain }) => chain === 2,
  'tls-stateful-sessions': ({ ticketBytes }, plain) => ticketBytes < plain.ticketBytes,
};

/** By style, what shows it to a caller who is turned away. */
const toStranger: Readonly<Record<string, Sign>> = {
  'refuses-by-close-notify': ({ end, lastRecord }) => end === 'end' && lastRecord === alertBytes,
  'refuses-by-reset': ({ end }) => end === 'ECONNRESET',
  'refuses-when-asked': ({ end, answer, endMs }) => end !== undefined && answer === '' && endMs > askedAfterMs - 10,
  'refuses-late': ({ end, answer, endMs }) => end !== undefined && answer === '' && endMs >= 100,
  'refuses-with-403': says(/^HTTP\/1\.1 403 /),
  'refuses-with-400': says(/^HTTP\/1\.1 400 /),
};

/** The reference node may take as long, on a machine that is busy. */
const timed = new Set(['answers-slowly', 'tls-slow-handshakes', 'refuses-when-asked', 'refuses-late']);

for (const [caller, signs, as] of [
  ['who is allowed', toAllowed, allowed],
  ['who is turned away', toStranger, stranger],
] as const) {
  const plain = await wireOf(reference, as);
  const wires = await Promise.all(
    Object.entries(signs).map(async ([id, sign]) => {
      const conformer = conformers.find((one) => one.id === id);
      return {
        id,
        sign,
        wire: await wireOf({ ...reference, ...(conformer?.kind === 'node' && conformer.change) }, as),
      };
    }),
  );
  for (const { id, sign, wire } of wires) {
    await t.test(`${id} is what it says to a caller ${caller}, and the reference node is not`, async (t) => {
      t.ok(sign(wire, plain), JSON.stringify(wire));
      if (!timed.has(id)) t.notOk(sign(plain, plain), JSON.stringify(plain));
    });
  }
}
