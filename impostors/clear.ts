import { get } from 'node:http';
import type { HostPort } from '../src/host-port.ts';
import type { DialResult } from '../mesh/node/dial.ts';

/** `GET /hello` without TLS, believed whoever answers. */
export function helloInTheClear({ host, port }: HostPort, expect: string): Promise<DialResult> {
  return new Promise((resolve) => {
    get({ host, port, path: '/hello', timeout: 1_000 }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({
          outcome: response.statusCode === 200 ? 'accepted' : 'error',
          peer: expect,
          detail: `answered ${response.statusCode} in the clear`,
        }),
      );
    }).once('error', (error) => resolve({ outcome: 'error', peer: null, detail: error.message }));
  });
}
