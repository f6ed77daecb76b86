import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { messageOf } from '../../src/errors.ts';
import type { ServedRequest } from '../observability/metrics.ts';
import { readBody } from './request-body.ts';
import { RequestError } from './request-error.ts';

/** A request of a peer that was verified. */
export interface PeerRequest {
  /** SPIFFE ID of the caller. */
  readonly peer: string;
  /** The body. @throws RequestError 400 where it is no JSON, 413 where it is too large */
  json(): Promise<unknown>;
}

/** What is answered, as JSON. */
export interface Answer {
  /** 200 unless told. */
  readonly status?: number;
  readonly body: unknown;
}

/** What a service answers, by `GET /path`. */
export type Routes = Readonly<
  Record<`${'GET' | 'POST'} /${string}`, (request: PeerRequest) => Answer | Promise<Answer>>
>;

/** Who is told of requests. */
export interface Served {
  /** Whose connection it is. */
  peerOf(request: IncomingMessage): string;
  began(): void;
  /** Once for each that began. */
  ended(request: ServedRequest, peer: string): void;
  /** Something threw that was not meant for the caller. */
  defect(route: string, error: unknown): void;
  /** Whether a connection is to end with this answer. */
  isLast(request: IncomingMessage): boolean;
}

/** Answers requests by routes. A caller learns of no error but those that are meant for it. */
export function serveRoutes(routes: Routes, served: Served): RequestListener {
  const paths = new Set(Object.keys(routes).map((route) => route.split(' ')[1]!));
  return (request, response) => {
    const startedAt = performance.now();
    const peer = served.peerOf(request);
    const method = request.method ?? '';
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = paths.has(path) ? path : 'other';
    served.began();
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 0;
      served.ended({ method, route, status, seconds: (performance.now() - startedAt) / 1_000 }, peer);
    });
    const key = `${method} ${path}` as keyof Routes;
    const handle = Object.hasOwn(routes, key) ? routes[key] : undefined;
    answerOf(handle, { peer, json: () => readJson(request) }, paths.has(path))
      .catch((error: unknown): Answer => {
        if (error instanceof RequestError) return { status: error.status, body: { error: error.message } };
        served.defect(route, messageOf(error));
        return { status: 500, body: { error: 'a defect of this service; its log says more' } };
      })
      .then((answer) => send(response, answer, served.isLast(request) || !request.complete))
      // Nobody is left to be answered.
      .catch(() => response.destroy());
  };
}

async function answerOf(
  handle: Routes[keyof Routes] | undefined,
  request: PeerRequest,
  isPath: boolean,
): Promise<Answer> {
  if (handle !== undefined) return handle(request);
  throw isPath
    ? new RequestError(405, 'this path is not asked for by that method')
    : new RequestError(404, 'there is no such path');
}

function send(response: ServerResponse, { status = 200, body }: Answer, isLast: boolean): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(isLast && { connection: 'close' }),
  });
  response.end(text);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readBody(request);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RequestError(400, 'the body is no JSON');
  }
}
