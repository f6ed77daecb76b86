import assert from 'node:assert/strict';
import { test } from 'node:test';
import { facts, factsOfNodes } from './facts.ts';
import { fact, historyOf, node, skip, told, type Step } from './history-builder.ts';

const clause = 'mesh/tokens/policy-ttl';
const judge = (...steps: Step[]) => told(facts(clause)(historyOf(...steps)));
const judgeNodes = (...steps: Step[]) =>
  told(factsOfNodes(clause, 'server')(historyOf(node('a'), node('b'), ...steps)));

await test('facts decide: broken before unknown before holds', () => {
  assert.equal(judge(fact(clause, 'x', 'holds')), 'pass: x: it holds');
  assert.equal(judge(fact(clause, 'x', 'holds'), fact(clause, 'y', 'unknown')), 'inconclusive: y: it unknown');
  assert.equal(
    judge(fact(clause, 'x', 'unknown'), fact(clause, 'y', 'broken'), fact(clause, 'z', 'holds')),
    'fail: y: it broken',
  );
});

await test('nothing seen is inconclusive, skipped only with a reason', () => {
  assert.equal(judge(), 'inconclusive: nothing was observed to decide it');
  assert.match(judge(fact('mesh/tokens/audit-log', 'x', 'holds')), /^inconclusive/);
  assert.equal(judge(skip(clause, 'no server')), 'skipped: no server');
  assert.match(judge(skip(clause, '')), /^inconclusive/);
  assert.match(judge(skip(clause, 'no server'), fact(clause, 'x', 'broken')), /^fail/);
});

await test('the reason names three at most, and counts the others once each', () => {
  assert.equal(
    judge(...[1, 1, 2, 3, 4, 5].map((name) => fact(clause, `n${name}`, 'holds', 'ok'))),
    'pass: n1: ok; n2: ok; n3: ok; and 2 more',
  );
  assert.equal(judge(...[1, 1, 1, 1, 1].map((name) => fact(clause, `n${name}`, 'holds', 'ok'))), 'pass: n1: ok');
});

await test('facts of nodes: each node under test has one, or says why not', () => {
  assert.match(judgeNodes(fact(clause, 'a', 'holds'), fact(clause, 'b', 'holds')), /^pass/);
  assert.match(judgeNodes(fact(clause, 'a', 'holds')), /^inconclusive: b was not looked at as server/);
  assert.match(judgeNodes(fact(clause, 'a', 'holds'), skip(clause, 'b is shy', { node: 'b' })), /^pass/);
  assert.match(judgeNodes(fact(clause, 'a', 'broken')), /^fail/);
  assert.match(judgeNodes(), /^inconclusive: nothing/);
  assert.match(
    judgeNodes(fact(clause, 'ghost', 'holds')),
    /^inconclusive: nothing/,
    'a subject that is no node under test',
  );
  assert.match(judgeNodes(skip(clause, 'nobody dials')), /^skipped: nobody dials/);
});
