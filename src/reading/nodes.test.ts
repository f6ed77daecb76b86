import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyOf, node } from '../checkers/history-builder.ts';
import { judgedNodes, nodesBeside } from './nodes.ts';

const history = historyOf(
  node('a'),
  node('b', { judged: false }),
  node('y', { mesh: 'brief' }),
  node('z', { mesh: 'brief', judged: false }),
);
const beside = (...names: string[]) => nodesBeside(history, new Set(names)).map(({ node: name }) => name);

await test('the nodes under test are those that are judged, of every mesh', () => {
  assert.deepEqual([...judgedNodes(history)], ['a', 'y']);
  assert.deepEqual([...judgedNodes(historyOf())], []);
});

await test('beside a node stand all nodes of its mesh', () => {
  assert.deepEqual(beside('a'), ['a', 'b']);
  assert.deepEqual(beside('z'), ['y', 'z']);
  assert.deepEqual(beside('b', 'y'), ['a', 'b', 'y', 'z']);
});

await test('a mesh names its nodes, and a name that nobody bears names none', () => {
  assert.deepEqual(beside('brief'), ['y', 'z']);
  assert.deepEqual(beside('probe'), []);
  assert.deepEqual(beside(), []);
});
