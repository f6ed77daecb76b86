import { request as httpRequest } from 'node:http';
import { connect, createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Behaviour } from './behaviour.ts';
import type { HostPort } from '../../src/host-port.ts';
import { CertificateError } from '../../src/svid/x509/read.ts';
import type { Held } from './held.ts';
import { presentedChain, type PeerJudgement } from './peer.ts';

/**
 * The outcome of one call, in the words of the node contract; `peer` is the server's SPIFFE ID, null when the call did not come as far
 * as an answer.
 */
export interface DialResult {
  readonly outcome: 'accepted' | 'refused' | 'error';
  readonly peer: string | null;
  readonly detail: string;
}

/** The server that answered is not the one that was wanted, or refused us. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

/**
 * A mutually authenticated connection to exactly `expect`, which is judged by what `current` holds when it has shown itself.
 *
 * @throws RefusedError when the server is somebody else, shows what is no certificate to us, or TLS says no; other errors when the network does;
 *   what `current` throws; the signal's reason before the handshake is complete
 */
export function connectMtls(
  to: HostPort,
  expect: string,
  held: Held,
  allow: ReadonlySet<string>,
  behaviour: Behaviour,
  withinMs: number,
  current: () => Held = () => held,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = connect({
      ...clientTls(held, behaviour),
      host: to.host,
      port: to.port,
      // Names in SVIDs are SPIFFE IDs, which are judged below with the whole chain.
      checkServerIdentity: () => undefined,
    });
    socket.setTimeout(withinMs, () =>
      socket.destroy(Object.assign(new Error(`no answer within ${withinMs} ms`), { code: 'ETIMEDOUT' })),
    );
    socket.once('error', (error: NodeJS.ErrnoException) => reject(asRefusal(error)));
    if (signal !== undefined) {
      const abort = () => socket.destroy(signal.reason as Error);
      const settled = () => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      socket.once('secureConnect', settled).once('close', settled);
    }
    socket.once('secureConnect', () => {
      let judged: PeerJudgement;
      try {
        judged = behaviour.judgeServer(presentedChain(socket), current(), allow, expect, new Date());
      } catch (error) {
        // OpenSSL takes more for a certificate than we do. And what is held may have ended since we connected.
        socket.destroy();
        reject(
          error instanceof CertificateError ? new RefusedError(error.message, { cause: error }) : (error as Error),
        );
        return;
      }
      if (judged.ok) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new RefusedError(judged.why));
    });
  });
}

/** What ended a connection, as a refusal where TLS says so. */
export function asRefusal(error: NodeJS.ErrnoException): Error {
  return isTlsRefusal(error) ? new RefusedError(error.message) : error;
}

// What is held changes with a rotation only; until then the key need not be parsed again for each connection.
const settings = new WeakMap<Behaviour['clientTls'], WeakMap<Held, ConnectionOptions>>();
function clientTls(held: Held, { clientTls: make }: Behaviour): ConnectionOptions {
  const made = settings.get(make) ?? new WeakMap<Held, ConnectionOptions>();
  settings.set(make, made);
  let options = made.get(held);
  if (options === undefined) {
    options = make(held);
    options = { ...options, secureContext: createSecureContext(options) };
    made.set(held, options);
  }
  return options;
}

/** One `GET /hello` on a fresh connection, as the node contract's `/dial` wants it. */
export async function dialHello(
  to: HostPort,
  expect: string,
  held: Held,
  allow: ReadonlySet<string>,
  behaviour: Behaviour,
  withinMs: number,
  current?: () => Held,
): Promise<DialResult> {
  try {
    const socket = await connectMtls(to, expect, held, allow, behaviour, withinMs, current);
    const { status, body } = await getHello(socket);
    socket.destroy();
    return status === 200
      ? { outcome: 'accepted', peer: expect, detail: body.slice(0, 500) }
      : { outcome: 'error', peer: expect, detail: `GET /hello answered ${status}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const refused =
      error instanceof RefusedError ||
      isTlsRefusal(error as NodeJS.ErrnoException) ||
      code === 'ECONNRESET' ||
      code === 'EPIPE';
    return { outcome: refused ? 'refused' : 'error', peer: null, detail: message };
  }
}

function getHello(socket: TLSSocket): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { createConnection: () => socket, path: '/hello', headers: { host: 'mesh', connection: 'close' } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > 65_536) request.destroy(new Error('the answer to /hello has no end in 64 KiB'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

// OpenSSL's own refusals and Node's verdict on a certificate; a network error has another kind of code.
function isTlsRefusal(error: NodeJS.ErrnoException): boolean {
  // A DOMException, as time-outs are, has a number there.
  const code = String(error.code ?? '');
  return (
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_TLS_') ||
    /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|INVALID_|UNSPECIFIED|PATH_LENGTH|HOSTNAME_)/.test(code) ||
    code === 'EPROTO'
  );
}
