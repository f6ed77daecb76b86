import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Ajv } from 'ajv';
import { marked, type Tokens } from 'marked';
import t from 'tap';
import { parse } from 'yaml';
import { historyLines, sampleRun } from '../../reports/sample-run.ts';
import { buildReport } from '../../src/report/report.ts';
import { project, readReport } from '../cli-run.ts';
import { errorsOf } from '../workflow-parser.ts';

// The pages to copy from in docs/ci, and what they name: read by the parsers of those who run them, and run here as far as that goes.

t.setTimeout(600_000);

const text = (path: string) => readFileSync(join(project, path), 'utf8');

/** The blocks of code of a page that are in this language. */
function blocksOf(page: string, language: string): string[] {
  const blocks = marked
    .lexer(text(`docs/ci/${page}.md`))
    .filter((token): token is Tokens.Code => token.type === 'code' && token.lang === language);
  assert.notEqual(blocks.length, 0, `${page} has a block of ${language}`);
  return blocks.map((block) => block.text);
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a script as GitHub runs those of `shell: bash`. */
function bash(script: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Ran> {
  return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], env, cwd);
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function tempDir(t: { teardown(undo: () => void): unknown }): string {
  const dir = mkdtempSync(join(tmpdir(), 'assay-ci-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A directory for the PATH with one program in it. */
function programIn(dir: string, name: string, script: string): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return `${bin}${delimiter}${process.env.PATH}`;
}

// One clause that is decided on a mesh in a moment.
const quick = 'mesh/planes/spire-server';
const decided = [0, 3];

interface Step {
  readonly id?: string;
  readonly name: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const action = parse(text('action.yml')) as {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};

/** The environment of a step, with what its expressions come to. */
function envOf(step: Step, inputs: Readonly<Record<string, string>>, code = '', verdict = ''): Record<string, string> {
  const values: Record<string, string> = {
    'github.action_path': project,
    'steps.gate.outputs.exit-code': code,
    'steps.gate.outputs.verdict': verdict,
  };
  for (const [name, { default: usual }] of Object.entries(action.inputs))
    values[`inputs.${name}`] = inputs[name] ?? usual;
  return Object.fromEntries(
    Object.entries(step.env ?? {}).map(([name, value]) => [
      name,
      value.replace(/^\$\{\{ (\S+) \}\}$/, (_, expression: string) => {
        assert.ok(expression in values, expression);
        return values[expression]!;
      }),
    ]),
  );
}

const stepOf = (name: string) => {
  const step = action.runs.steps.find((one) => one.name === name);
  assert.ok(step?.run, name);
  return step as Step & { readonly run: string };
};

await t.test('the action is one, by its own parser, and no expression stands in a script', (t) => {
  t.strictSame(errorsOf('action', text('action.yml')), []);
  t.not(errorsOf('action', text('action.yml').replace('shell: bash', 'shells: bash')).length, 0);
  for (const { name, run: script } of action.runs.steps) t.notMatch(script ?? '', '${{', name);
  t.end();
});

await t.test('the gate of the action writes summary and outputs, and its code is that of the job', async (t) => {
  const dir = tempDir(t);
  const files = { GITHUB_OUTPUT: join(dir, 'outputs'), GITHUB_STEP_SUMMARY: join(dir, 'summary') };
  const gate = stepOf('Gate');
  const { output } = await bash(
    gate.run,
    { ...files, GITHUB_ACTIONS: 'true', ...envOf(gate, { only: quick, out: 'the run' }) },
    dir,
  );
  const outputs = readFileSync(files.GITHUB_OUTPUT, 'utf8');
  const code = Number(/^exit-code=(\d+)$/m.exec(outputs)?.[1]);
  t.ok(decided.includes(code), output);
  t.match(outputs, /^report<<(\S+)\nthe run\n\1$/m);
  t.equal(/^verdict<<(\S+)\n(\w+)\n\1$/m.exec(outputs)?.[2], readReport(join(dir, 'the run')).verdict);
  t.equal(readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'), readFileSync(join(dir, 'the run/summary.md'), 'utf8'));
  t.match(output, /^::stop-commands::/m);
  const verdict = stepOf('Verdict');
  for (const [given, found, inconclusive, wanted] of [
    ['0', 'pass', 'fail', 0],
    ['1', 'fail', 'warn', 1],
    ['2', '', 'warn', 2],
    ['3', 'inconclusive', 'fail', 3],
    ['3', 'inconclusive', 'warn', 0],
    ['3', '', 'warn', 3],
    ['4', 'inconclusive', 'warn', 4],
  ] as const)
    t.equal((await bash(verdict.run, envOf(verdict, { inconclusive }, given, found), dir)).code, wanted);
});

await t.test('whoever chooses an input of the action chooses no command', async (t) => {
  const dir = tempDir(t);
  const gate = stepOf('Gate');
  const hostile = '"; touch pwned; $(touch pwned) `touch pwned` --help';
  const outputs = join(dir, 'outputs');
  const inputs = ['command', 'only', 'target', 'accept', 'baseline', 'slo', 'out'].map((input) => [input, hostile]);
  const { output } = await bash(gate.run, { GITHUB_OUTPUT: outputs, ...envOf(gate, Object.fromEntries(inputs)) }, dir);
  t.match(readFileSync(outputs, 'utf8'), /exit-code=2\n/, output);
  t.notOk(existsSync(join(dir, 'pwned')));
});

await t.test('the workflow of the page is one, by its own parser, and its inputs are those of the action', (t) => {
  for (const content of blocksOf('github', 'yaml')) {
    t.strictSame(errorsOf('workflow', content), []);
    t.not(errorsOf('workflow', content.replace('runs-on', 'runs')).length, 0);
    const workflow = parse(content) as { jobs: { assay: { steps: { uses?: string; with?: object }[] } } };
    const step = workflow.jobs.assay.steps.find(({ uses }) => uses === './.assay');
    t.strictSame(
      Object.keys(step?.with ?? {}).filter((name) => !(name in action.inputs)),
      [],
    );
  }
  t.end();
});

await t.test('the job for GitLab is one, by its own schema, and runs what the page says', async (t) => {
  const [content] = blocksOf('gitlab', 'yaml');
  const expanded = async (template: string) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'ci'));
    writeFileSync(join(dir, 'ci/gitlab.yml'), template);
    writeFileSync(join(dir, '.gitlab-ci.yml'), content!);
    // What is included has to be in the repository.
    const script = `git init -q; git remote add origin git@gitlab.example.org:a/b.git; git add .
      git -c user.name=a -c user.email=a@example.org commit -q -m first
      '${join(project, 'node_modules/.bin/gitlab-ci-local')}' --preview 2> errors || { cat errors; exit 1; }`;
    return { dir, ...(await bash(script, {}, dir)) };
  };
  const { dir, code, output } = await expanded(text('ci/gitlab.yml'));
  t.equal(code, 0, output);
  const { 'assay-gate': job } = parse(output) as {
    'assay-gate': { script: string[]; variables: Record<string, string>; allow_failure: unknown; artifacts: unknown };
  };
  t.strictSame(job.allow_failure, { exit_codes: 3 });
  t.match(job.artifacts, { when: 'always', reports: { junit: 'assay-report/junit.xml' } });
  const PATH = programIn(dir, 'assay', 'printf "%s\\n" "$@"');
  const ran = await run('sh', ['-e', '-c', job.script.join('\n')], { PATH, ...job.variables }, dir);
  t.equal(ran.output, 'gate\n--out=assay-report\n--only=pinning,tls\n');
  const wrong = await expanded(text('ci/gitlab.yml').replace('exit_codes', 'exit_code'));
  t.equal(wrong.code, 1, 'a key that GitLab does not know is found');
});

await t.test('the stage for Jenkins runs what its page says', async (t) => {
  const dir = tempDir(t);
  const script = /script: '''\n([^']*)'''/.exec(text('ci/Jenkinsfile'))?.[1]?.trim();
  t.equal(script, blocksOf('jenkins', 'sh')[0]);
  const env = { PATH: programIn(dir, 'docker', 'printf "%s\\n" "$@"'), ASSAY_IMAGE: 'an image:1' };
  const { output } = await run('sh', ['-e', '-c', script!], env, dir);
  t.strictSame(output.trimEnd().split('\n').slice(-5), [
    '-v',
    `${dir}:/work`,
    'an image:1',
    'gate',
    '--out=assay-report',
  ]);
});

// As the page on its API says that Grafana takes it.
const isAnnotation = new Ajv().compile({
  type: 'object',
  required: ['time', 'tags', 'text'],
  additionalProperties: false,
  properties: {
    dashboardUID: { type: 'string' },
    panelId: { type: 'integer' },
    time: { type: 'integer', minimum: 1_500_000_000_000 },
    timeEnd: { type: 'integer', minimum: 1_500_000_000_000 },
    tags: { type: 'array', items: { type: 'string', minLength: 1 } },
    text: { type: 'string', pattern: '^[^<>]+$' },
  },
});

await t.test('annotations are posted as the page says, and as Grafana takes them', async (t) => {
  const dir = tempDir(t);
  const { history, clauses } = sampleRun('fail', '<img src=x onerror="alert(1)">');
  const report = buildReport(history, clauses);
  writeFileSync(join(dir, 'history.jsonl'), historyLines(history));
  writeFileSync(join(dir, 'report.json'), JSON.stringify(report));
  const got: { readonly tags: readonly string[]; readonly time: number; readonly timeEnd?: number }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const wanted = request.method === 'POST' && request.url === '/api/annotations';
      const mayWrite = request.headers.authorization === 'Bearer a-token';
      const annotation = JSON.parse(body) as (typeof got)[number];
      if (wanted && mayWrite && isAnnotation(annotation)) got.push(annotation);
      response.writeHead(wanted && mayWrite ? 200 : 401, { 'content-type': 'application/json' });
      response.end('{"message":"Annotation added","id":1}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [script] = blocksOf('grafana', 'sh');
  const env = { RUN: dir, GRAFANA_URL: url, GRAFANA_TOKEN: 'a-token', npm_config_offline: 'true' };
  const { code, output } = await bash(script!, env, project);
  t.equal(code, 0, output);
  const having = (tag: string) => got.filter(({ tags }) => tags.includes(tag));
  t.equal(having('assay').length, got.length);
  t.equal(having('assay-run').length, 1);
  t.ok(having('assay-run')[0]?.tags.includes('verdict:fail'));
  t.equal(having('assay-scenario').length, report.scenarios.length);
  for (const { id, verdict } of report.scenarios)
    t.ok(having(`scenario:${id}`).some(({ tags }) => tags.includes(`verdict:${verdict}`)));
  t.equal(having('assay-fault').length, report.scenarios.flatMap(({ faults }) => faults).length);
  t.equal(having('assay-rotation').length, history.filter(({ kind }) => kind === 'authority').length);
  for (const { time, timeEnd = time } of got) t.ok(timeEnd >= time);
  t.not((await bash(script!, { ...env, GRAFANA_TOKEN: 'another' }, project)).code, 0, 'what is not taken is told');
});

const engine = await run('docker', ['version'], {}, project).catch(() => ({ code: 1 }));

await t.test(
  'the image judges a mesh without a network, and leaves its report to whoever started it',
  { skip: engine.code === 0 ? false : 'no container engine answers here' },
  async (t) => {
    const dir = tempDir(t);
    const image = `assay:test-${process.pid}`;
    t.teardown(() => run('docker', ['image', 'rm', '-f', image], {}, dir));
    const [make, judge] = blocksOf('container', 'sh').map((block) => block.replaceAll('assay:local', image));
    const made = await bash(make!, {}, project);
    assert.equal(made.code, 0, made.output);
    t.equal(made.output.trim().split('\n').at(-1), image);
    const { code, output } = await bash(`${judge!} --only='${quick}'`, {}, dir);
    t.ok(decided.includes(code ?? NaN), output);
    const out = join(dir, 'assay-report/run');
    const { verdict, run: told } = readReport(out);
    t.equal(verdict, code === 0 ? 'pass' : 'inconclusive');
    t.match(told.versions['spire'], /^\d+\.\d+\.\d+$/);
    t.notMatch(
      JSON.stringify(told.versions),
      'sha256:',
      'its SPIRE is the one that is pinned, and no build of somebody',
    );
    t.equal(statSync(join(out, 'report.html')).uid, process.getuid?.());
    const wrong = await run('docker', ['run', '--rm', '--network', 'none', image, 'gate', '--only=nothing/*'], {}, dir);
    t.equal(wrong.code, 2, wrong.output);
  },
);
