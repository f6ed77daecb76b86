import assert from 'node:assert/strict';
import t from 'tap';
import { handshakeBenches } from './handshakes.ts';
import type { Entry, History, Request } from '../history.ts';

const request = (change: Partial<Request>): Request => ({
  kind: 'request',
  scenario: 's',
  from: 'load',
  to: 'api',
  connection: 'new',
  outcome: 'ok',
  dueMs: 0,
  startMs: 0,
  handshakeMs: 1,
  totalMs: 2,
  ...change,
});
const history = (requests: readonly Request[]): History =>
  requests.map((one, at): Entry => ({ index: at + 1, atMs: at, ...one }));
const ramp = (count: number) =>
  Array.from({ length: count }, (_, at) => request({ dueMs: at * 10, startMs: at * 10, handshakeMs: at + 1 }));

await t.test('percentiles of a known distribution, within a thousandth', async (t) => {
  const [bench] = handshakeBenches(history(ramp(1000)));
  assert.ok(bench);
  for (const [got, wanted] of [
    [bench.p50Ms, 500],
    [bench.p90Ms, 900],
    [bench.p99Ms, 990],
    [bench.p999Ms, 999],
    [bench.maxMs, 1000],
  ] as const) {
    t.ok(got !== null && Math.abs(got - wanted) <= wanted / 500, `${got} for ${wanted}`);
  }
  t.equal(bench.beyondP99, 10);
  t.equal(bench.perSecond, 100.1, '1,000 in the 9.992 s from the first due to the last answer');
});

await t.test('below 1,000 samples there is no p99.9, and the method says why', async (t) => {
  const [bench] = handshakeBenches(history(ramp(999)));
  t.equal(bench?.p999Ms, null);
  t.equal(bench?.fromDueP999Ms, null);
  t.match(bench?.method ?? '', /Fewer than 1,000 samples/);
});

await t.test('below 100 samples there is no p99 either', async (t) => {
  const [bench] = handshakeBenches(history(ramp(99)));
  t.strictSame([bench?.p99Ms, bench?.fromDueP99Ms, bench?.p999Ms, bench?.beyondP99], [null, null, null, 0]);
  t.match(bench?.method ?? '', /Fewer than 100 samples/);
  t.notMatch(bench?.method ?? '', /beyond the p99/);
  t.not(handshakeBenches(history(ramp(100)))[0]?.p99Ms, null);
});

await t.test('a stalled client shows in the row from due, not in the measured one', async (t) => {
  const [bench] = handshakeBenches(
    history(Array.from({ length: 100 }, (_, at) => request({ dueMs: at, startMs: 500, handshakeMs: 2 }))),
  );
  t.equal(bench?.p99Ms, 2);
  t.ok((bench?.fromDueP50Ms ?? 0) > 400);
});

await t.test('resumed handshakes stand apart, kept connections and untimed sources do not count', async (t) => {
  const benches = handshakeBenches(
    history([
      request({}),
      request({ resumed: true }),
      request({ connection: 'kept' }),
      request({ outcome: 'fail' }),
      ...[1, 2].map((): Request => {
        const { handshakeMs: _, ...untimed } = request({ from: 'frontend', outcome: 'fail' });
        return untimed;
      }),
    ]),
  );
  t.strictSame(
    benches.map(({ id, count, errors }) => ({ id, count, errors })),
    [
      { id: 'handshake/under faults/full', count: 1, errors: 1 },
      { id: 'handshake/under faults/resumed', count: 1, errors: 0 },
    ],
  );
});

await t.test('values out of all bounds do not break it', async (t) => {
  const [bench] = handshakeBenches(
    history([request({ handshakeMs: 1e12 }), request({ handshakeMs: -5 }), request({ handshakeMs: 0 })]),
  );
  t.equal(bench?.count, 2);
});

await t.test('no timed handshake, no bench', async (t) => {
  t.strictSame(handshakeBenches([]), []);
});

await t.test(
  'a server that a scenario left with an expired SVID refuses rightly, which is no error of the bench',
  async (t) => {
    const startedAt = '2026-01-01T00:00:00.000Z';
    const entries: History = [
      {
        kind: 'run-started',
        id: 'r',
        command: 'gate',
        startedAt,
        seed: 1,
        runtime: 'process',
        versions: {},
        target: {},
        clauses: [],
      },
      {
        kind: 'svid',
        node: 'api',
        seen: 'delivered',
        spiffeId: 'spiffe://td/api',
        serial: '01',
        notBefore: startedAt,
        notAfter: '2026-01-01T00:00:05.000Z',
        authority: 'a',
        publicKey: 'k',
      },
      request({ startMs: 1_000, dueMs: 1_000 }),
      request({ startMs: 6_000, dueMs: 6_000, outcome: 'fail' }),
    ].map((one, at) => ({ index: at + 1, atMs: at, ...one }) as Entry);
    t.strictSame(
      handshakeBenches(entries).map(({ count, errors }) => [count, errors]),
      [[1, 0]],
    );
  },
);
