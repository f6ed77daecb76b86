import t from 'tap';
import { wordOf } from './helper-log.ts';

const line = (level: string, rest: string) => `time="2026-12-01T12:00:00Z" level=${level} ${rest} system=spiffe-helper`;
const watching = 'Error while watching x509 context: rpc error: code';

await t.test('what spiffe-helper says of its work', async (t) => {
  for (const [said, kind, why] of [
    [line('info', 'msg="X.509 certificates updated"'), 'written', /updated/],
    [
      line('error', 'error="write staging/svid.pem: no space left on device" msg="Unable to dump bundle"'),
      'unwritten',
      /^Unable to dump bundle: write staging\/svid\.pem: no space left on device$/,
    ],
    [line('error', `msg="${watching} = PermissionDenied desc = no identity issued"`), 'refused', /no identity issued/],
    [
      line('error', `msg="${watching} = Unavailable desc = connection error: desc = \\"transport: dial unix /x\\""`),
      'unreached',
      /desc = "transport: dial unix \/x"/,
    ],
    [
      line('error', 'error="unknown top level key(s): x" msg="invalid configuration"'),
      'misconfigured',
      /top level key/,
    ],
    [line('warning', 'msg=odd'), 'trouble', /^odd$/],
    ['panic: runtime error', 'trouble', /^panic/],
  ] as const) {
    const word = wordOf(said);
    t.equal(word?.kind, kind, said);
    t.match(word?.why, why);
  }
});

await t.test('what is of no concern, and what is endless', async (t) => {
  t.equal(wordOf(line('info', 'msg="Launching daemon"')), undefined);
  t.equal(wordOf(line('info', 'msg="Received update" spiffe_id="spiffe://example.org/a"')), undefined);
  t.equal(wordOf(''), undefined);
  t.equal(wordOf('x'.repeat(100_000))?.why.length, 1_000);
});
