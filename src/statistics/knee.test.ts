import t from 'tap';
import type { BenchRow, BenchSample, Entry, Happening, History } from '../history.ts';
import { rowBenches } from './bench-rows.ts';
import { kneeOf } from './knee.ts';

/** One try of one second: each handshake takes `ms`, and is begun `lateMs` after it was due. */
interface Try {
  readonly rate: number;
  readonly ms: number;
  readonly lateMs?: number;
  readonly lost?: number;
  /** By how much the last takes longer than the first. */
  readonly growsMs?: number;
}

function historyOf(rates: readonly Try[]): History {
  const happenings = rates.flatMap(({ rate, ms, lateMs = 0, lost = 0, growsMs = 0 }, nth): Happening[] => {
    const row: BenchRow = {
      ...{ kind: 'bench-row', row: `capacity/${rate}/${nth}`, generator: 'assay', loop: 'open', verifies: 'all' },
      ...{ node: 'node-001', implementation: 'a node', phase: 'capacity', resumed: false, key: 'EC P-256', chain: 1 },
      ...{ atMost: 1_000, arrivals: 'constant', wantedPerSecond: rate, seconds: 1 },
    };
    const samples = Array.from({ length: rate - lost }, (_, at): BenchSample => {
      const due = Math.round((at * 1e6) / rate);
      const tls = Math.round((ms + (growsMs * at) / rate) * 1000);
      return [due, due + lateMs * 1000, 100, tls, tls + 100, 0];
    });
    const failed = Array.from({ length: lost }, (): Happening => ({
      ...{ kind: 'bench-lost', row: row.row, dueMs: 999, begunMs: 999, tookMs: 1, detail: 'handshake: EOF' },
    }));
    const ended: Happening = { kind: 'bench-window', row: row.row, state: 'ended', due: rate };
    return [row, { kind: 'bench-samples', row: row.row, samples }, ...failed, ended];
  });
  return happenings.map((happening, at): Entry => ({ index: at + 1, atMs: at, ...happening }));
}

const knee = (...rates: readonly Try[]) => kneeOf(rowBenches(historyOf(rates)));

await t.test('the knee lies between the last rate that held and the first at which latency bends, twice', async (t) => {
  const bent = { rate: 400, ms: 40 };
  const found = knee({ rate: 100, ms: 2 }, { rate: 200, ms: 3 }, bent, bent, { rate: 300, ms: 5 });
  t.equal(found?.holdsPerSecond, 300);
  t.equal(found?.bendsPerSecond, 400);
  t.equal(found?.limit, 'node');
  t.match(found?.why, /p90 is 40\.\d ms, and was 2\.0 ms/);
  t.strictSame(
    found?.curve.map(({ wantedPerSecond }) => wantedPerSecond),
    [100, 200, 300, 400],
  );
});

await t.test('a bad moment that did not come again is no knee, nor one after which nobody looked again', async (t) => {
  const found = knee({ rate: 100, ms: 2 }, { rate: 200, ms: 90 }, { rate: 200, ms: 2 });
  t.equal(found?.holdsPerSecond, 200);
  t.equal(found?.bendsPerSecond, null);
  t.equal(knee({ rate: 100, ms: 2 }, { rate: 200, ms: 90 })?.bendsPerSecond, null);
});

await t.test('connections that are lost bend it too', async (t) => {
  const lossy = { rate: 200, ms: 2, lost: 20 };
  t.match(knee({ rate: 100, ms: 2 }, lossy, lossy)?.why, /20 of 200 connections failed/);
});

await t.test('a generator that was late is told to be the limit', async (t) => {
  const late = { rate: 200, ms: 3, lateMs: 30 };
  t.equal(knee({ rate: 100, ms: 2 }, late, late)?.limit, 'generator');
});

await t.test(
  'a node that is overloaded at the lowest rate holds nothing, however quick its answers seem',
  async (t) => {
    // The queue grows: 10 ms each second and more.
    const growing = { rate: 100, ms: 2, growsMs: 400 };
    const found = knee(growing, growing);
    t.equal(found?.holdsPerSecond, null);
    t.match(found?.why, /latency grew all the while/);
  },
);

await t.test('a lowest rate that holds nothing is none, and no rows are no knee', async (t) => {
  t.equal(knee({ rate: 100, ms: 2, lost: 50 })?.holdsPerSecond, null);
  t.equal(kneeOf([]), undefined);
});
