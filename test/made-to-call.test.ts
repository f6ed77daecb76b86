import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { dialForged } from '../fixtures/probes/forged-server.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { dialByRequest } from '../fixtures/target/attach/dial-request.ts';
import type { CallRequest } from '../fixtures/target/attach/calling.ts';
import { hostPort } from '../src/host-port.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';

t.setTimeout(120_000);

// Services that are made to call by a request of HTTP: what they answer, and what of it counts.

const authority = await forgeAuthority({ trustDomain: 'a.mesh' });
const identity = await issueIdentity(authority, 'spiffe://a.mesh/service/assay');
const own = await issueIdentity(authority, 'spiffe://a.mesh/service/api');

/** A service on a port of its own. */
async function serve(t: Test, listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const request = (port: number, change: Partial<CallRequest> = {}): CallRequest => ({
  url: `http://127.0.0.1:${port}/fetch?to={address}`,
  headers: {},
  accepted: [200],
  refused: [502, 503],
  ...change,
});

const come = (call: CallRequest, harness = '127.0.0.1') =>
  dialForged(dialByRequest('api', call, 'mesh.yaml:4: nodes[0].call.headers'), harness, identity.spiffeId, {
    identity,
  });

/** Calls whom the request names, and gives the status of what came of it. */
function callsBy(trusting: boolean): RequestListener {
  return ({ url = '' }, response) => {
    const to = new URL(url, 'http://x').searchParams.get('to')!;
    const socket = connect({
      ...{ ...hostPort(to), ca: trusting ? authority.certificatePem : own.cert, cert: own.cert, key: own.key },
      checkServerIdentity: () => undefined,
    });
    socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    socket.once('data', () => response.writeHead(200).end());
    socket.once('error', ({ message }) => response.writeHead(502).end(`${message}\nat line 1`));
  };
}

await t.test('what the answer says, and what was seen of the call', async (t) => {
  const cases: [
    what: string,
    listener: RequestListener,
    outcome: string,
    how: RegExp,
    change?: Partial<CallRequest>,
  ][] = [
    ['who trusts us', callsBy(true), 'accepted', /^sent application data; it reports accepted \(200\)$/],
    ['who does not', callsBy(false), 'refused', /^closed.*; it reports refused \(502\)$/],
    [
      'who says refused and never came',
      (_, response) => response.writeHead(502).end(),
      'unknown',
      /^never connected; it reports refused \(502\)/,
    ],
    [
      'who says accepted and never came',
      (_, response) => response.writeHead(200).end(),
      'unknown',
      /^never connected; it reports accepted \(200\), which contradict each other/,
    ],
    [
      'who only looked whether anybody listens',
      ({ url = '' }, response) => {
        const socket = connectTcp(hostPort(new URL(url, 'http://x').searchParams.get('to')!), () => socket.end());
        socket.once('close', () => response.writeHead(503).end());
        socket.resume();
      },
      'unknown',
      /^connected, and closed without a word; it reports refused/,
    ],
    [
      'another status',
      (_, response) => response.writeHead(500).end('<html>oops'),
      'unknown',
      /^GET http:\/\/127\.0\.0\.1:\d+\/… failed: .*answered 500, which says neither accepted \(200\) nor refused \(502, 503\)/,
    ],
    [
      'an answer that has no end',
      (_, response) => {
        response.writeHead(502);
        const more = () => void (response.destroyed || response.write('x'.repeat(65_536), more));
        more();
      },
      'unknown',
      /^never connected; it reports refused \(502\)/,
    ],
    ['no answer', (_, response) => response.destroy(), 'unknown', /failed: socket hang up/],
  ];
  for (const [what, listener, outcome, how, change] of cases)
    await t.test(what, async (t) => {
      const seen = await come(request(await serve(t, listener), change));
      t.equal(seen?.outcome, outcome);
      t.match(seen?.how, how);
    });
});

await t.test('an answer that repeats what was asked is told by its status alone', async (t) => {
  for (const status of [502, 500, 200]) {
    const port = await serve(t, ({ url = '', headers }, response) => {
      response.writeHead(status).end(`failed for ${url} of ${String(headers['x-auth'])}`);
    });
    const url = `http://127.0.0.1:${port}/hook-hunter2/fetch?key=hunter2&to={address}`;
    const seen = await come(request(port, { url, headers: { 'x-auth': 'hunter2' } }));
    t.match(seen?.how, new RegExp(`${status}`));
    t.notMatch(JSON.stringify(seen), /hunter2/);
  }
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address: at }) => at === '::1'));

await t.test(
  'a harness with an address of IPv6 is called like any other',
  { skip: !hasIpv6 && 'no ::1 here' },
  async (t) => {
    const seen = await come(request(await serve(t, callsBy(true))), '::1');
    t.equal(seen?.outcome, 'accepted');
  },
);

await t.test('a redirect leads nowhere', async (t) => {
  let asked = 0;
  const elsewhere = await serve(t, (_, response) => {
    asked++;
    response.end();
  });
  const port = await serve(t, (_, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${elsewhere}/` }).end();
  });
  const seen = await come(request(port));
  t.match(seen?.how, /is answered 302, which says neither/);
  t.equal(asked, 0);
});

await t.test('what is put in, and secrets that are told nobody', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'made-to-call-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'token');
  writeFileSync(file, 'word-of-a-file\n');
  env.MADE_TO_CALL = 'word-of-the-environment';
  t.teardown(() => delete env.MADE_TO_CALL);
  const got: string[] = [];
  const port = await serve(t, (incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => (body += String(chunk)));
    incoming.on('end', () => {
      got.push(
        `${incoming.method} ${incoming.url} ${incoming.headers.authorization} ${incoming.headers['x-file']} ${body}`,
      );
      response.writeHead(502).end(JSON.stringify(incoming.headers));
    });
  });
  const seen = await come(
    request(port, {
      ...{ url: `http://127.0.0.1:${port}/{host}`, method: 'POST', body: '{"to":"{address}","as":"{expect}"}' },
      headers: { authorization: 'Bearer {env:MADE_TO_CALL}', 'x-file': `{file:${file}}` },
    }),
  );
  t.match(got, [
    /^POST \/127\.0\.0\.1 Bearer word-of-the-environment word-of-a-file \{"to":"127\.0\.0\.1:\d+","as":"spiffe:\/\/a\.mesh\/service\/assay"\}$/,
  ]);
  t.match(seen?.how, /reports refused \(502\)/, 'an answer that may repeat them is told by its status alone');
  const missing = (header: string) => () =>
    dialByRequest('api', request(port, { headers: { cookie: header } }), 'mesh.yaml:4: nodes[0].call.headers');
  t.throws(missing('{env:MADE_TO_CALL_NOT}'), {
    name: 'UsageError',
    message: 'mesh.yaml:4: nodes[0].call.headers: cookie: the variable MADE_TO_CALL_NOT is not set or empty',
  });
  t.throws(missing(`{file:${dir}/none}`), { name: 'UsageError', message: /headers: cookie: ENOENT/ });
});
