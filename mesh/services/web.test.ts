import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import t from 'tap';
import { RequestError } from './request-error.ts';
import type { Opened } from './service.ts';
import { startWeb } from './web.ts';

const at = '2030-01-02T03:04:05.000Z';
const hostile = '<script>alert(1)</script>';

/** A frontend whose backend is this. */
function frontend(body: (call: { readonly method: string; readonly body?: unknown }) => unknown) {
  const next = {
    peer: { spiffeId: 'spiffe://example.test/backend', address: '' },
    body: async (call: never) => body(call),
  };
  const requests: number[] = [];
  const opened = {
    next,
    state: async () => ({
      ...{ service: 'frontend', spiffeId: 'spiffe://example.test/frontend', rotations: 3, refused: 0 },
      ...{ svid: { serial: '00112233445566', notBefore: at, notAfter: at }, callers: [], called: [] },
      next: { spiffeId: 'spiffe://example.test/backend', trouble: hostile },
    }),
    began: () => undefined,
    ended: ({ status }: { readonly status: number }) => void requests.push(status),
  } as unknown as Opened;
  return { opened, requests };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(address: string, { method = 'GET', path = '/', headers = {}, body }: Asked = {}) {
  const request = httpRequest(`http://${address}${path}`, { method, headers: { ...headers } }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await textOf(response) };
}

const untold = () => t.fail('nothing is a defect');

await t.test('what a peer or a person wrote is text on the page, and nothing else runs there', async (t) => {
  const { opened, requests } = frontend(() => ({ notes: [{ id: 1, text: hostile, at }] }));
  await using web = await startWeb(opened, '127.0.0.1:0', untold);
  for (const path of ['/', '/live']) {
    const { status, headers, body } = await ask(web.address, { path });
    t.equal(status, 200);
    t.notMatch(body, /<script>alert/);
    t.match(body, /&lt;script&gt;alert/);
    t.match(headers['content-security-policy'], /default-src 'none'.*script-src 'self'/);
  }
  t.match((await ask(web.address)).body, /…33445566/, 'the last digits of the serial number');
  for (const path of ['/page.css', '/page.js']) t.equal((await ask(web.address, { path })).status, 200);
  t.equal((await ask(web.address, { path: '/../frontend.ts' })).status, 404);
  t.strictSame(requests.slice(-3), [200, 200, 404]);
});

await t.test('a note is taken from this page, with a script and without, and from no other site', async (t) => {
  const added: unknown[] = [];
  const { opened } = frontend(({ method, body }) => (method === 'POST' ? added.push(body) : { notes: [] }));
  await using web = await startWeb(opened, '127.0.0.1:0', untold);
  const post = { method: 'POST', path: '/notes', body: 'text=a+note' };
  const json = { accept: 'application/json' };
  t.match(await ask(web.address, post), { status: 303, headers: { location: '/' } });
  t.equal((await ask(web.address, { ...post, headers: { ...json, origin: `http://${web.address}` } })).status, 201);
  t.strictSame(added, [{ text: 'a note' }, { text: 'a note' }]);
  for (const headers of [
    { origin: 'http://elsewhere.test' },
    { origin: 'null' },
    { origin: `https://${web.address}` },
    // A name of somebody else's that leads here.
    { host: `elsewhere.test:${web.address.split(':')[1]}` },
  ])
    t.equal((await ask(web.address, { ...post, headers })).status, 403, JSON.stringify(headers));
  t.equal((await ask(web.address, { method: 'DELETE' })).status, 405);
  t.equal((await ask(web.address, { ...post, body: `text=${'x'.repeat(20_000)}` })).status, 413);
  t.equal(added.length, 2);
});

await t.test('what backend says against a note, or that it says nothing, is told, and the text is kept', async (t) => {
  const { opened } = frontend(({ method }) => {
    throw method === 'POST' ? new RequestError(400, 'a note is one line') : new RequestError(502, 'backend is away');
  });
  await using web = await startWeb(opened, '127.0.0.1:0', untold);
  const post = { method: 'POST', path: '/notes', body: 'text=%22quoted%22' };
  const { status, body } = await ask(web.address, post);
  t.equal(status, 400);
  t.match(body, /role="alert">a note is one line</);
  t.match(body, /value="&quot;quoted&quot;"/);
  t.match((await ask(web.address)).body, /role="alert">backend is away</);
});

await t.test('on the usual port, which a browser leaves out, the page has its name without', async (t) => {
  const { opened } = frontend(() => ({ notes: [] }));
  // One of many addresses of loopback, which nobody else has.
  const web = await startWeb(opened, '127.80.80.80:80', untold).catch((error: NodeJS.ErrnoException) => error);
  // Not everybody may have such a port.
  if (web instanceof Error) return void t.match(web.code, /^(EACCES|EPERM|EADDR)/);
  await using _web = web;
  t.equal((await ask(web.address, { headers: { host: '127.80.80.80' } })).status, 200);
  t.equal((await ask(web.address, { headers: { host: 'elsewhere.test' } })).status, 403);
});
