import { spawnSync } from 'node:child_process';
import t from 'tap';

const reporter = new URL('test-report.ts', import.meta.url).href;

/** What the reporter makes of a run's TAP, in a process of its own, as it sets the exit code. */
function report(tap: string): { readonly lines: readonly string[]; readonly code: number | null } {
  const program = `
    const { default: TestReport } = await import(${JSON.stringify(reporter)});
    process.stdin.pipe(new TestReport()).pipe(process.stdout);`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    input: tap,
    encoding: 'utf8',
  });
  return { lines: stdout.split('\n').map((line) => line.replace(/\(\d+\.\d s\)$/, '(time)')), code: status };
}

await t.test('files, tests of meshes and skipped tests are told, and assertions counted', async (t) => {
  const { lines, code } = report(`TAP version 14
# Subtest: src/a.test.ts
    # Subtest: one
        ok 1 - should be equal
        ok 2 - should be equal
        1..2
    ok 1 - one # time=3ms
    ok 2 - two # SKIP no engine answers
    1..2
ok 1 - src/a.test.ts # time=10ms
# Subtest: test/b.test.ts
    # Subtest: a mesh
        ok 1 - should be equal
        1..1
    ok 1 - a mesh # time=3000ms
    1..1
ok 2 - test/b.test.ts # time=4000ms
1..2
`);
  t.strictSame(lines, [
    '- src/a.test.ts › two: skipped: no engine answers',
    '✔ src/a.test.ts (time)',
    '✔ test/b.test.ts › a mesh (time)',
    '✔ test/b.test.ts (time)',
    '',
    'tests: 3 passed, 0 failed, 1 skipped (time)',
    '',
  ]);
  t.equal(code, 0);
});

const failures: readonly [title: string, tap: string, says: string][] = [
  [
    'an assertion that failed',
    '# Subtest: a\n    # Subtest: one\n        not ok 1 - wrong\n        1..1\n    not ok 1 - one\n    1..1\nnot ok 1 - a\n1..1\n',
    '✘ a › one › wrong',
  ],
  [
    'a test without an assertion',
    '# Subtest: a\n    # Subtest: one\n        1..0\n    ok 1 - one\n    1..1\nok 1 - a\n1..1\n',
    '✘ a › one › no assertion was made',
  ],
  [
    'a file without a test',
    '# Subtest: a\n    1..0 # no tests found\nok 1 - a # SKIP no tests found\n1..1\n',
    '✘ a › no assertion was made',
  ],
  [
    'a file that could not be loaded',
    '# Subtest: a\n    1..0 # no tests found\nnot ok 1 - a\n  ---\n  exitCode: 1\n  signal: null\n  ...\n1..1\n',
    '✘ a › ended by exit code 1',
  ],
  [
    'a file that was killed after it had passed',
    '# Subtest: a\n    ok 1 - fine\n    1..1\nnot ok 1 - a\n  ---\n  exitCode: null\n  signal: SIGKILL\n  ...\n1..1\n',
    '✘ a › ended by SIGKILL',
  ],
  ['a run of nothing', 'TAP version 14\n1..0\n', '✘ no test has run'],
];
for (const [title, tap, says] of failures) {
  await t.test(`red, with a count: ${title}`, async (t) => {
    const { lines, code } = report(tap);
    t.ok(lines.includes(says), lines.join('\n'));
    t.match(lines.at(-2), /^tests: [01] passed, 1 failed, 0 skipped \(time\)$/);
    t.equal(code, 1);
  });
}
