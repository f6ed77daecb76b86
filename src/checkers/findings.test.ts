import t from 'tap';
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

await t.test('findings decide: broken before unknown before holds', async (t) => {
  t.equal(judge([finding('x', 'holds')]), 'pass: x: it holds');
  t.equal(judge([finding('x', 'holds'), finding('y', 'unknown')]), 'inconclusive: y: it unknown');
  t.equal(judge([finding('x', 'unknown'), finding('y', 'broken'), finding('z', 'holds')]), 'fail: y: it broken');
});

await t.test('nothing seen is inconclusive, skipped only with a reason', async (t) => {
  t.equal(judge([]), 'inconclusive: nothing was observed to decide it');
  t.equal(judge([], skip(tokenPolicyTtl.id, 'no server')), 'skipped: no server');
  t.match(judge([], skip(tokenPolicyTtl.id, '')), /^inconclusive/);
  t.match(judge([], skip('mesh/tokens/audit-log', 'no server')), /^inconclusive/);
  t.match(judge([finding('x', 'broken')], skip(tokenPolicyTtl.id, 'no server')), /^fail/);
});

await t.test('the reason names three at most, and counts the others once each', async (t) => {
  t.equal(
    judge([1, 1, 2, 3, 4, 5].map((name) => finding(`n${name}`, 'holds', 'ok'))),
    'pass: n1: ok; n2: ok; n3: ok; and 2 more',
  );
  t.equal(judge([1, 1, 1, 1, 1].map((name) => finding(`n${name}`, 'holds', 'ok'))), 'pass: n1: ok');
});

await t.test('the evidence is that of the findings that tell', async (t) => {
  const { evidence } = byFindings(historyOf(), tokenPolicyTtl, [
    { ...finding('x', 'holds'), evidence: [1] },
    { ...finding('y', 'broken'), evidence: [2, 3] },
    { ...finding('z', 'broken'), evidence: [5] },
  ]);
  t.strictSame(evidence, [2, 3, 5]);
});

await t.test('findings of nodes: each node under test has one, or says why not', async (t) => {
  const { id } = noEarlyData;
  t.match(judgeNodes([finding('a', 'holds'), finding('b', 'holds')]), /^pass/);
  t.match(judgeNodes([finding('a', 'holds')]), /^inconclusive: b was not looked at as server/);
  t.match(judgeNodes([finding('a', 'holds')], skip(id, 'b is shy', { node: 'b' })), /^pass/);
  t.match(judgeNodes([finding('a', 'broken')]), /^fail/);
  t.match(judgeNodes([]), /^inconclusive: nothing/);
  t.match(judgeNodes([finding('ghost', 'holds')]), /^inconclusive: nothing/, 'a subject that is no node under test');
  t.match(judgeNodes([], skip(id, 'nobody dials')), /^skipped: nobody dials/);
});
