import assert from 'node:assert/strict';
import { test } from 'node:test';
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

await test('a fail on a machine that keeps up stays a fail', () => {
  assert.equal(unlessOverloaded(window([5, 10, 20, 350, 900]), fail), fail);
  assert.equal(unlessOverloaded(window([]), fail), fail, 'no answer at all is no excuse');
});

await test('a fail on an overloaded machine is left open, and says what was seen', () => {
  const judged = unlessOverloaded(window([100, 450, 500, 800, 2000]), fail);
  assert.equal(judged.verdict, 'inconclusive');
  assert.match(judged.reason, /500 ms.*a request failed/);
  assert.deepEqual(judged.evidence, [3]);
});

await test('a pass is not touched', () => {
  const pass = { verdict: 'pass', reason: 'all went well', evidence: [] } as const;
  assert.equal(unlessOverloaded(window([900, 900, 900]), pass), pass);
});
