import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import type { WatchOptions, X509Context } from '../spiffe/workload-api.ts';
import { forgeAuthority, type Authority } from '../src/svid/x509/forge.ts';
import { pem, pemToDer } from '../src/svid/x509/pem.ts';
import { SpiffeController, type SpiffeControllerOptions } from '../mesh/controller.ts';
import { ConnectionExpiredError, IdentityLostError, type MtlsConnection } from '../mesh/mtls-connection.ts';
import { reference } from '../mesh/node/behaviour.ts';
import { RefusedError } from '../mesh/node/dial.ts';

t.setTimeout(120_000);

const trustDomain = 'example.test';
const [authority, others] = await Promise.all([
  forgeAuthority({ trustDomain }),
  forgeAuthority({ trustDomain: 'other.test' }),
]);
const id = (name: string, domain = trustDomain) => `spiffe://${domain}/service/${name}`;

interface Issue {
  readonly by?: Authority;
  readonly spiffeId?: string;
  readonly seconds?: number;
  readonly trusts?: readonly Authority[];
}

/** The agent of one controller, without a socket: it hands out what it is told to. */
function agentOf(name: string) {
  let told: WatchOptions | undefined;
  const watch = (_socket: unknown, options: WatchOptions) => {
    told = options;
    return { ended: Promise.resolve(), [Symbol.dispose]: () => (told = undefined) };
  };
  return {
    behaviour: { ...reference, watch: watch as unknown as typeof reference.watch },
    async issue({ by = authority, spiffeId = id(name), seconds = 3_600, trusts = [authority] }: Issue = {}) {
      const [notBefore, notAfter] = [new Date(Date.now() - 10_000), new Date(Date.now() + seconds * 1_000)];
      const svid = await by.issue({ spiffeId, notBefore, notAfter });
      const bundles = new Map([...trusts, by].map((one) => [domainOf(one), [] as Uint8Array[]]));
      for (const one of trusts) bundles.get(domainOf(one))!.push(one.certificate.der);
      const { chain, privateKeyDer: privateKeyPkcs8 } = svid;
      const context: X509Context = { svids: [{ spiffeId, chain, privateKeyPkcs8, hint: '' }], bundles };
      told?.onUpdate(context);
      return svid;
    },
    withdraw: () => told?.onWithdrawn('no identity issued'),
  };
}

const domainOf = (one: Authority) => new URL(one.certificate.uriSans[0]!).host;

async function member(name: string, issue: Issue = {}, options: SpiffeControllerOptions = {}) {
  const agent = agentOf(name);
  const controller = new SpiffeController({ endpointSocket: 'unix:///none', behaviour: agent.behaviour, ...options });
  const initialized = controller.initialize();
  await agent.issue(issue);
  await initialized;
  return { agent, controller, [Symbol.asyncDispose]: () => controller.close() };
}

/** A server of lines, each of which it answers; `lines` are those that came, over all connections. */
async function answering({ controller }: { controller: SpiffeController }, allow = [id('web')]) {
  const lines: string[] = [];
  const connections: MtlsConnection[] = [];
  const listener = await controller.listen({ address: '127.0.0.1:0', allow }, (connection) => {
    connections.push(connection);
    let rest = '';
    connection
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        const parts = `${rest}${chunk}`.split('\n');
        rest = parts.pop()!;
        for (const line of parts) {
          lines.push(line);
          connection.write(`${line} for ${connection.peerSpiffeId}\n`);
        }
      });
  });
  return { address: listener.address, lines, connections };
}

async function ask(connection: MtlsConnection, line: string): Promise<string> {
  connection.write(`${line}\n`);
  let answer = '';
  while (!answer.endsWith('\n')) {
    const [chunk] = (await once(connection, 'data')) as [Buffer];
    answer += chunk.toString();
  }
  return answer.trimEnd();
}

/** The error that a stream ends with; undefined when it ends without. */
function fate(connection: MtlsConnection): Promise<Error | undefined> {
  return new Promise((resolve) => {
    connection.once('error', resolve).once('close', () => resolve(undefined));
  });
}

async function listening<S extends Server>(server: S): Promise<{ readonly address: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A certificate that OpenSSL takes, and who reads DER as RFC 5280 has it does not: the Z at the end of its life is a z. */
function misspelt(certificatePem: string): string {
  const der = Buffer.from(pemToDer(certificatePem));
  const [, notAfter] = [...der.toString('latin1').matchAll(/\d{12}Z/g)];
  der[notAfter!.index + notAfter![0].length - 1]! |= 0x20;
  return pem('CERTIFICATE', der);
}

async function foreign(
  serve: (socket: TLSSocket) => void,
  { by = authority, name = 'api', endsMs = 3_600_000 }: { by?: Authority; name?: string; endsMs?: number },
  options: TlsOptions = {},
) {
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + endsMs)];
  const svid = await by.issue({ spiffeId: id(name, domainOf(by)), notBefore, notAfter });
  const tls = { cert: svid.certificatePem, key: svid.privateKeyPem, requestCert: true, rejectUnauthorized: false };
  const server = createTlsServer({ ...tls, ...options }, (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  return listening(server);
}

await t.test('two controllers know who is at the other end, and bytes go both ways', async (t) => {
  await using api = await member('api');
  await using web = await member('web');
  const server = await answering(api);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  t.equal(connection.peerSpiffeId, id('api'));
  t.equal(await ask(connection, 'one'), `one for ${id('web')}`);
  t.equal(web.controller.getIdentity().spiffeId, id('web'));
  connection.end('two\n');
  const rest: string[] = [];
  for await (const chunk of connection) rest.push(String(chunk));
  t.equal(rest.join(''), `two for ${id('web')}\n`, 'an end of ours leaves its answers to us');
});

await t.test('a right peer is connected to, and one that is wrong in one thing is not', async (t) => {
  await using web = await member('web', { trusts: [authority, others] });
  const dial = (address: string) => web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address });
  const hello = (socket: TLSSocket) => socket.write('hello');
  await using right = await foreign(hello, {});
  const connected = await dial(right.address);
  t.equal(String((await once(connected, 'data'))[0]), 'hello');
  const wrong: readonly [why: RegExp, who: Parameters<typeof foreign>[1], options?: TlsOptions][] = [
    [/api-2 is not one of the IDs|not-expected/, { name: 'api-2' }],
    [/other\.test\/service\/api/, { by: others }],
    [/unknown-authority/, { by: await forgeAuthority({ trustDomain, like: authority.certificate }) }],
    [/expired/, { endsMs: -1_500 }],
    [/protocol version|unsupported protocol/i, {}, { maxVersion: 'TLSv1.2' }],
  ];
  for (const [why, who, options] of wrong) {
    await using server = await foreign(hello, who, options);
    await t.rejects(dial(server.address), { name: /^RefusedError$/, message: why });
  }
  await using plain = await listening(createTcpServer((socket) => void socket.end('hello')));
  await t.rejects(dial(plain.address), RefusedError);
  await t.rejects(dial('127.0.0.1:1'), { code: /^ECONNREFUSED$/ });
});

await t.test('a listener takes who is allowed, and nobody who is wrong in one thing', async (t) => {
  await using api = await member('api', { trusts: [authority, others] });
  const server = await answering(api);
  const call = async (who: Awaited<ReturnType<typeof member>>) => {
    const connection = await who.controller.establishMtlsConnection({
      peerSpiffeId: id('api'),
      address: server.address,
    });
    return Promise.race([ask(connection, 'hello').catch(() => 'refused'), fate(connection).then(() => 'refused')]);
  };
  for (const [answer, name, issue] of [
    [`hello for ${id('web')}`, 'web', {}],
    ['refused', 'web-2', {}],
    ['refused', 'web', { by: others, spiffeId: id('web', 'other.test'), trusts: [authority, others] }],
    [`hello for ${id('web')}`, 'web', {}],
  ] as const) {
    await using who = await member(name, issue);
    t.equal(await call(who), answer, `${name} ${JSON.stringify(Object.keys(issue))}`);
  }
  t.strictSame(server.lines, ['hello', 'hello']);
});

await t.test('a certificate that only OpenSSL can read is refused, and ends nothing else', async (t) => {
  await using api = await member('api');
  await using web = await member('web');
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  const svid = await authority.issue({ spiffeId: id('web'), notBefore, notAfter });
  const shown = { cert: misspelt(svid.certificatePem), key: svid.privateKeyPem };
  const dial = (address: string) => web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address });
  await using odd = await foreign((socket) => socket.write('hello'), {}, shown);
  await t.rejects(dial(odd.address), { name: /^RefusedError$/, message: /not a time of a certificate/ });

  const server = await answering(api);
  const port = Number(server.address.split(':')[1]);
  const caller = connectTls({ ...shown, port, host: '127.0.0.1', rejectUnauthorized: false });
  caller.on('error', () => undefined).resume();
  await once(caller, 'close');
  t.equal(await ask(await dial(server.address), 'one'), `one for ${id('web')}`, 'the listener is still there');
  t.strictSame([server.lines, server.connections.length], [['one'], 1]);
});

await t.test('an SVID that is withdrawn during a handshake is an error of that call', async (t) => {
  await using web = await member('web');
  await using right = await foreign(() => undefined, {});
  // Held up until it is.
  await using door = await listening(
    createTcpServer((socket) => {
      web.agent.withdraw();
      const inner = connect(Number(right.address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
      socket.pipe(inner).pipe(socket);
    }),
  );
  const dialled = web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: door.address });
  await t.rejects(dialled, /no SVID is held/);
});

await t.test('a listener closes at once, though somebody who connected has said nothing', async (t) => {
  await using api = await member('api');
  const listener = await api.controller.listen({ address: '127.0.0.1:0', allow: [id('web')] }, () => undefined);
  const mute = connect(Number(listener.address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
  await once(mute, 'connect');
  // That the listener has it too: whom it took later it has answered.
  await using web = await member('web-2');
  const { address } = listener;
  await fate((await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address })).resume());
  const startedAt = performance.now();
  await Promise.all([listener.close(), once(mute, 'close')]);
  const ms = performance.now() - startedAt;
  t.ok(ms < 5_000, `after ${ms} ms, where a handshake may take ten seconds`);
});

await t.test('no request is lost while both sides rotate, and no connection outlives an SVID', async (t) => {
  const seconds = 3;
  await using api = await member('api', { seconds });
  await using web = await member('web', { seconds });
  const server = await answering(api);
  const rotations = [api, web].map(({ agent }) => setInterval(() => void agent.issue({ seconds }), 700));
  t.teardown(() => rotations.forEach(clearInterval));
  let rotated = 0;
  web.controller.on('rotated', () => (rotated += 1));
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  const [ends, replaced] = [[connection.validUntil], [] as Date[]];
  connection.on('replaced', (end: Date) => {
    ends.push(end);
    replaced.push(new Date());
  });
  const asked: string[] = [];
  const untilMs = Date.now() + 7_000;
  while (Date.now() < untilMs) {
    const line = `request ${asked.length}`;
    asked.push(line);
    const answer = await ask(connection, line);
    if (answer !== `${line} for ${id('web')}`) t.equal(answer, line);
    if (Date.now() >= connection.validUntil.getTime()) t.fail('used past its end');
    connection.boundary();
    // Idle now and then, so that it is also replaced while nobody asks.
    if (asked.length % 100 === 0) await sleep(400);
  }
  t.ok(rotated >= 5, `${rotated} rotations`);
  t.ok(replaced.length >= 3, `${replaced.length} replaced, ${asked.length} requests`);
  t.ok(
    replaced.every((at, index) => at < ends[index]!),
    'each before the end of its SVIDs',
  );
  t.strictSame(server.lines, asked, 'each came once, and in order');
  await eventually(
    'what was replaced is drained and closed',
    () => server.connections.filter(({ closed }) => !closed).length === 1,
    { withinMs: 5_000 },
  );
});

await t.test('who never names a boundary has a stream that ends with its SVIDs, and says so', async (t) => {
  await using api = await member('api');
  await using web = await member('web', { seconds: 4 });
  const server = await answering(api);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  const [expiring] = await Promise.all([once(connection, 'expiring'), ask(connection, 'one')]);
  t.strictSame(expiring, [connection.validUntil]);
  await web.agent.issue();
  const why = await fate(connection);
  t.match(why, { name: /^ConnectionExpiredError$/, message: /our own, and no boundary came/ });
  t.ok(why instanceof ConnectionExpiredError);
  const late = Date.now() - connection.validUntil.getTime();
  t.ok(late >= -1_000 && late < 1_000, `${late} ms after its end`);

  await api.agent.issue({ seconds: 4 });
  const shorter = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  t.ok(shorter.validUntil < web.controller.getIdentity().leaf.notAfter, 'the end of the SVID that the peer showed');
  t.match(await fate(shorter), { name: /^ConnectionExpiredError$/, message: /that of .*api, and no boundary/ });
});

await t.test('at a boundary what broke is opened anew; anywhere else it is an error', async (t) => {
  await using api = await member('api');
  await using web = await member('web');
  const server = await answering(api);
  const dial = () => web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  const connection = await dial();
  await ask(connection, 'one');
  connection.boundary();
  const ended = once(connection, 'replaced');
  server.connections[0]!.end();
  await ended;
  t.equal(await ask(connection, 'two'), `two for ${id('web')}`, 'the peer closed it');
  connection.boundary();
  const destroyed = once(connection, 'replaced');
  server.connections[1]!.destroy();
  await destroyed;
  t.equal(await ask(connection, 'three'), `three for ${id('web')}`, 'it was destroyed');
  const end = once(connection, 'end');
  server.connections[2]!.end();
  await end;
  t.equal(server.connections.length, 3, 'an end of the peer is the end of the stream');
  t.strictSame(server.lines, ['one', 'two', 'three']);
  const other = await dial();
  const closed = fate(other);
  for (let at = 0; at < 200; at++) other.write('x'.repeat(100_000));
  t.throws(() => other.boundary(), /bytes that were written are not out yet/);
  other.destroy();
  await closed;
});

await t.test('bytes that come after a boundary, on what was replaced, are an error and not lost', async (t) => {
  await using web = await member('web', { seconds: 4 });
  const late = (socket: TLSSocket) => {
    socket.write('first');
    socket.resume().on('end', () => socket.end('late'));
  };
  await using server = await foreign(late, {}, { allowHalfOpen: true } as TlsOptions);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  await once(connection, 'data');
  connection.boundary();
  await web.agent.issue();
  t.match(await fate(connection), { message: /sent 4 bytes on a connection that was replaced/ });
});

await t.test('a server that lets nobody in is tried for so long and no longer, and what it did is told', async (t) => {
  // Under TLS 1.3 the handshake of a client is complete before the server judges it.
  const refusing = async (web: Awaited<ReturnType<typeof member>>, takes: number) => {
    let taken = 0;
    await using server = await foreign((socket) => {
      taken += 1;
      if (taken > takes) socket.end();
      else socket.write('hello');
    }, {});
    const peer = { peerSpiffeId: id('api'), address: server.address, withinMs: 1_000 };
    const connection = await web.controller.establishMtlsConnection(peer);
    const ended = fate(connection);
    if (takes > 0) await once(connection, 'data');
    connection.boundary();
    await web.agent.issue();
    if (takes > 0) await once(connection, 'replaced');
    const startedAt = performance.now();
    t.match(await ended, { message: /^spiffe:.*api has closed the connection, as one that refuses us does$/ });
    const ms = performance.now() - startedAt;
    t.ok(ms < 4_000, `${ms} ms`);
    t.ok(taken >= takes + 3 && taken <= takes + 10, `${taken} connections`);
  };
  await using web = await member('web');
  await using late = await member('web', { seconds: 4 });
  await Promise.all([refusing(web, 0), refusing(late, 1)]);
});

await t.test('a server that ends what is idle is no server that refuses', async (t) => {
  await using web = await member('web');
  await using server = await foreign((socket) => void sleep(1_600).then(() => socket.end()), {});
  const peer = { peerSpiffeId: id('api'), address: server.address, withinMs: 1_000 };
  const connection = await web.controller.establishMtlsConnection(peer);
  connection.boundary();
  for (let times = 0; times < 2; times += 1) await once(connection, 'replaced');
  t.notOk(connection.destroyed);
});

await t.test('what was ended from here is not opened anew', async (t) => {
  await using web = await member('web', { seconds: 3 });
  let taken = 0;
  const holding = (socket: TLSSocket) => {
    taken += 1;
    socket.resume();
  };
  await using server = await foreign(holding, {}, { allowHalfOpen: true } as TlsOptions);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  const ended = fate(connection);
  connection.boundary();
  connection.end();
  await web.agent.issue();
  await once(connection, 'expiring');
  t.match(await ended, { name: /^ConnectionExpiredError$/ });
  t.equal(taken, 1);
});

await t.test('where no successor can be had the present connection goes on, to its end and no further', async (t) => {
  await using web = await member('web', { seconds: 5 });
  let taken = 0;
  const echo = (socket: TLSSocket) => socket.on('data', (chunk) => socket.write(chunk));
  await using api = await foreign(echo, {});
  // Nobody answers from the third connection on.
  await using door = await listening(
    createTcpServer((socket) => {
      taken += 1;
      if (taken > 2) return;
      const [, port] = api.address.split(':');
      const inner = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.pipe(inner).pipe(socket);
    }),
  );
  const establish = { peerSpiffeId: id('api'), address: door.address, withinMs: 600 };
  const connection = await web.controller.establishMtlsConnection(establish);
  const busy = await web.controller.establishMtlsConnection(establish);
  const end = connection.validUntil;
  await web.agent.issue();
  const [ended, busyEnded] = [fate(connection), fate(busy)];
  busy.boundary();
  // Waits until nothing has come of the first try; then there is no boundary any more.
  const asked = once(busy, 'expiring').then(() => ask(busy, 'late'));
  let [answers, slowestMs] = [0, 0];
  // What is asked while another one is opened waits for that, and is answered before the end.
  for (; Date.now() < end.getTime() - establish.withinMs - 300; answers += 1) {
    const startedAt = performance.now();
    if ((await ask(connection, `${answers}`)) !== `${answers}`) t.fail('another answer');
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    connection.boundary();
    await sleep(5);
  }
  t.equal(await asked, 'late');
  t.ok(taken >= 4 && answers > 20, `${taken} connections, ${answers} answers, the slowest after ${slowestMs} ms`);
  // Two clocks tell that nobody answers; either may be first.
  const message =
    /^an SVID of the connection ends at .*Z, our own, and it could not be replaced: (no answer within 600 ms|The operation was aborted due to timeout)$/;
  for (const why of [await ended, await busyEnded])
    t.match(why, { name: /^ConnectionExpiredError$/, message, cause: Error });
  t.ok(
    Date.now() >= end.getTime() - 1_000 && Date.now() < end.getTime() + 3_000,
    'tried again until its time was over',
  );
});

await t.test('a withdrawn SVID ends all connections, and a new one is taken up', async (t) => {
  await using api = await member('api');
  await using web = await member('web');
  const server = await answering(api);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  await ask(connection, 'one');
  connection.boundary();
  const [lost, why] = [once(web.controller, 'lost'), fate(connection)];
  web.agent.withdraw();
  t.match(await lost, [/^withdrawn: no identity issued/]);
  t.ok((await why) instanceof IdentityLostError);
  t.throws(() => web.controller.getIdentity(), /no SVID is held/);
  await t.rejects(
    web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address }),
    /no SVID/,
  );
  const accepted = fate(server.connections[0]!);
  api.agent.withdraw();
  await accepted;
  const rotated = once(web.controller, 'rotated');
  await web.agent.issue();
  await rotated;
  await api.agent.issue();
  await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
});

await t.test('an SVID that nobody renews is told of at four fifths of its life, and lost at its end', async (t) => {
  // Alarms keep no process alive; what follows a real Workload API does.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(alive));
  await using web = await member('web', { seconds: 3 });
  const { notBefore, notAfter } = web.controller.getIdentity().leaf;
  const lost = once(web.controller, 'lost');
  t.strictSame(await once(web.controller, 'expiring'), [notAfter]);
  const spent = (Date.now() - notBefore.getTime()) / (notAfter.getTime() - notBefore.getTime());
  t.ok(spent >= 0.8 && spent < 0.95, `${spent}`);
  t.match(await lost, [/ended at/]);
  t.ok(Date.now() >= notAfter.getTime());
  t.throws(() => web.controller.getIdentity(), /ended at/);
});

await t.test('a peer whose authority left the bundle is let go at once', async (t) => {
  const next = await forgeAuthority({ trustDomain });
  await using api = await member('api');
  await using web = await member('web', { trusts: [authority, next] });
  const bundles: number[] = [];
  web.controller.on('bundle', (all) => bundles.push(all.get(trustDomain)!.length));
  const server = await answering(api);
  const dial = () =>
    web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address, withinMs: 300 });
  const [busy, idle] = [await dial(), await dial()];
  await ask(idle, 'one');
  idle.boundary();
  const fates = Promise.all([fate(busy), fate(idle)]);
  await web.agent.issue({ by: next, trusts: [next] });
  const [ofBusy, ofIdle] = await fates;
  t.match(ofBusy, { name: /^IdentityLostError$/, message: /no longer vouched for: unknown-authority/ });
  t.match(ofIdle, { name: /^RefusedError$/ }, 'it was tried again');
  t.strictSame(bundles, [1]);
});

await t.test('an agent that is away is waited for, and what is missing is said meanwhile', async (t) => {
  await using controller = new SpiffeController({ endpointSocket: 'unix:///nowhere/agent.sock' });
  const said: Error[] = [];
  const enough = new AbortController();
  const startedAt = performance.now();
  controller.on('trouble', (error) => {
    said.push(error);
    if (said.length === 3) enough.abort();
  });
  await t.rejects(controller.initialize({}, enough.signal), { name: /^AbortError$/ });
  const ms = performance.now() - startedAt;
  t.ok(ms >= 50, `three attempts in ${ms} ms, with pauses`);
  t.match(said[0]?.message, /nowhere\/agent\.sock: UNAVAILABLE/);
  const waiting = t.rejects(controller.initialize(), /closed/);
  await controller.close();
  await waiting;

  const agent = agentOf('web');
  await using unregistered = new SpiffeController({ endpointSocket: 'unix:///none', behaviour: agent.behaviour });
  const ready = unregistered.initialize();
  const trouble = once(unregistered, 'trouble');
  await sleep(10);
  agent.withdraw();
  t.match((await trouble)[0], { message: /no SVID is issued to this process/ });
  await agent.issue();
  await ready;
});

await t.test('close ends everything, in the middle of anything', async (t) => {
  await using silent = await listening(createTcpServer(() => undefined));
  const before = process.getActiveResourcesInfo().length;
  const api = await member('api');
  const web = await member('web');
  const server = await answering(api);
  const connection = await web.controller.establishMtlsConnection({ peerSpiffeId: id('api'), address: server.address });
  const closed = fate(connection);
  const written = new Promise((done) => connection.write('x'.repeat(50_000_000), done));
  const pending = web.controller
    .establishMtlsConnection({ peerSpiffeId: id('api'), address: silent.address })
    .catch((error: unknown) => (error as Error).message);
  await Promise.all([web.controller.close(), api.controller.close(), web.controller.close()]);
  t.equal(await pending, 'the controller was closed');
  t.ok((await written) instanceof Error, 'what was written and not sent is told');
  await closed;
  t.ok(server.connections.every((one) => one.closed));
  t.throws(() => web.controller.getIdentity(), /closed/);
  await t.rejects(web.controller.initialize(), /closed/);
  await eventually(
    `there are no more than ${before} active resources`,
    () => process.getActiveResourcesInfo().length <= before,
    { withinMs: 5_000 },
  );
});

await t.test('each strategy says what it wants', async (t) => {
  const started: unknown[] = [];
  const bootstrapAgent = async (attestation: unknown) => void started.push(attestation);
  const to = async (attestation: object, options: SpiffeControllerOptions = {}) => {
    const agent = agentOf('web');
    await using controller = new SpiffeController({
      endpointSocket: 'unix:///none',
      behaviour: agent.behaviour,
      ...options,
    });
    const ready = controller.initialize(attestation as { token?: string });
    await Promise.race([ready, sleep(10).then(() => agent.issue())]);
    return ready;
  };
  await to({ attestationStrategy: 'join_token', token: 'abc\n' }, { bootstrapAgent });
  await to({ attestationStrategy: 'k8s_psat' }, { bootstrapAgent });
  await to({ attestationStrategy: 'k8s_psat' });
  await to({ attestationStrategy: 'workload_api' }, { bootstrapAgent });
  t.strictSame(started, [{ strategy: 'join_token', token: 'abc' }, { strategy: 'k8s_psat' }]);
  for (const [why, attestation, options] of [
    [/wants a token/, { attestationStrategy: 'join_token' }, { bootstrapAgent }],
    [/wants bootstrapAgent/, { attestationStrategy: 'join_token', token: 'secret' }, {}],
    [/k8s_psat strategy takes no token: the kubelet/, { attestationStrategy: 'k8s_psat', token: 'secret' }, {}],
    [/workload_api strategy takes no token/, { token: 'secret' }, {}],
    [/"x509pop" is not known; it is one of workload_api/, { attestationStrategy: 'x509pop' }, {}],
  ] as const) {
    const error = await to(attestation, options).catch((thrown: unknown) => thrown as Error);
    t.match(error, { name: /^TypeError$/, message: why });
    t.notMatch((error as Error).message, /secret/);
  }
  await t.rejects(to({}, { trustDomain: 'other.test' }), /of trust domain example\.test, not other\.test/);
  t.throws(() => new SpiffeController({ trustDomain: 'spiffe://example.test' }), TypeError);
  t.throws(() => new SpiffeController({ endpointSocket: '/run/agent.sock' }), /no scheme/);
});
