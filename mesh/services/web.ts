import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { messageOf } from '../../src/errors.ts';
import { parseHostPort } from '../node/contract.ts';
import type { Log } from '../observability/log.ts';
import { listenPlainly, ownNames, type PlainListener } from '../plain-listener.ts';
import { mostCharacters, type Note } from './notes.ts';
import { chainView } from './page/chain-view.ts';
import { readBody } from './request-body.ts';
import { RequestError } from './request-error.ts';
import type { Opened } from './service.ts';

const views = new URL('page/', import.meta.url);
const eta = new Eta({ views: fileURLToPath(views), cache: true, autoEscape: true });
const files = {
  '/page.css': ['text/css; charset=utf-8', readFileSync(new URL('page.css', views), 'utf8')],
  '/page.js': ['text/javascript; charset=utf-8', readFileSync(new URL('page.js', views), 'utf8')],
} as const;

// Nothing but what this page brings itself runs in it, and nobody frames it.
const guards = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // Without one a browser sends a form of this page as from nowhere.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

interface Page {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: string;
}

/** What the page shows, asked for right now: the notes, or why there are none, and who talks to whom. */
interface Shown {
  readonly notes: readonly Note[];
  readonly trouble: string;
  readonly chain: ReturnType<typeof chainView>;
}

/** The page of the frontend, for browsers of this host. @param address - host:port */
export async function startWeb(service: Opened, address: string, log: Log): Promise<PlainListener> {
  const paths = new Set(['/', '/notes', '/live', ...Object.keys(files)]);
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    const startedAt = performance.now();
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = paths.has(path) ? path : 'other';
    service.began();
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 0;
      service.ended({ method: request.method ?? '', route, status, seconds: (performance.now() - startedAt) / 1_000 });
    });
    pageOf(service, request, path)
      .catch((error: unknown): Page => {
        if (error instanceof RequestError) return { status: error.status, type: 'text/plain', body: error.message };
        log('defect', { route, why: messageOf(error) });
        return { status: 500, type: 'text/plain', body: 'a defect of this service; its log says more' };
      })
      .then((page) => send(response, page))
      .catch(() => response.destroy());
  });
  return listenPlainly(server, parseHostPort(address, 'web', 0));
}

async function pageOf(service: Opened, request: IncomingMessage, path: string): Promise<Page> {
  refuseOtherSites(request);
  const { method = '' } = request;
  if (method === 'POST' && path === '/notes') return addNote(service, request);
  if (method !== 'GET') throw new RequestError(405, 'this page is read, and notes are posted to /notes');
  if (path === '/') return html(await shown(service));
  if (path === '/live') return live(await shown(service));
  if (!Object.hasOwn(files, path)) throw new RequestError(404, 'there is no such page');
  const [type, body] = files[path as keyof typeof files];
  return { status: 200, type, body };
}

/**
 * Another site's page may send its visitor's browser here.
 *
 * @throws RequestError 403
 */
function refuseOtherSites(request: IncomingMessage): void {
  const own = ownNames(request);
  const { host = '', origin } = request.headers;
  if (!own.includes(host)) throw new RequestError(403, `this page is at http://${own[0]}/ and has no other name`);
  if (origin !== undefined && origin !== `http://${host}`)
    throw new RequestError(403, 'what comes from a page of another site is not taken');
}

async function addNote(service: Opened, request: IncomingMessage): Promise<Page> {
  const text = new URLSearchParams(await readBody(request)).get('text') ?? '';
  const isScript = request.headers.accept === 'application/json';
  try {
    await service.next!.body({ method: 'POST', path: '/notes', body: { text } });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (isScript) return json(error.status, { error: error.message });
    return { ...html({ ...(await shown(service)), trouble: error.message }, text), status: error.status };
  }
  // So that a page that is loaded again adds nothing again.
  return isScript ? json(201, {}) : { status: 303, headers: { location: '/' } };
}

async function shown(service: Opened): Promise<Shown> {
  const [kept, state] = await Promise.all([
    service.next!.body({ method: 'GET', path: '/notes' }).then(
      (body) => ({ notes: (body as { notes: readonly Note[] }).notes, trouble: '' }),
      (error: unknown) => ({ notes: [], trouble: messageOf(error) }),
    ),
    service.state(),
  ]);
  return { ...kept, chain: chainView(state, new Date()) };
}

function html(what: Shown, text = ''): Page {
  const body = eta.render('./page', { ...what, text, mostCharacters });
  return { status: 200, type: 'text/html; charset=utf-8', body };
}

/** What changes by itself, as HTML for its places in the page. */
function live({ notes, trouble, chain }: Shown): Page {
  return json(200, {
    notes: eta.render('./notes', { notes, trouble }),
    chain: eta.render('./chain', { chain }),
    trouble,
  });
}

const json = (status: number, body: unknown): Page => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

function send(response: ServerResponse, { status, headers, type, body }: Page): void {
  response.writeHead(status, { ...guards, ...headers, ...(type !== undefined && { 'content-type': type }) }).end(body);
}
