import t from 'tap';
import * as clauses from '../clauses/mesh/node.ts';
import {
  every,
  exchange,
  fault,
  healthyBefore,
  historyOf,
  judgedBy,
  node,
  request,
  runStarted,
  scenario,
  svid,
  told,
  type Step,
} from './history-builder.ts';

const during = 'agent-restart';
const [awayMs, inForceMs, healingMs, backMs] = [2_000, 2_200, 2_500, 2_700] as const;
const sorted = (steps: readonly Step[]) =>
  (steps as (readonly [number, object])[]).toSorted(([one], [other]) => one - other) as readonly Step[];

/** A node asked all the time, that shows this SVID at each moment, given one before the outage and one after it. */
function run(
  shows: (atMs: number) => string,
  change: (atMs: number) => object = () => ({}),
  faults = fault(during, 'a', [awayMs, inForceMs, healingMs, backMs]),
) {
  return historyOf(
    runStarted(),
    node('a'),
    healthyBefore('a'),
    sorted([
      [1_000, scenario(during, 'begun')],
      ...faults,
      svid(900, 'a', 'delivered', { serial: 'first', notAfterMs: 9_000 }),
      svid(2_690, 'a', 'delivered', { serial: 'second', notAfterMs: 10_000 }),
      ...every(10, 1_010, 9_000).map((atMs) =>
        request(during, 'probe', 'a', atMs, { server: { spiffeId: 'a', serial: shows(atMs) }, ...change(atMs) }),
      ),
      [9_100, scenario(during, 'ended', { takenUp: 5_000 })],
    ]),
  );
}

const inTime = (atMs: number) => (atMs < 3_500 ? 'first' : 'second');

await t.test('a new SVID after the outage', async (t) => {
  const judge = judgedBy(clauses.nodeReconnects);
  t.match(told(judge(run(inTime))), /^pass: a: showed a new SVID 0\.8 s after its agent was back$/);
  t.match(told(judge(run(() => 'first'))), /^fail: a: still showed SVID first 5\.0 s after its agent was back/);
  t.match(
    told(judge(run((atMs) => (atMs < 8_000 ? 'first' : 'second')))),
    /^fail: a: still showed SVID first/,
    'too late',
  );
  const oneWorkerLeft = (atMs: number) => (atMs < 3_500 || atMs % 20 === 0 ? 'first' : 'second');
  t.match(told(judge(run(oneWorkerLeft))), /^fail: a: still showed SVID first/, 'one worker of two is left behind');
  const ended: Step = [3_000, { kind: 'life', node: 'a', state: 'ended', how: 'exited with code 1' }];
  t.match(told(judge(historyOf(...run(inTime), ended))), /^inconclusive: a: it ended and was started again/);
  t.match(
    told(
      judge(
        run(
          (atMs) => (atMs < 2_500 ? 'first' : 'second'),
          (atMs) => (atMs >= 2_500 && atMs < 8_000 ? { resumed: true } : {}),
        ),
      ),
    ),
    /^inconclusive: a: nobody saw/,
    'a new one that nobody looked for in time',
  );
  t.match(
    told(
      judge(
        run(
          () => 'first',
          (atMs) => (atMs > 3_000 ? { outcome: 'fail', server: undefined } : {}),
        ),
      ),
    ),
    /^inconclusive: a: nobody saw/,
  );
  t.match(
    told(
      judge(
        run(
          () => 'first',
          (atMs) => (atMs > 3_000 ? { resumed: true } : {}),
        ),
      ),
    ),
    /^inconclusive: a: nobody saw/,
    'a resumed session shows nothing',
  );
  t.match(
    told(
      judge(
        run(
          () => 'first',
          () => ({}),
          fault(during, 'a', [awayMs, inForceMs, healingMs, backMs]).slice(0, 3),
        ),
      ),
    ),
    /^inconclusive: the agents' outage was not proven/,
  );
  t.match(
    told(judge(run(inTime, () => ({}), fault(during, 'z', [awayMs, inForceMs, healingMs, backMs])))),
    /^inconclusive: the agent of a was not away/,
  );
});

await t.test('requests while the agent is away', async (t) => {
  const judge = judgedBy(clauses.nodeServesWithoutAgent);
  t.match(told(judge(run(inTime))), /^pass: \d+ requests on new connections/);
  t.match(
    told(judge(run(inTime, (atMs) => (atMs === 2_300 + 10 ? { outcome: 'fail', detail: 'closed' } : {})))),
    /^fail: 1 of \d+ requests failed/,
  );
  t.match(told(judge(run(inTime, () => ({}), []))), /^inconclusive/);
  t.match(
    told(judge(run(inTime, () => ({}), fault(during, 'z', [awayMs, inForceMs, healingMs, backMs])))),
    /^inconclusive: the agent of a was not away/,
  );
});

await t.test('strangers while the agent is away', async (t) => {
  const judge = judgedBy(clauses.nodeRefusesWithoutAgent);
  const clause = clauses.nodeRefusesWithoutAgent.id;
  const both = (['server', 'client'] as const).flatMap((role) => ({ role, control: role }));
  const strangers = (atMs: number, faults = fault(during, 'a', [awayMs, inForceMs, healingMs, backMs])) =>
    historyOf(
      runStarted(),
      node('a'),
      sorted([
        [1_000, scenario(during, 'begun')],
        ...faults,
        request(during, 'probe', 'a', 1_200),
        ...both.flatMap((part): Step[] => [
          [1_100, exchange(clause, 'the right identity', 'accepted', part)],
          [1_500, exchange(clause, 'a stranger', 'refused', part)],
          [atMs, exchange(clause, 'a stranger', 'refused', part)],
          [9_000, exchange(clause, 'the right identity', 'accepted', part)],
        ]),
        [9_100, scenario(during, 'ended')],
      ]),
    );
  t.match(told(judge(strangers(2_400))), /^pass: 4 refused/);
  t.match(told(judge(strangers(2_100))), /^inconclusive: no stranger came while the agents were away/);
  t.match(told(judge(strangers(2_600))), /^inconclusive: no stranger came/, 'while it was started again');
  t.match(told(judge(strangers(2_800))), /^inconclusive: no stranger came/);
  t.match(told(judge(strangers(2_400, []))), /^inconclusive: the agents' outage was not proven/);
  t.match(
    told(judge(strangers(2_400, fault(during, 'z', [awayMs, inForceMs, healingMs, backMs])))),
    /^inconclusive: the agent of a was not away/,
  );
});
