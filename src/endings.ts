import type { Outcome, Request } from './history.ts';

/** What one way of ending says of the identity that was shown, and of the request that was made. */
interface Meaning {
  /** Of an exchange: was the identity let in? */
  readonly exchange: Outcome;
  /** Of a request: was it served? `fail` is surely not, or not whole; `info` is that nobody knows. */
  readonly request: Request['outcome'];
}

/**
 * The ways in which an exchange over a connection ends, each with what it means: the one table of it, for probes and for the load source.
 * The two columns ask different things. Who sends a part of an answer has judged the caller, and not served it.
 */
export const endings = {
  /** Answered in full, as the protocol wants it. */
  answered: { exchange: 'accepted', request: 'ok' },
  /** A TLS alert of the other side, before any application data. */
  alert: { exchange: 'refused', request: 'fail' },
  /** An orderly close of the other side, before any application data. */
  closed: { exchange: 'refused', request: 'fail' },
  /** A reset of the other side, before any application data: its judgement, or an accident on the way. */
  reset: { exchange: 'refused', request: 'fail' },
  /** An answer that turns the caller away for who it is, by a server that judges callers after the handshake. */
  turnedAway: { exchange: 'refused', request: 'fail' },
  /** Our side ended it: the other one did not show what was wanted of it. */
  distrusted: { exchange: 'unknown', request: 'fail' },
  /** The other side chose a TLS version that was not offered, or offered none that is spoken here; or it does not speak TLS at all. */
  otherVersion: { exchange: 'refused', request: 'fail' },
  /** On a server of ours: the client ended it before its handshake was complete, in whatever way. Such a server shows one thing and takes anyone. */
  gaveUp: { exchange: 'refused', request: 'fail' },
  /** A question without TLS got what a TLS listener says to it: an alert, or a bare 400. */
  notInTheClear: { exchange: 'refused', request: 'fail' },
  /** A close in the middle of an answer. */
  brokenOff: { exchange: 'unknown', request: 'fail' },
  /** An answer that says to come again: too busy, too early, an error of the server's own. */
  notNow: { exchange: 'unknown', request: 'fail' },
  /** An answer that is none to what was asked: another status, no JSON, no end. */
  otherAnswer: { exchange: 'unknown', request: 'fail' },
  /** A whole answer that was given to somebody else: it names another caller than the one who asked. */
  misnamed: { exchange: 'unknown', request: 'fail' },
  /** An error of the connection that says nothing of what the other side thinks: no route, nobody listens, our own TLS library. */
  noConnection: { exchange: 'unknown', request: 'fail' },
  /** Neither an answer nor an end in the time that was given. */
  silence: { exchange: 'unknown', request: 'info' },
  /** On a server of ours: nobody came. */
  neverCalled: { exchange: 'unknown', request: 'info' },
  /** Nobody tried, or nobody saw. */
  unseen: { exchange: 'unknown', request: 'info' },
} as const satisfies Readonly<Record<string, Meaning>>;

export type Ending = keyof typeof endings;

/** How an exchange ended, and what was seen of it in words. */
export interface Ended {
  readonly ending: Ending;
  readonly how: string;
}

// What nginx, HAProxy, Envoy and authorising proxies say to a caller whose certificate they do not take; 495 and 496 are nginx's own.
const turnsAway = new Set([400, 401, 403, 495, 496]);
const notNow = new Set([408, 421, 425, 429]);

/** What an HTTP status other than the wanted one comes to. */
export function endingOfStatus(status: number): Extract<Ending, 'turnedAway' | 'notNow' | 'otherAnswer'> {
  if (turnsAway.has(status)) return 'turnedAway';
  return notNow.has(status) || status >= 500 ? 'notNow' : 'otherAnswer';
}

/** An end that comes when a part of the answer is there is another one. */
export function endedAfter(answer: string, ended: Ended): Ended {
  if (answer === '') return ended;
  return { ending: 'brokenOff', how: `closed in the middle of an answer: ${JSON.stringify(answer.slice(0, 120))}` };
}

// Source: OpenSSL, ssl/record/methods/tlsany_meth.c: what comes first bears no version of TLS, of whatever number.
const noRecord = /:tls_validate_record_header:wrong version number:/;

/** What an error of a connection comes to. Alerts come from the other side; other errors of our TLS library are our own. */
export function endingOfError(error: Pick<NodeJS.ErrnoException, 'code' | 'name' | 'message'>): Ended {
  const code = error.code ?? '';
  const alert = /^ERR_SSL_.*ALERT_(?<name>.+)$/.exec(code)?.groups?.name;
  if (alert !== undefined) return { ending: 'alert', how: `alert ${alert.toLowerCase()}` };
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return { ending: 'reset', how: 'closed (reset) before any application data' };
  }
  if (code === 'ERR_SSL_UNSUPPORTED_PROTOCOL' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return {
      ending: 'otherVersion',
      how: noRecord.test(error.message)
        ? 'answered without TLS'
        : `answered with no TLS that is spoken here, or with another version than was offered (${code})`,
    };
  }
  return { ending: 'noConnection', how: `${code || error.name}: ${error.message}` };
}
