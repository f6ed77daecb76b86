import t from 'tap';
import { openSubscriptions } from '../../fixtures/run/subscriptions.ts';
import { fault, historyOf, request, svid, type Step } from '../../src/checkers/history-builder.ts';
import type { Entry } from '../../src/history.ts';
import type { ScenarioContext } from '../scenario.ts';
import { recovery } from './recovery.ts';

const during = 'partition-short';
const beforeTheHeal: Step[] = [
  ...fault(during, 'a', [1_000, 1_100, 2_000, 2_100]),
  // Another mesh is healed a little later.
  ...fault('partition-long', 'c', [1_050, 1_150, 2_010, 2_150]),
];
const calls = (atMs: number) => [request(during, 'a', 'b', atMs), request(during, 'b', 'a', atMs + 10)];
const ofPairs = [1_200, 1_400, 1_600, 1_800, 2_300].flatMap(calls);
const fresh = ['a', 'b'].map((who) => svid(2_400, who, 'delivered', { serial: `${who}-2`, notAfterMs: 60_000 }));

/** Whether the scenario waits still when its mesh has seen that. */
async function waitsAfter(...steps: Step[]): Promise<boolean> {
  const sorted = (steps as (readonly [number, object])[]).toSorted(([one], [other]) => one - other) as Step[];
  const all = historyOf(...sorted);
  const history: Entry[] = [];
  const { until, tell } = openSubscriptions(history, 'nowhere');
  const over = new AbortController();
  let waits = true;
  const from = all.findLastIndex((entry) => entry.kind === 'fault') + 1;
  history.push(...all.slice(0, from));
  const waited = recovery({
    target: {
      name: 'steady',
      nodes: ['a', 'b'].map((name) => ({ name, agent: {} })),
      timing: { uptakeMs: 2_000, syncIntervalMs: 200 },
    },
    recorder: { history, until, now: () => history.at(-1)!.atMs },
    signal: over.signal,
    faults: () => [{ target: 'a', injectedAtMs: 1_000, healingAtMs: 2_000, healedAtMs: 2_100 }],
    bound: (_bound: unknown, valueMs: number) => valueMs,
  } as unknown as ScenarioContext).then(
    () => (waits = false),
    () => undefined,
  );
  for (const entry of all.slice(from)) {
    history.push(entry);
    tell();
    await new Promise((turn) => setImmediate(turn));
  }
  await new Promise((turn) => setTimeout(turn, 5));
  const still = waits;
  over.abort();
  await waited;
  return still;
}

await t.test('traffic of its own mesh is waited for after the last new SVID, whatever another mesh does', async (t) => {
  t.equal(await waitsAfter(...beforeTheHeal, ...ofPairs), true, 'no new SVID');
  t.equal(await waitsAfter(...beforeTheHeal, ...ofPairs, ...fresh), true, 'nobody has called since');
  t.equal(await waitsAfter(...beforeTheHeal, ...ofPairs, ...fresh, ...calls(2_500)), true, 'not four in a row');
  const back = [2_500, 2_600, 2_700].flatMap(calls);
  t.equal(await waitsAfter(...beforeTheHeal, ...ofPairs, ...fresh, ...back), false);
});
