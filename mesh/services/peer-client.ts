import { request as httpRequest } from 'node:http';
import { DeadlineError, messageOf } from '../../src/errors.ts';
import type { SpiffeController } from '../controller.ts';
import type { MtlsConnection } from '../mtls-connection.ts';
import { RequestError } from './request-error.ts';

/** A service that is called, and nobody else. */
export interface Peer {
  readonly spiffeId: string;
  /** host:port */
  readonly address: string;
  /** For an answer. Less than those have who wait behind this call: so they hear what is wrong, and do not find it out by themselves. */
  readonly withinMs: number;
}

export interface PeerAnswer {
  /** Of HTTP. */
  readonly status: number;
  /** JSON, as it was sent. */
  readonly body: unknown;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Who is told of connections and calls. */
interface Told {
  /** @returns what is called when it is closed */
  connected(): () => void;
  failed(path: string, why: string): void;
}

const mostIdle = 8;
const mostBytes = 1_000_000;

/**
 * Calls one peer by HTTP over mTLS. Connections are kept: between two requests nothing is under way on them, which is where a connection of the controller
 * follows a rotation. A request that changes something goes by a new one: no peer that closed an old one meanwhile leaves it open whether it was heard.
 */
export class PeerClient {
  readonly peer: Peer;
  readonly #controller: SpiffeController;
  readonly #told: Told;
  readonly #idle: MtlsConnection[] = [];

  constructor(controller: SpiffeController, peer: Peer, told: Told) {
    this.#controller = controller;
    this.peer = peer;
    this.#told = told;
  }

  /** @throws RequestError 502 where no answer came */
  async call(call: Call): Promise<PeerAnswer> {
    try {
      const kept = call.method === 'GET' ? this.#idle.pop() : undefined;
      if (kept === undefined) return await this.#over(await this.#open(), call);
      return await this.#over(kept, call).catch(async (error: unknown) => {
        // A connection that has broken says nothing of the peer; a peer that is silent says it of each.
        if (error instanceof DeadlineError) throw error;
        return this.#over(await this.#open(), call);
      });
    } catch (error) {
      const why = messageOf(error);
      this.#told.failed(call.path, why);
      throw new RequestError(502, `${this.peer.spiffeId} gave no answer: ${why}`, { cause: error });
    }
  }

  /** The body of a 200. @throws RequestError with the status and the reason that the peer gave, or 502 */
  async body(call: Call): Promise<unknown> {
    const { status, body } = await this.call(call);
    if (status >= 200 && status < 300) return body;
    const { error = `${this.peer.spiffeId} answered ${status}` } = Object(body) as { error?: unknown };
    throw new RequestError(status >= 500 ? 502 : status, String(error));
  }

  async #open(): Promise<MtlsConnection> {
    const { spiffeId: peerSpiffeId, address, withinMs } = this.peer;
    const connection = await this.#controller.establishMtlsConnection({ peerSpiffeId, address, withinMs });
    const closed = this.#told.connected();
    connection
      // Whoever waits for an answer hears of it, too.
      .on('error', () => undefined)
      .once('close', () => {
        closed();
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
      });
    return connection;
  }

  async #over(connection: MtlsConnection, call: Call): Promise<PeerAnswer> {
    try {
      const { keeps, ...answer } = await exchange(connection, call, this.peer.withinMs);
      if (keeps && !connection.destroyed && this.#idle.length < mostIdle) {
        connection.boundary();
        this.#idle.push(connection);
      } else connection.destroy();
      return answer;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }
}

/** One request and its answer. @param keeps - whether the peer takes another one on that connection */
function exchange(
  connection: MtlsConnection,
  { method, path, body }: Call,
  withinMs: number,
): Promise<PeerAnswer & { readonly keeps: boolean }> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    let answer: (PeerAnswer & { readonly keeps: boolean }) | undefined;
    const request = httpRequest({
      ...{ method, path, createConnection: () => connection },
      headers: {
        ...{ host: 'mesh', connection: 'keep-alive' },
        ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
      },
    });
    const patience = setTimeout(
      () => request.destroy(new DeadlineError(`${path}: no answer within ${withinMs} ms`)),
      withinMs,
    );
    const lost = (error: Error) => reject(connection.errored ?? error);
    request
      .once('response', (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => {
            text += chunk;
            if (text.length > mostBytes)
              request.destroy(new Error(`the answer is longer than ${mostBytes} characters`));
          })
          .once('error', lost)
          .once('end', () => {
            const keeps = response.headers.connection !== 'close';
            try {
              answer = { status: response.statusCode ?? 0, body: JSON.parse(text) as unknown, keeps };
            } catch {
              return reject(new Error(`what ${connection.peerSpiffeId} answered is no JSON`));
            }
            if (!keeps) resolve(answer);
          });
      })
      .on('error', lost)
      .once('close', () => {
        clearTimeout(patience);
        // Only now is the connection free for another request.
        if (answer === undefined) lost(new Error('the connection ended before the answer did'));
        else resolve(answer);
      })
      .end(sent);
  });
}
