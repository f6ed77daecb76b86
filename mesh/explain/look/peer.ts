import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { HostPort } from '../../../src/host-port.ts';
import { CertificateError } from '../../../src/svid/x509/read.ts';
import type { Held } from '../../node/held.ts';
import { presentedChain } from '../../node/peer.ts';
import type { PeerSeen, PeerVerdict, TlsSeen } from '../scene.ts';
import { lookAtPort } from './port.ts';

/** Who is called, by whom. */
export interface Call {
  readonly at: HostPort;
  /** The one SPIFFE ID that is expected. */
  readonly expect?: string;
  /** The identity that is shown; absent: none is. */
  readonly own?: Pick<Held, 'certPem' | 'keyPem' | 'leaf'>;
  readonly withinMs: number;
}

/** Shakes hands with a service, asks it nothing, and tells what each made of the other. */
export async function lookAtPeer({ at, expect, own, withinMs }: Call): Promise<PeerSeen> {
  const port = await lookAtPort(at, withinMs);
  const seen = { port, ...(expect !== undefined && { expect }), ...(own && { shown: own.leaf.serial }) };
  if (port.state !== 'open') return seen;
  const options = { ...at, ...(own && { cert: own.certPem, key: own.keyPem }) };
  const tls = await shake({ ...options, minVersion: 'TLSv1.3' }, withinMs);
  if (tls.state !== 'broken') return { ...seen, tls };
  const old = await shake({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, withinMs);
  return {
    ...seen,
    tls:
      old.state === 'shown' ? { state: 'old', says: `it shakes hands by TLS 1.2 alone; by TLS 1.3: ${tls.says}` } : tls,
  };
}

// Who turns a client away by TLS 1.3 says so as soon as it has read its certificate; others do when they have looked at its name, the ticket gone out.
const verdictWithinMs = 1_500;
const afterTicketMs = 500;

function shake(options: ConnectionOptions, withinMs: number): Promise<TlsSeen> {
  return new Promise((resolve) => {
    const socket = connect({
      ...options,
      // Whoever answers is looked at, and judged afterwards.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    let isShown = false;
    const done = (seen: TlsSeen) => {
      clearTimeout(patience);
      socket.destroy();
      resolve(seen);
    };
    const broken = (seen: TlsSeen) => {
      if (!isShown) done(seen);
    };
    const patience = setTimeout(
      () => broken({ state: 'broken', says: `no handshake within ${withinMs / 1_000} s` }),
      withinMs,
    );
    socket.once('secureConnect', () => {
      isShown = true;
      try {
        const chain = presentedChain(socket);
        void verdictOf(socket).then((verdict) => done({ state: 'shown', chain, verdict }));
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        done({ state: 'broken', says: `what it shows is no certificate: ${error.message}` });
      }
    });
    socket.once('error', (error: NodeJS.ErrnoException) => broken(beforeItself(error)));
    socket.once('close', () => broken({ state: 'broken', says: 'it closed the connection in the handshake' }));
  });
}

// What OpenSSL says of an answer in the clear.
const clear =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE/;

function beforeItself({ code = '', message }: NodeJS.ErrnoException): TlsSeen {
  return clear.test(code)
    ? { state: 'not-tls', says: `what came back is no TLS (${code})` }
    : { state: 'broken', says: message };
}

function verdictOf(socket: TLSSocket): Promise<PeerVerdict> {
  return new Promise((resolve) => {
    let patience = setTimeout(
      () => resolve({ state: 'unsaid', says: `it said nothing of this caller within ${verdictWithinMs / 1_000} s` }),
      verdictWithinMs,
    );
    const done = (verdict: PeerVerdict) => {
      clearTimeout(patience);
      resolve(verdict);
    };
    socket.once('session', () => {
      clearTimeout(patience);
      const says = 'it gave this caller a session, and did not end the connection';
      patience = setTimeout(() => done({ state: 'accepted', says }), afterTicketMs);
    });
    socket.once('data', () => done({ state: 'accepted', says: 'it began to speak' }));
    socket.once('error', (error) => done(refusal(error)));
    socket.once('close', () =>
      done({ state: 'refused', says: 'it closed the connection when it had seen this caller' }),
    );
    socket.resume();
  });
}

/** What turned us away, with its alert in the words of RFC 8446 §6.2. */
function refusal({ code = '', message }: NodeJS.ErrnoException): PeerVerdict {
  const alert = /ALERT_(\w+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ');
  return alert === undefined
    ? { state: 'refused', says: `it ended the connection: ${message}` }
    : { state: 'refused', alert, says: `it sent the alert ${alert}` };
}
