import { createServer, type IncomingMessage } from 'node:http';
import { messageOf } from '../../src/errors.ts';
import type { HostPort } from '../../src/host-port.ts';
import { listenPlainly, ownNames, type PlainListener } from '../plain-listener.ts';
import type { Health } from './health.ts';
import type { MeshMetrics } from './metrics.ts';

/** What the admin listener of a service answers by, path by path. */
export type HealthChecks = Readonly<Record<`/${string}`, () => Health | Promise<Health>>>;

/**
 * The admin listener of a service, plain HTTP for this host alone: each health check as JSON, with 200 where it is well and 503 where it is not, and
 * `/metrics`. Nothing here changes anything.
 */
export function startServiceAdmin(
  listen: HostPort,
  checks: HealthChecks,
  metrics: MeshMetrics,
): Promise<PlainListener> {
  const answer = async (request: IncomingMessage): Promise<readonly [status: number, type: string, body: string]> => {
    const json = (status: number, body: unknown) => [status, 'application/json', JSON.stringify(body)] as const;
    const { method = '', url: path = '' } = request;
    const own = ownNames(request);
    if (!own.includes(request.headers.host ?? ''))
      return json(403, { error: `this is asked for as ${own.join(' or ')}, and by no other name` });
    if (method !== 'GET') return json(405, { error: 'GET is all that is answered here' });
    if (path === '/metrics') return [200, metrics.contentType, await metrics.text()];
    const check = Object.hasOwn(checks, path) ? checks[path as keyof HealthChecks] : undefined;
    if (check === undefined)
      return json(404, { error: `wanted is one of ${[...Object.keys(checks), '/metrics'].join(', ')}` });
    const health = await check();
    return json(health.ok ? 200 : 503, health);
  };
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body),
      // A check that cannot be made is no good health.
      (error: unknown) =>
        response
          .writeHead(503, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ok: false, reason: messageOf(error) })),
    );
  });
  return listenPlainly(server, listen);
}
