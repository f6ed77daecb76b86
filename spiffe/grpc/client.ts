import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

import type { Method } from './load.ts';

/** The name of a gRPC code as gRPC's documentation spells it, such as `PERMISSION_DENIED`. */
export function codeName(code: number): string {
  return status[code] ?? `CODE_${code}`;
}

/** What gRPC says of an error, without a note of its that is empty. Source: grpc-js 1.14, load-balancer-pick-first. */
export function grpcWords(details: string): string {
  return details.replace(/\.? ?Resolution note: *(undefined)?$/, '');
}

/**
 * Opens a channel of its own: nothing is shared with another client, so one "agent" never speaks over another's connection.
 *
 * @param target - gRPC target, `unix:/path` or `host:port`
 */
export function openClient(
  target: string,
  how: ChannelCredentials = credentials.createInsecure(),
  options: ChannelOptions = {},
): Client {
  return new Client(target, how, {
    'grpc.use_local_subchannel_pool': 1,
    // The environment's proxy is not part of a mesh under test.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // gRPC's own second between attempts would hide how soon a server is back.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 200,
    ...options,
  });
}

/** Makes one unary call. @throws ServiceError of grpc-js, DEADLINE_EXCEEDED when the answer takes longer than `withinMs` */
export function callUnary<Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  request: Request,
  withinMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.encode,
      method.decode,
      request,
      { deadline: Date.now() + withinMs },
      (error: ServiceError | null, response?: Response) => {
        if (error) reject(error);
        else resolve(response as Response);
      },
    );
  });
}
