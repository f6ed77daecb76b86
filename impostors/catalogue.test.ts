import t from 'tap';
import { clauses } from '../src/clauses/catalogue.ts';
import { impostors } from './catalogue.ts';

await t.test('each clause has an impostor', async (t) => {
  const broken = new Set(impostors.map(({ breaks }) => breaks));
  t.strictSame(
    clauses.map(({ id }) => id).filter((id) => !broken.has(id)),
    [],
  );
});

await t.test('impostors of one clause stand beside each other', async (t) => {
  const order = impostors.map(({ breaks }) => breaks);
  const begun = order.filter((breaks, at) => breaks !== order[at - 1]);
  t.strictSame(
    begun.filter((breaks, at) => begun.indexOf(breaks) !== at),
    [],
  );
});

await t.test('an expected reason names no node of its own', async (t) => {
  for (const { id, reason } of impostors) t.notMatch(reason.source, /node-0\d/, id);
});
