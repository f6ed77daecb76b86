import t from 'tap';
import { historyOf, node } from '../checkers/history-builder.ts';
import { judgedNodes, nodesBeside } from './nodes.ts';

const history = historyOf(
  node('a'),
  node('b', { judged: false }),
  node('y', { mesh: 'brief' }),
  node('z', { mesh: 'brief', judged: false }),
);
const beside = (...names: string[]) => nodesBeside(history, new Set(names)).map(({ node: name }) => name);

await t.test('the nodes under test are those that are judged, of every mesh', async (t) => {
  t.strictSame([...judgedNodes(history)], ['a', 'y']);
  t.strictSame([...judgedNodes(historyOf())], []);
});

await t.test('beside a node stand all nodes of its mesh', async (t) => {
  t.strictSame(beside('a'), ['a', 'b']);
  t.strictSame(beside('z'), ['y', 'z']);
  t.strictSame(beside('b', 'y'), ['a', 'b', 'y', 'z']);
});

await t.test('a mesh names its nodes, and a name that nobody bears names none', async (t) => {
  t.strictSame(beside('brief'), ['y', 'z']);
  t.strictSame(beside('probe'), []);
  t.strictSame(beside(), []);
});
