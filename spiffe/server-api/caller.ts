import type { Client, ServiceError } from '@grpc/grpc-js';

import { callUnary, codeName, grpcWords } from '../grpc/client.ts';
import type { Method } from '../grpc/load.ts';

/** A call to the server that did not succeed: refused, unanswered, or in a batch refused in part. */
export class ServerApiError extends Error {
  override readonly name = 'ServerApiError';
  /** `Service.Method`. */
  readonly call: string;
  /** gRPC code name such as `NOT_FOUND`; of a batch, that of the first item refused. */
  readonly code: string;
  /** The server's own words. */
  readonly details: string;
  /** gRPC target. */
  readonly address: string;

  constructor(call: string, code: string, details: string, address: string) {
    super(`${call} at ${address}: ${code}: ${grpcWords(details)}`);
    this.call = call;
    this.code = code;
    this.details = details;
    this.address = address;
  }
}

/** The status of one item of a batch; code 0 is OK. */
export interface ItemStatus {
  readonly code: number;
  readonly message: string;
}

/** Makes the calls of one channel, each with the channel's deadline. */
export interface Caller {
  /** @throws ServerApiError */
  unary<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response>;
  /** @throws ServerApiError that lists every item not OK; the others took effect */
  checkBatch(
    method: Method<never, unknown>,
    items: readonly { readonly what: string; readonly status: ItemStatus | null }[],
  ): void;
}

/**
 * The caller of one open channel.
 *
 * @param address - gRPC target, for messages
 * @param withinMs - the deadline of each call
 */
export function callerOf(client: Client, address: string, withinMs: number): Caller {
  const nameOf = ({ path }: Method<never, unknown>): string => path.replace(/^\/(?:.*\.)?([^./]+)\/(.*)$/, '$1.$2');
  return {
    async unary(method, request) {
      try {
        return await callUnary(client, method, request, withinMs);
      } catch (error) {
        const { code, details } = error as ServiceError;
        throw new ServerApiError(nameOf(method), codeName(code), details, address);
      }
    },
    checkBatch(method, items) {
      const refused = items
        .map(({ what, status }) => ({ what, code: status?.code ?? 0, message: status?.message ?? '' }))
        .filter(({ code }) => code !== 0);
      if (refused.length === 0) return;
      const list = refused.map(({ what, code, message }) => `${what}: ${codeName(code)}: ${message}`).join('; ');
      throw new ServerApiError(
        nameOf(method),
        codeName(refused[0]!.code),
        `${refused.length} of ${items.length} refused: ${list}`,
        address,
      );
    },
  };
}

/** What is asked for of a list that comes in pages. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Every page of a list, in order. @param more - what else is asked for @throws ServerApiError */
export async function pagesOf<Page extends { readonly nextPageToken: string }, More extends object = object>(
  caller: Caller,
  method: Method<PageRequest & More, Page>,
  more: More,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  do {
    const pageToken = pages.at(-1)?.nextPageToken ?? '';
    pages.push(await caller.unary(method, { ...more, pageSize: 500, pageToken }));
  } while (pages.at(-1)!.nextPageToken !== '');
  return pages;
}
