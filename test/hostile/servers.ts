import type { Socket } from 'node:net';
import type { Outcome } from '../../src/history.ts';
import type { ProtocolName, Speech } from '../../fixtures/probes/protocols.ts';
import { below } from './below-tls.ts';
import { http1 } from './over-http1.ts';
import { http2 } from './over-http2.ts';
import { streams } from './over-streams.ts';

/** A server that does what no server should, and what has to come of asking it. */
export interface Hostile {
  readonly id: string;
  readonly protocol: ProtocolName;
  readonly speech?: Speech;
  /** It begins with TLS that is right. Otherwise it is given the bare connection. */
  readonly behindTls?: true;
  /** Only for `behindTls`: how TLS is spoken. */
  readonly shows?: 'many-names' | 'many-certificates';
  /** The question is asked in the clear. */
  readonly plaintext?: true;
  serve(socket: Socket): void;
  readonly outcome: Outcome;
  readonly how: RegExp;
}

export const hostileServers: readonly Hostile[] = [...below, ...http1, ...http2, ...streams];
