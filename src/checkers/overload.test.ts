import t from 'tap';
import type { EntryOf } from '../history.ts';
import { unlessOverloaded } from './overload.ts';
import type { ScenarioWindow } from '../reading/scenarios.ts';

const fail = { verdict: 'fail', reason: 'a request failed', evidence: [3] } as const;
const window = (lateMs: readonly number[]) =>
  ({
    requests: lateMs.map(
      (late, at) =>
        ({
          index: at + 1,
          atMs: at,
          kind: 'request',
          scenario: 's',
          from: 'a',
          to: 'b',
          connection: 'new',
          outcome: 'ok',
          dueMs: at,
          startMs: at + late / 2,
          totalMs: late / 2,
        }) as EntryOf<'request'>,
    ),
  }) as unknown as ScenarioWindow;

await t.test('a fail on a machine that keeps up stays a fail', async (t) => {
  t.equal(unlessOverloaded(window([5, 10, 20, 350, 900]), fail), fail);
  t.equal(unlessOverloaded(window([]), fail), fail, 'no answer at all is no excuse');
});

await t.test('a fail on an overloaded machine is left open, and says what was seen', async (t) => {
  const judged = unlessOverloaded(window([100, 450, 500, 800, 2000]), fail);
  t.equal(judged.verdict, 'inconclusive');
  t.match(judged.reason, /500 ms.*a request failed/);
  t.strictSame(judged.evidence, [3]);
});

await t.test('a pass is not touched', async (t) => {
  const pass = { verdict: 'pass', reason: 'all went well', evidence: [] } as const;
  t.equal(unlessOverloaded(window([900, 900, 900]), pass), pass);
});
