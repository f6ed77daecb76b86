import t from 'tap';
import type { Happening } from '../src/history.ts';
import { sampleRun } from './sample-run.ts';
import { tell } from './telling.ts';

const told = (happening: Happening) => tell({ index: 1, atMs: 0, ...happening });

await t.test('every entry of a run is a whole sentence', async (t) => {
  for (const entry of sampleRun('fail').history) {
    const says = tell(entry);
    t.match(says, /^[A-Za-z0-9].*\.$/);
    t.notMatch(says, /undefined|null|\[object/, says);
  }
});

const handshake = {
  kind: 'plane-handshake',
  plane: 'spire-server',
  address: '127.0.0.1:8081',
  about: 'versions',
  version: 'TLSv1.2',
  agreed: null,
  outcome: 'refused',
  how: 'alert protocol_version',
} as const;
const listener = { kind: 'listener', plane: 'metrics', address: '127.0.0.1:9988', answered: true } as const;
const search = {
  kind: 'search',
  whole: true,
  places: ['the history', 'a log'],
  tokens: ['token-1'],
  keys: [],
} as const;
const exchange = {
  kind: 'exchange',
  clause: 'mesh/pinning/exact-id',
  row: 'the right ID',
  node: 'a',
  role: 'client',
  expect: 'accepted',
  control: 'c',
  outcome: 'accepted',
  how: '200',
  tookMs: 4,
} as const;

const sentences: readonly [happening: Happening, says: string][] = [
  [
    { ...handshake, agreed: 'TLSv1.2', outcome: 'accepted', how: 'done', unproven: 'it is the SVID of x' },
    'spire-server at 127.0.0.1:8081 was offered TLSv1.2: agreed on TLSv1.2 (done), by nobody that proved to be it: it is the SVID of x.',
  ],
  [
    handshake,
    'spire-server at 127.0.0.1:8081 was offered TLSv1.2: refused without a handshake (alert protocol_version).',
  ],
  [
    { ...handshake, about: 'key-exchange', version: 'TLSv1.3', group: 'X25519', agreed: 'TLSv1.3', how: 'done' },
    'spire-server at 127.0.0.1:8081 was offered TLSv1.3 with X25519 alone: agreed on TLSv1.3 (done).',
  ],
  [
    { ...listener, boundTo: [{ address: '127.0.0.1', loopback: true }] },
    'metrics at 127.0.0.1:9988 answered without TLS and is bound to 127.0.0.1.',
  ],
  [
    { ...listener, answered: false, boundTo: [] },
    'metrics at 127.0.0.1:9988 did not answer without TLS and is bound to no address that was seen.',
  ],
  [{ kind: 'audit-log', records: [] }, 'The audit log of the SPIRE server held no record of an attestation.'],
  [
    {
      kind: 'audit-log',
      records: ['success', 'error', 'error'].map((status) => ({ status, token: null })),
    },
    'The audit log of the SPIRE server held 3 records of attestations (1 success, 2 error).',
  ],
  [
    { ...search, found: [] },
    '1 join tokens and 0 private keys were looked for in the history and in a log: none stands there.',
  ],
  [
    { ...search, found: [{ secret: 'token-1', place: 'a log', form: 'in base64' }] },
    '1 join tokens and 0 private keys were looked for in the history and in a log: token-1 stands in a log, in base64.',
  ],
  [
    { kind: 'token-life', token: 'token-1', askedSeconds: 60, livesSeconds: 59.96 },
    'token-1: asked for with 60 s, and made to live 60.0 s.',
  ],
  [
    { kind: 'token-life', token: 'token-1', askedSeconds: null, livesSeconds: null, message: 'ttl is required' },
    'token-1: asked for without a time, and not made: ttl is required.',
  ],
  [
    { ...exchange, shown: ['spiffe://td/a'], earlyDataBytes: [0, 0] },
    'Offered to a as a client: the right ID. Wanted accepted, got accepted: 200 (4.00 ms); it showed spiffe://td/a; it gave 2 session tickets with at most 0 bytes of early data.',
  ],
  [exchange, 'Offered to a as a client: the right ID. Wanted accepted, got accepted: 200 (4.00 ms).'],
  [
    {
      kind: 'token',
      trial: 'late',
      beganMs: 0,
      row: 'after its TTL',
      token: 'token-1',
      outcome: 'refused',
      secondsToExpiry: -1.5,
    },
    'token-1, after its TTL: refused; 1.5 s after its expiry.',
  ],
];
for (const [happening, says] of sentences) {
  await t.test(`told: ${says}`, async (t) => t.equal(told(happening), says));
}
