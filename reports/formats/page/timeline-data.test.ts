import t from 'tap';
import { historyOf, node, request, runStarted, scenario, type Step } from '../../../src/checkers/history-builder.ts';
import { buildReport } from '../../../src/report/report.ts';
import { timelineData } from './timeline-data.ts';

function dataOf(...steps: readonly Step[]) {
  const history = historyOf(runStarted(), node('a'), node('b'), ...steps);
  return timelineData(history, buildReport(history, []).scenarios[0]!);
}
const requests = (...dueMs: readonly number[]) => dueMs.map((at) => request('healthy', 'a', 'b', at));
const counted = ({ buckets }: ReturnType<typeof dataOf>) => buckets.reduce((sum, { ok }) => sum + ok, 0);

await t.test('requests from before a scenario that looks back at them are drawn, each in its place', async (t) => {
  const data = dataOf(
    requests(1_000, 1_500, 3_000),
    [3_100, scenario('healthy', 'begun')],
    [3_100, scenario('healthy', 'ended')],
  );
  t.strictSame([data.fromMs, data.toMs, counted(data)], [1_000, 3_100, 3]);
});

await t.test('the window of a scenario is drawn where its requests lie inside', async (t) => {
  const data = dataOf([900, scenario('healthy', 'begun')], requests(1_000, 2_000), [
    3_000,
    scenario('healthy', 'ended'),
  ]);
  t.strictSame([data.fromMs, data.toMs, counted(data)], [900, 3_000, 2]);
});
