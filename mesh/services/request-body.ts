import type { IncomingMessage } from 'node:http';
import { RequestError } from './request-error.ts';

const mostBytes = 16_384;

/** The body of a request, as text. @throws RequestError 413 where it is larger than 16 KiB */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new RequestError(413, `the body is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
