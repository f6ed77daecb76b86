import type { RequestListener, ServerResponse } from 'node:http';
import type { Conformer } from '../conformer.ts';

/** Hands each answer's body on to `write` instead of sending it. */
function rewritten(
  byContract: RequestListener,
  write: (response: ServerResponse, status: number, body: string) => void,
): RequestListener {
  return (request, response) => {
    let status = 200;
    const writeHead = response.writeHead.bind(response);
    const end = response.end.bind(response);
    response.writeHead = ((code: number) => {
      status = code;
      return response;
    }) as typeof response.writeHead;
    response.end = ((body: unknown) => {
      response.writeHead = writeHead;
      response.end = end;
      write(response, status, typeof body === 'string' ? body : '');
      return response;
    }) as typeof response.end;
    byContract(request, response);
  };
}

const slowMs = 200;

/** The admin listener as others offer it. */
export const adminStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'admin-http-1.0',
    title: 'Its admin listener speaks HTTP/1.0',
    judgedBy: ['suites', 'rotation'],
    change: {
      admin: (byContract) =>
        rewritten(byContract, ({ socket }, status, body) => socket?.end(`HTTP/1.0 ${status} Answer\r\n\r\n${body}`)),
    },
  },
  {
    kind: 'node',
    id: 'admin-closes',
    title: 'Its admin listener closes after each answer, as it says',
    judgedBy: ['suites', 'rotation'],
    change: {
      admin: (byContract) =>
        rewritten(byContract, (response, status, body) =>
          response.writeHead(status, { connection: 'close' }).end(body),
        ),
    },
  },
  {
    kind: 'node',
    id: 'admin-chunked',
    title: 'Its admin listener answers in chunks of five bytes',
    judgedBy: ['suites'],
    change: {
      admin: (byContract) =>
        rewritten(byContract, (response, status, body) => {
          response.writeHead(status);
          for (const part of body.match(/[^]{1,5}/g) ?? []) response.write(part);
          response.end();
        }),
    },
  },
  {
    kind: 'node',
    id: 'admin-slow',
    title: `Its admin listener takes ${slowMs} ms before it does anything`,
    judgedBy: ['suites', 'rotation', 'partition-short'],
    change: { admin: (byContract) => (request, response) => void setTimeout(byContract, slowMs, request, response) },
  },
  {
    kind: 'node',
    id: 'admin-says-more',
    title: 'Answers POST /dial with more members, in another order, and a long tale of what happened',
    judgedBy: ['suites', 'rotation'],
    change: {
      admin: (byContract) =>
        rewritten(byContract, (response, status, body) => {
          const told = body.startsWith('{') ? (JSON.parse(body) as object) : {};
          const tale = 'detail' in told ? { detail: `${String(told.detail)} — ${'and so on '.repeat(1_000)}` } : {};
          const other = Object.fromEntries(Object.entries({ ...told, ...tale }).reverse());
          const more = { took: { ms: 1.5 }, 'X-Braces': '}{', ...other };
          response.writeHead(status).end(`${JSON.stringify(more, null, 2)}\n`);
        }),
    },
  },
  {
    kind: 'node',
    id: 'admin-without-metrics',
    title: 'Offers no GET /metrics and answers 404 to all that it does not know',
    judgedBy: ['suites'],
    change: {
      admin: (byContract) => (request, response) => {
        if (request.url === '/ready' || request.url === '/dial') byContract(request, response);
        else response.writeHead(404).end();
      },
    },
  },
  {
    kind: 'node',
    id: 'admin-without-dial',
    title: 'Offers no POST /dial: it serves only',
    judgedBy: ['suites', 'rotation', 'partition-short', 'partition-long'],
    offersNot: 'dial',
    change: {
      admin: (byContract) => (request, response) => {
        if (request.url === '/dial') response.writeHead(501).end();
        else byContract(request, response);
      },
    },
  },
];
