import t from 'tap';
import { clauses } from '../clauses/catalogue.ts';
import type { ClauseReport } from '../report/shape.ts';
import type { ClauseVerdict } from '../verdict.ts';
import { byControl } from './by-control.ts';
import { controlsOf, frameworks } from './catalogue.ts';

const judged = (id: string, verdict: ClauseVerdict = 'pass'): ClauseReport => ({
  ...{ id, verdict, catalogue: null, level: 'MUST', spec: '', reason: '', evidence: [], evidenceTotal: 0 },
  ...{ promise: null, title: id, danger: '' },
});

await t.test('a run of all clauses says something of every control, and has left none out', async (t) => {
  const read = byControl(clauses.map(({ id }) => judged(id)));
  t.strictSame(
    read.map(({ framework, controls }) => [framework.id, controls.map(({ control }) => control.id)]),
    frameworks.map(({ id, controls }) => [id, controls.map((control) => control.id)]),
  );
  for (const { controls } of read) for (const { control, notAsked } of controls) t.strictSame(notAsked, [], control.id);
});

await t.test('a clause stands under each of its controls, and under no other', async (t) => {
  const id = 'mesh/tls/no-early-data';
  const read = byControl([judged(id, 'fail')]);
  t.strictSame(
    read.flatMap(({ framework, controls }) => controls.map(({ control }) => `${framework.id} ${control.id}`)),
    controlsOf(id).map(({ framework, control }) => `${framework.id} ${control.id}`),
  );
  const [session] = read.flatMap(({ controls }) => controls.filter(({ control }) => control.id === 'sc-23'));
  t.strictSame(
    session?.lines.map(({ clauses: its }) => its.map((one) => [one.id, one.verdict])),
    [[[id, 'fail']]],
  );
  t.strictSame(session?.notAsked, ['mesh/tls/ticket-not-past-svid', 'mesh/rotation/ticket-not-past-authority']);
});

await t.test('a run without clauses, and one of clauses that nobody knows, say nothing of any control', async (t) => {
  for (const asked of [[], [judged('mesh/gone/long-ago')]])
    t.strictSame(
      byControl(asked).flatMap(({ controls }) => controls),
      [],
    );
});
