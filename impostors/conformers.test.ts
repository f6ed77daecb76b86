import t from 'tap';
import { impostors } from './catalogue.ts';
import { conformers } from './conformers.ts';

await t.test('at least thirty right nodes of different styles are judged', async (t) => {
  t.ok(conformers.filter((one) => one.judgedBy.includes('suites')).length >= 30);
});

await t.test('each is judged by something', async (t) => {
  for (const { id, judgedBy, wholeGate = false } of conformers) t.ok(wholeGate || judgedBy.length > 0, id);
});

await t.test('none is called like an impostor: both are nodes by their ids', async (t) => {
  const taken = new Set(impostors.map(({ id }) => id));
  t.strictSame(
    conformers.filter(({ id }) => taken.has(id)),
    [],
  );
});
