import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { messageOf } from '../../src/errors.ts';
import { reference, type Behaviour } from './behaviour.ts';
import type { HostPort } from '../../src/host-port.ts';
import { listenPlainly } from '../plain-listener.ts';
import { parseHostPort } from './contract.ts';
import type { DialResult } from './dial.ts';
import type { Metrics } from './metrics.ts';

/** The two questions that the admin listener hands on to the node: whether it serves, and what comes of a call to a peer. */
export interface AdminCalls {
  ready(): boolean;
  dial(to: HostPort, expect: string): Promise<DialResult>;
}

/** The admin listener of the node contract: plain HTTP, loopback only. */
export async function startAdmin(
  listen: HostPort,
  calls: AdminCalls,
  metrics: Metrics,
  { admin }: Pick<Behaviour, 'admin'> = reference,
): Promise<AsyncDisposable> {
  const byContract: RequestListener = (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    switch (`${request.method} ${request.url}`) {
      case 'GET /ready':
        answer(calls.ready() ? 200 : 503, { ready: calls.ready() });
        return;
      case 'GET /metrics':
        answer(200, metrics.text());
        return;
      case 'POST /dial':
        readJson(request)
          .then((body) => calls.dial(parseHostPort(String(body.address), 'address'), String(body.expect)))
          .then(
            (result) => answer(200, result),
            (error: unknown) => answer(400, { error: messageOf(error) }),
          );
        return;
      default:
        answer(501, { error: 'not offered' });
    }
  };
  return listenPlainly(createServer({ keepAliveTimeout: 60_000 }, admin(byContract)), listen);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > 16_384) throw new RangeError('the body is larger than 16 KiB');
  }
  return JSON.parse(text) as Record<string, unknown>;
}
