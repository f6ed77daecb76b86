import { type ClientReadableStream, Metadata, type ServiceError, status } from '@grpc/grpc-js';

import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { codeName, grpcWords, openClient } from './grpc/client.ts';
import { loadProto } from './grpc/load.ts';
import { type EndpointSocket, grpcTarget } from './workload-api/endpoint-socket.ts';
import { parseX509Context, type X509Context, type X509SvidResponse } from './workload-api/x509-context.ts';

export { parseEndpointSocket } from './workload-api/endpoint-socket.ts';
export type { X509Context, X509Svid } from './workload-api/x509-context.ts';

const fetchX509Svid = loadProto('workload.proto')<object, X509SvidResponse>('SpiffeWorkloadAPI', 'FetchX509SVID');

/** What the Workload API, or the way to it, answered instead of a context. */
export class WorkloadApiError extends Error {
  override readonly name = 'WorkloadApiError';
  /** gRPC code name; `OK` when the server ended the stream, which it should never do. */
  readonly code: string;

  constructor(socket: string, code: string, details: string) {
    super(`FetchX509SVID at ${socket}: ${code}: ${grpcWords(details)}`);
    this.code = code;
  }
}

/** Who hears what of a watch, and how it retries. */
export interface WatchOptions {
  /** Every message of the server, the first one included, equal or not to the one before. */
  onUpdate(context: X509Context): void;
  /** PermissionDenied: no identity is issued, and one held so far must not be used any more. Once until the next update. */
  onWithdrawn(reason: string): void;
  /** Everything else that went wrong. The last context stays good until its SVIDs expire; retrying goes on unless `ended` rejects. */
  onTrouble?(error: WorkloadApiError): void;
  signal?: AbortSignal;
  /** Longest pause between two attempts; 1000 unless told. Pauses start at 50 ms and double, each drawn from its upper half. */
  maxBackoffMs?: number;
}

/** A watch. Disposing it ends it at once: no callback comes later. */
export interface X509ContextWatch extends Disposable {
  /**
   * Resolves when disposed or aborted; rejects with WorkloadApiError on InvalidArgument, after which the specification forbids to
   * retry.
   */
  readonly ended: Promise<void>;
}

/**
 * Follows the X.509 context of this process, across restarts of the agent.
 *
 * @param socket - what `parseEndpointSocket` gives or takes, or the absolute path of a unix socket
 *
 * Source: SPIFFE Workload Endpoint §6 (header, codes, retries), Workload API §5.2.1 (stream, withdrawal).
 */
export function watchX509Context(socket: string | EndpointSocket, options: WatchOptions): X509ContextWatch {
  const target = grpcTarget(socket);
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  heardElsewhere(ended); // onTrouble tells it too
  const maxBackoffMs = options.maxBackoffMs ?? 1000;
  let client = openClient(target);
  let stream: ClientReadableStream<X509SvidResponse> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let backoffMs = 50;
  let withdrawn = false;
  let over = false;

  const end = (error?: WorkloadApiError): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
    stream?.cancel();
    client.close();
    if (error) reject(error);
    else resolve();
  };
  const stop = (): void => end();

  const onMessage = (response: X509SvidResponse): void => {
    if (over) return;
    let context: X509Context;
    try {
      context = parseX509Context(response);
    } catch (error) {
      // Workload API §4.5: a message with an empty mandatory field is reported and dropped; the stream goes on.
      return options.onTrouble?.(new WorkloadApiError(target, 'OK', (error as Error).message));
    }
    backoffMs = 50;
    withdrawn = false;
    options.onUpdate(context);
  };

  const onEnd = (code: number, details: string): void => {
    if (over) return;
    const error = new WorkloadApiError(target, codeName(code), details);
    timer = setTimeout(open, backoffMs * (0.5 + Math.random() / 2));
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
    if (code === status.PERMISSION_DENIED) {
      if (!withdrawn) options.onWithdrawn(details);
      withdrawn = true;
      return;
    }
    // A channel that lost its agent counts its own pauses; a new one dials when we say so.
    client.close();
    client = openClient(target);
    options.onTrouble?.(error);
    if (code === status.INVALID_ARGUMENT) end(error);
  };

  const open = (): void => {
    stream = openStream(client);
    stream.on('data', onMessage);
    stream.on('error', () => {}); // 'status' says the same, and says it of a good end too
    stream.on('status', ({ code, details }) => onEnd(code, details));
  };

  if (options.signal?.aborted) end();
  else {
    options.signal?.addEventListener('abort', stop);
    open();
  }
  return { ended, [Symbol.dispose]: stop };
}

/**
 * Fetches the X.509 context once, without retries: an absent agent or identity is an answer too.
 *
 * @throws WorkloadApiError, DEADLINE_EXCEEDED when no message comes within `withinMs`
 */
export async function fetchX509Context(
  socket: string | EndpointSocket,
  { withinMs }: { withinMs: number },
): Promise<X509Context> {
  const target = grpcTarget(socket);
  const client = openClient(target);
  const stream = openStream(client, Date.now() + withinMs);
  try {
    for await (const response of stream) return parseX509Context(response as X509SvidResponse);
    throw new WorkloadApiError(target, 'OK', 'the stream ended without a message');
  } catch (error) {
    const { code, details } = error as Partial<ServiceError>;
    throw typeof code === 'number' ? new WorkloadApiError(target, codeName(code), details ?? '') : error;
  } finally {
    stream.cancel();
    client.close();
  }
}

function openStream(
  client: ReturnType<typeof openClient>,
  deadline = Infinity,
): ClientReadableStream<X509SvidResponse> {
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  return client.makeServerStreamRequest(fetchX509Svid.path, fetchX509Svid.encode, fetchX509Svid.decode, {}, metadata, {
    deadline,
  });
}
