import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noEarlyData } from '../clauses/mesh/tls.ts';
import { tokenPolicyTtl } from '../clauses/mesh/tokens.ts';
import { byFindings, byFindingsOfNodes, type Finding } from './findings.ts';
import { historyOf, node, skip, told, type Step } from './history-builder.ts';

const finding = (subject: string, state: Finding['state'], says = `it ${state}`): Finding => ({
  subject,
  state,
  says,
  evidence: [1],
});
const judge = (findings: readonly Finding[], ...steps: Step[]) =>
  told(byFindings(historyOf(...steps), tokenPolicyTtl, findings));
const judgeNodes = (findings: readonly Finding[], ...steps: Step[]) =>
  told(byFindingsOfNodes(historyOf(node('a'), node('b'), ...steps), noEarlyData, findings));

await test('findings decide: broken before unknown before holds', () => {
  assert.equal(judge([finding('x', 'holds')]), 'pass: x: it holds');
  assert.equal(judge([finding('x', 'holds'), finding('y', 'unknown')]), 'inconclusive: y: it unknown');
  assert.equal(judge([finding('x', 'unknown'), finding('y', 'broken'), finding('z', 'holds')]), 'fail: y: it broken');
});

await test('nothing seen is inconclusive, skipped only with a reason', () => {
  assert.equal(judge([]), 'inconclusive: nothing was observed to decide it');
  assert.equal(judge([], skip(tokenPolicyTtl.id, 'no server')), 'skipped: no server');
  assert.match(judge([], skip(tokenPolicyTtl.id, '')), /^inconclusive/);
  assert.match(judge([], skip('mesh/tokens/audit-log', 'no server')), /^inconclusive/);
  assert.match(judge([finding('x', 'broken')], skip(tokenPolicyTtl.id, 'no server')), /^fail/);
});

await test('the reason names three at most, and counts the others once each', () => {
  assert.equal(
    judge([1, 1, 2, 3, 4, 5].map((name) => finding(`n${name}`, 'holds', 'ok'))),
    'pass: n1: ok; n2: ok; n3: ok; and 2 more',
  );
  assert.equal(judge([1, 1, 1, 1, 1].map((name) => finding(`n${name}`, 'holds', 'ok'))), 'pass: n1: ok');
});

await test('the evidence is that of the findings that tell', () => {
  const { evidence } = byFindings(historyOf(), tokenPolicyTtl, [
    { ...finding('x', 'holds'), evidence: [1] },
    { ...finding('y', 'broken'), evidence: [2, 3] },
    { ...finding('z', 'broken'), evidence: [5] },
  ]);
  assert.deepEqual(evidence, [2, 3, 5]);
});

await test('findings of nodes: each node under test has one, or says why not', () => {
  const { id } = noEarlyData;
  assert.match(judgeNodes([finding('a', 'holds'), finding('b', 'holds')]), /^pass/);
  assert.match(judgeNodes([finding('a', 'holds')]), /^inconclusive: b was not looked at as server/);
  assert.match(judgeNodes([finding('a', 'holds')], skip(id, 'b is shy', { node: 'b' })), /^pass/);
  assert.match(judgeNodes([finding('a', 'broken')]), /^fail/);
  assert.match(judgeNodes([]), /^inconclusive: nothing/);
  assert.match(
    judgeNodes([finding('ghost', 'holds')]),
    /^inconclusive: nothing/,
    'a subject that is no node under test',
  );
  assert.match(judgeNodes([], skip(id, 'nobody dials')), /^skipped: nobody dials/);
});
