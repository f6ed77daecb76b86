import { isIP } from 'node:net';
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
  const options = {
    ...at,
    // As other callers do: a server may show another SVID to who names nobody, or turn him away.
    ...(isIP(at.host) === 0 && { servername: at.host }),
    ...(own && { cert: own.certPem, key: own.keyPem }),
  };
  const tls = await shakeBy(options, withinMs);
  if (tls.state !== 'broken') return { ...seen, tls };
  const old = await shake({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, withinMs);
  // One that turns this caller away in that handshake speaks TLS 1.2, too.
  return old.state === 'shown' || (tls.alert === 'protocol version' && old.alert !== 'protocol version')
    ? { ...seen, tls: { state: 'old', says: `it shakes hands by TLS 1.2 alone; by TLS 1.3: ${tls.says}` } }
    : { ...seen, tls };
}

/** By TLS 1.3. A server of gRPC ends the connection of who does not offer its protocol; one that knows none of those offered says so, and is asked without. */
async function shakeBy(options: ConnectionOptions, withinMs: number): Promise<TlsSeen> {
  const newest = { ...options, minVersion: 'TLSv1.3' } as const;
  const tls = await shake({ ...newest, ALPNProtocols: ['h2', 'http/1.1'] }, withinMs);
  return tls.state === 'broken' && tls.alert === 'no application protocol' ? shake(newest, withinMs) : tls;
}

// Who turns a client away by TLS 1.3 says so as soon as it has read its certificate; others do when they have looked at its name, the ticket gone out.
const verdictWithinMs = 1_500;
const goesOnMs = 500;

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
  /^(?!.*ALERT).*(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE)/;

function beforeItself({ code = '', message }: NodeJS.ErrnoException): TlsSeen {
  if (clear.test(code)) return { state: 'not-tls', says: `what came back is no TLS (${code})` };
  const alert = alertOf(code);
  return alert === undefined
    ? { state: 'broken', says: message }
    : { state: 'broken', alert, says: `it sent the alert ${alert}` };
}

function verdictOf(socket: TLSSocket): Promise<PeerVerdict> {
  const { alpnProtocol: protocol } = socket;
  // Who asks for a certificate says by which algorithms it may be signed.
  const asksForNone = socket.getSharedSigalgs().length === 0;
  return new Promise((resolve) => {
    let patience = setTimeout(
      () => resolve({ state: 'unsaid', says: `it said nothing of this caller within ${verdictWithinMs / 1_000} s` }),
      verdictWithinMs,
    );
    const done = (verdict: PeerVerdict) => {
      clearTimeout(patience);
      resolve(verdict);
    };
    const goesOn = (says: string) => {
      clearTimeout(patience);
      const accepted: PeerVerdict = { state: 'accepted', says: `${says}, and did not end the connection` };
      patience = setTimeout(() => done(protocol ? { ...accepted, protocol } : accepted), goesOnMs);
    };
    socket.once('session', () => goesOn('it gave this caller a session'));
    socket.once('data', () => goesOn('it began to speak'));
    socket.once('error', (error) => done(refusal(error)));
    socket.once('close', () =>
      done(
        asksForNone
          ? { state: 'unsaid', says: 'it closed the connection, and asks no caller for a certificate' }
          : { state: 'refused', says: 'it closed the connection when it had seen this caller, and did not say why' },
      ),
    );
    socket.resume();
  });
}

/** What turned us away, with its alert. */
function refusal({ code = '', message }: NodeJS.ErrnoException): PeerVerdict {
  const alert = alertOf(code);
  return alert === undefined
    ? { state: 'refused', says: `it ended the connection: ${message}` }
    : { state: 'refused', alert, says: `it sent the alert ${alert}` };
}

/** In the words of RFC 8446 §6.2. OpenSSL leaves the word away of those that came with an extension. */
function alertOf(code: string): string | undefined {
  const [, alert] = /ALERT_(\w+)$/.exec(code) ?? /TLSV1_(UNRECOGNIZED_NAME|UNSUPPORTED_EXTENSION)$/.exec(code) ?? [];
  return alert?.toLowerCase().replaceAll('_', ' ');
}
