import t from 'tap';
import { stripVTControlCharacters } from 'node:util';
import { clauseOf, historyOf, machine, runEnded, runStarted, type Step } from '../src/checkers/history-builder.ts';
import type { Clause } from '../src/clause.ts';
import { buildReport } from '../src/report/report.ts';
import type { Judgement } from '../src/verdict.ts';
import { summary } from './terminal.ts';

const clause = (id: string, reason: string, verdict: Judgement['verdict'] = 'inconclusive') =>
  clauseOf(id, () => ({ verdict, reason, evidence: [1] }), {
    title: `What ${id} wants of a node that is called, and of one that calls`,
  });

/** The words of a run in one line, and its lines, on 80 columns. */
function said(clauses: readonly Clause[], steps: readonly Step[], last: Step = runEnded, color = false) {
  const history = historyOf(runStarted(clauses.map(({ id }) => id)), ...steps, last);
  const text = stripVTControlCharacters(
    summary(buildReport(history, clauses), history, { color, directory: 'out', width: 80 }),
  );
  return { text: text.replaceAll(/\s+/g, ' '), lines: text.split('\n') };
}

const seven = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `mesh/tls/a-name-that-is-long-${name}`);

await t.test('clauses that were left open for the same reason are told once, with their ids', async (t) => {
  const { text, lines } = said([...seven.map((id) => clause(id, 'nobody came')), clause('mesh/x', 'too few')], []);
  t.match(text, / \? 7 clauses: nobody came mesh\/tls\/\S+-a, /);
  t.match(text, / \? mesh\/x What mesh\/x wants of .* too few MUST/);
  for (const line of lines) t.ok(line.length <= 80, line);
});

await t.test('where nothing was looked at, why is told, of five reasons; otherwise a report has them', async (t) => {
  const skipped = (id: string, reason: string) => clause(id, reason, 'skipped');
  const { text } = said([...seven.map((id, nth) => skipped(id, `reason ${nth}`)), skipped('mesh/x', 'reason 0')], []);
  t.match(text, /2 clauses: reason 0 mesh\/tls\/\S+-a, mesh\/x/);
  t.match(text, /reason 4 .*and 2 more reasons in the report/);
  t.notMatch(said([skipped('mesh/x', 'nobody may'), clause('mesh/y', 'seen', 'pass')], []).text, /nobody may/);
});

await t.test('what was allowed and not done is told, however the run ends', async (t) => {
  const reason = 'the trust domain is federated with others';
  const skip: Step = { kind: 'skip', clause: 'mesh/x', reason, allowedInVain: true };
  const { text } = said([clause('mesh/x', reason, 'skipped'), clause('mesh/y', 'seen', 'pass')], [skip]);
  t.match(text, /! allowed, and not made use of, for a clause: the trust domain is federated with others/);
});

await t.test('a long title is wrapped, and a reason that is cut off bears a mark', async (t) => {
  const { text, lines } = said([clause(seven[0]!, 'a word '.repeat(200), 'fail')], []);
  t.match(
    text,
    /FAIL mesh\/tls\/\S+-a What mesh\/tls\/\S+-a wants of a node that is called, and of one that calls a word/,
  );
  t.match(text, /word a \.\.\. MUST/);
  for (const line of lines) t.ok(line.length <= 80, line);
});

await t.test('the words stand in colour too', async (t) => {
  const { text } = said([clause('a/a', 'seen', 'pass'), clause('a/b', 'open')], [], runEnded, true);
  t.match(text, /✔ 1 held \? 1 inconclusive/);
});

await t.test('nodes that did not get ready are the headline, and what to do next', async (t) => {
  const node = (name: string, how: string) => ({
    node: name,
    how,
    lastWords: 'cannot open config',
    log: `logs/${name}.log`,
  });
  const how = 'exited with code 7 before it was ready';
  const trouble: Step = {
    kind: 'trouble',
    clauses: [],
    message: 'GET /ready answers 200: the node exited with code 7',
    notReady: [node('node-001', how), node('node-003', how)],
  };
  const { text } = said([clause('a/a', 'nobody came'), clause('a/b', 'nobody came')], [trouble]);
  t.match(
    text,
    /^ INCONCLUSIVE node-001 exited with code 7 before it was ready, and likewise node-003: nothing could be looked at\. /,
  );
  t.match(
    text,
    /Next node-001 exited with code 7 .* Its last words: cannot open config\. Its log: logs\/node-001\.log/,
  );
  t.notMatch(text, /Nothing is held against the target/);
});

await t.test('other trouble of the whole run is the headline without what it says of logs', async (t) => {
  const trouble: Step = {
    kind: 'trouble',
    clauses: [],
    message: 'spire-server: it exited; its last words:\nno\n; look at: x',
  };
  t.match(
    said([clause('a/a', 'nobody came')], [trouble]).text,
    /^ INCONCLUSIVE spire-server: it exited: nothing could be decided\./,
  );
});

await t.test('a machine that was too busy is named where something was left open, and nowhere else', async (t) => {
  const busy = [0, 250, 500, 750].map((fromMs) => machine(fromMs, { waitedMs: 150 }));
  const { text } = said([clause('a/a', 'too few')], busy);
  t.match(text, /! machine: threads of Assay waited 60 % of the time for a processor: free it, or give it more cores/);
  t.match(text, /Next Nothing is held against the target\. Free this machine, /);
  t.notMatch(said([clause('a/a', 'seen', 'pass')], busy).text, /machine/);
});

await t.test('of a run that was stopped what is broken is told, and not what was left open', async (t) => {
  const stopped = { ...runEnded, aborted: 'stopped by SIGINT' };
  const { text } = said([clause('a/a', 'nobody came'), clause('a/b', 'lost', 'fail')], [], stopped);
  t.match(text, /FAIL a\/b/);
  t.notMatch(text, /a\/a/);
});

await t.test('what came of a promise is wrapped to a narrow terminal', async (t) => {
  const clauses = (['pass', 'fail', 'inconclusive', 'skipped'] as const).map((verdict) =>
    clause(`a/${verdict}`, 'so', verdict),
  );
  const history = historyOf(runStarted(clauses.map(({ id }) => id)), runEnded);
  for (const color of [false, true]) {
    const text = summary(buildReport(history, clauses), history, { color, directory: 'out', width: 40 });
    for (const line of stripVTControlCharacters(text).split('\n')) t.ok(line.length <= 40, line);
    t.match(stripVTControlCharacters(text).replaceAll(/\s+/g, ' '), /1 held.*1 broken.*1 inconclusive.*1 skipped/);
  }
});
