import t from 'tap';
import { maxEarlyData } from './tls-session.ts';
import { DerError } from './svid/x509/der.ts';

const der = (tag: number, ...content: (number[] | number)[]) => {
  const bytes = content.flat();
  return [
    tag,
    ...(bytes.length < 0x80
      ? [bytes.length]
      : bytes.length < 0x100
        ? [0x81, bytes.length]
        : [0x82, bytes.length >> 8, bytes.length & 0xff]),
    ...bytes,
  ];
};
const integer = (...bytes: number[]) => der(0x02, bytes);
/** As OpenSSL writes SSL_SESSION: version, protocol, cipher, id, master key, then optional fields by context tag. */
const session = (...fields: number[][]) =>
  Uint8Array.from(
    der(
      0x30,
      integer(1),
      integer(3, 4),
      der(0x04, [0x13, 0x02]),
      der(0x04, []),
      der(0x04, Array(48).fill(0x30)),
      ...fields,
    ),
  );
const startTime = der(0xa1, integer(0x67, 1, 2, 3));
const ticket = der(0xaa, der(0x04, Array(200).fill(0x30)));
const early = (...bytes: number[]) => der(0xaf, integer(...bytes));

const rows: readonly [name: string, bytes: Uint8Array, wanted: number][] = [
  ['none', session(startTime, ticket), 0],
  ['as many as a server of OpenSSL allows', session(startTime, ticket, early(0x40, 0)), 16_384],
  ['zero, said', session(startTime, early(0)), 0],
  [
    'all that 32 bits can say, with the zero octet that keeps it positive',
    session(startTime, early(0, 0xff, 0xff, 0xff, 0xff)),
    4_294_967_295,
  ],
  ['behind a header', Uint8Array.from([0, 0, 0x30, 5, 0x30, 0, ...session(startTime, early(1, 0))]), 256],
];
for (const [name, bytes, wanted] of rows) {
  await t.test(`early data of a session: ${name}`, async (t) => t.equal(maxEarlyData(bytes), wanted));
}

await t.test('the inside of a ticket is no field of the session', async (t) => {
  t.equal(maxEarlyData(session(der(0xaa, der(0x04, early(1, 0))))), 0);
});

for (const [name, bytes] of [
  ['nothing', new Uint8Array()],
  ['something else', Uint8Array.from([1, 2, 3, 4])],
  ['a session cut short', session(startTime, early(1, 0)).subarray(0, -1)],
  ['a field that holds no integer', session(startTime, der(0xaf, der(0x04, [1])))],
] as const) {
  await t.test(`no session: ${name}`, async (t) =>
    t.type(
      t.throws(() => maxEarlyData(bytes)),
      DerError,
    ),
  );
}
