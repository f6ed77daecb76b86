/** What a field of a log line holds: a string, a number, or an instant as ISO 8601 in UTC. */
export type FieldKind = 'text' | 'number' | 'instant';

interface Field<K extends FieldKind> {
  readonly kind: K;
  readonly says: string;
}

/** What happened, as a line of the log tells it. */
interface EventSchema {
  readonly level: 'info' | 'warn' | 'error';
  readonly says: string;
  readonly fields: Readonly<Record<string, Field<FieldKind>>>;
}

const text = (says: string): Field<'text'> => ({ kind: 'text', says });
const number = (says: string): Field<'number'> => ({ kind: 'number', says });
const instant = (says: string): Field<'instant'> => ({ kind: 'instant', says });

const peer = text('SPIFFE ID of the peer, verified');
const role = text('`server` where the peer has called, `client` where it was called');
const remote = text('host:port of the peer; empty where it was gone before');
const why = text('in words');

/** What every line has. */
export const commonFields = {
  level: text('`info`, `warn` or `error`'),
  time: instant('when it was written'),
  service: text('`frontend`, `backend` or `api`'),
  event: text('one of those below'),
} as const;

/** Every line that a service of the mesh writes, by its event. */
export const logEvents = {
  starting: {
    level: 'info',
    says: 'The service waits for its identity.',
    fields: { expects: text('SPIFFE ID that it has to be handed'), admin: text('host:port of its admin listener') },
  },
  ready: {
    level: 'info',
    says: 'It holds its identity, and serves.',
    fields: { listen: text('host:port of its mTLS listener; empty where nobody is allowed to call it') },
  },
  'svid.rotated': {
    level: 'info',
    says: 'A new SVID is held; the first one, too.',
    fields: {
      spiffeId: text('SPIFFE ID in it'),
      serial: text('its serial number, hex'),
      notAfter: instant('when it ends'),
      rotations: number('how many SVIDs came after the first'),
    },
  },
  'svid.expiring': {
    level: 'warn',
    says: 'Four fifths of the life of the SVID are over, and no newer one has come.',
    fields: { notAfter: instant('when it ends') },
  },
  'svid.lost': {
    level: 'error',
    says: 'There is no SVID any more, as it was withdrawn or has ended. All connections were ended.',
    fields: { why },
  },
  'bundle.updated': {
    level: 'info',
    says: 'The authorities have changed by which peers are judged.',
    fields: {
      trustDomains: text('those whose members can be verified, parted by spaces'),
      authorities: number('of all of them'),
    },
  },
  'svid.trouble': {
    level: 'warn',
    says: 'The Workload API was not reached, or the SVID files are no set. What is held stays good until it ends. Told once until it changes.',
    fields: { why },
  },
  'mtls.accepted': {
    level: 'info',
    says: 'Audit: a handshake in which both sides were verified.',
    fields: {
      ...{ role, peer, serial: text('serial number of the SVID that the peer showed, hex') },
      ...{ suite: text('TLS cipher suite'), remote },
    },
  },
  'mtls.refused': {
    level: 'warn',
    says: 'Audit: a peer was turned away, or turned away from.',
    fields: { role, reason: text('the kind of it, as in mesh_mtls_auth_failures_total'), why, remote },
  },
  'mtls.broken': {
    level: 'warn',
    says: 'A connection ended before its handshake did, or never came to be.',
    fields: { role, why, remote },
  },
  request: {
    level: 'info',
    says: 'Access: a request of a peer was answered.',
    fields: {
      ...{ peer, method: text('of HTTP'), route: text('path, or `other` where there is no such one') },
      ...{ status: number('of HTTP; 0 where the peer was gone before the answer'), ms: number('how long it took') },
    },
  },
  'call.failed': {
    level: 'warn',
    says: 'The service that this one rests on gave no answer.',
    fields: { expects: text('SPIFFE ID that was wanted'), route: text('what was asked for'), why },
  },
  defect: {
    level: 'error',
    says: 'A request was answered with 500.',
    fields: { route: text('path'), why },
  },
  stopping: {
    level: 'info',
    says: 'It takes nothing new, and ends when what is under way has been answered.',
    fields: { why, underWay: number('requests that are') },
  },
} as const satisfies Readonly<Record<string, EventSchema>>;

/** Name of an event. */
export type LogEvent = keyof typeof logEvents;

type ValueOf<F> = F extends Field<'number'> ? number : F extends Field<'instant'> ? Date : string;

/** What an event has to be told with. */
export type LogFields<E extends LogEvent> = {
  readonly [F in keyof (typeof logEvents)[E]['fields']]: ValueOf<(typeof logEvents)[E]['fields'][F]>;
};

/**
 * Reads a line of the log by the schema, which allows no other field.
 *
 * @throws TypeError that says what of it is not by the schema
 */
export function parseLogLine(line: string): Readonly<Record<string, string | number>> & { readonly event: LogEvent } {
  const read = JSON.parse(line) as Record<string, unknown>;
  const { event } = read;
  if (typeof event !== 'string' || !Object.hasOwn(logEvents, event))
    throw new TypeError(`log line: event ${JSON.stringify(event)} is not known: ${line}`);
  const { fields, level }: EventSchema = logEvents[event as LogEvent];
  const wanted: EventSchema['fields'] = { ...commonFields, ...fields };
  const wrong = [
    ...Object.entries(wanted).flatMap(([name, { kind }]) => (isOf(kind, read[name]) ? [] : [`${name} is no ${kind}`])),
    ...Object.keys(read).flatMap((name) => (Object.hasOwn(wanted, name) ? [] : [`${name} is not known`])),
    ...(read.level === level ? [] : [`level is not ${level}`]),
  ];
  if (wrong.length > 0) throw new TypeError(`log line of ${event}: ${wrong.join(', ')}: ${line}`);
  return read as ReturnType<typeof parseLogLine>;
}

function isOf(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'instant':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
  }
}
