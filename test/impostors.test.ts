import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { chooseClauses } from '../plans/gate.ts';
import { runGate, type GateOptions } from '../engine/run-gate.ts';
import { silent } from '../engine/steps.ts';
import { impostors } from '../impostors/catalogue.ts';
import { conformers } from '../impostors/conformers.ts';
import { commandOf, type Impostor, type StandIn } from '../impostors/impostor.ts';
import { rightIssuer, startIssuer, type Issuer } from '../impostors/issuer.ts';
import { startRightPort } from '../impostors/right-port.ts';
import { writeStandIn } from '../impostors/stand-in.ts';
import { openRecorder, type Recorder } from '../fixtures/run/recorder.ts';
import type { Target } from '../fixtures/target/target.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { programs } from '../fixtures/toolchain/programs.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import { buildReport, type Report } from '../src/report/report.ts';
import type { Verdict } from '../src/verdict.ts';
import { planes, postQuantum } from '../suites/mesh/planes.ts';
import type { Suite } from '../suites/suite.ts';
import { tokens } from '../suites/mesh/tokens.ts';

const scratch = mkdtempSync(join(tmpdir(), 'assay-impostors-'));
const score = { caught: 0, impostors: 0, falseAlarms: 0, conformers: 0, again: 0 };
const attempts = 3;
after(() => {
  rmSync(scratch, { recursive: true, force: true });
  console.log(
    `# detection power: ${score.caught} of ${score.impostors} impostors caught, ${score.falseAlarms} false alarms in ${score.conformers} conformer runs; ${score.again} runs were asked again, being inconclusive`,
  );
});

// One or several by name, for whoever works on them: ASSAY_IMPOSTORS=pin,svid-leeway
const wanted = process.env.ASSAY_IMPOSTORS?.split(',');
const isWanted = (id: string) => wanted === undefined || wanted.some((name) => id.startsWith(name));

async function gate(id: string, only: string | undefined, options: Partial<GateOptions>): Promise<Report> {
  const { report } = await runGate({
    runtime: 'process',
    seed: 1,
    chosen: chooseClauses(only),
    command: `gate of ${id}`,
    out: join(scratch, id),
    signal: AbortSignal.timeout(120_000),
    steps: silent,
    ...options,
  });
  return report;
}

/** A machine that is too busy to tell gives inconclusive: asked again, a little. What was decided stays decided. */
async function decided(wanted: Verdict, judgeOnce: (attempt: number) => Promise<Report>): Promise<Report> {
  for (let attempt = 1; ; attempt++) {
    const report = await judgeOnce(attempt);
    if (report.verdict !== 'inconclusive' || wanted === 'inconclusive' || attempt === attempts) return report;
    score.again++;
  }
}

async function judge(impostor: Impostor, name: string): Promise<Report> {
  switch (impostor.kind) {
    case 'node':
      return gate(name, impostor.breaks, {
        nodeUnderTest: {
          command: commandOf(impostor),
          implementation: impostor.id,
          ...(impostor.everywhere && { everywhere: true }),
        },
      });
    case 'program':
      return gate(name, impostor.breaks, {
        nodeUnderTest: { command: commandOf(impostor), implementation: impostor.id },
      });
    case 'deployment':
      return gate(name, impostor.breaks, { deployment: impostor.deployment });
    case 'issuer':
      return judgeIssuer(name, impostor.breaks, { ...rightIssuer, ...impostor.change });
    case 'spire-server':
    case 'spire-agent':
    case 'toxiproxy':
      return withStandIn(impostor, () => gate(name, impostor.breaks, {}));
  }
}

async function judgeIssuer(id: string, only: string, issuer: Issuer): Promise<Report> {
  return judgeSuites(id, only, [tokens], (recorder) => startIssuer(issuer, recorder));
}

/** Suites alone, on a target that has no mesh around it. */
async function judgeSuites(
  id: string,
  only: string,
  suites: readonly Suite[],
  start: (recorder: Recorder) => Promise<AsyncDisposable & { readonly target: Target }>,
): Promise<Report> {
  const recorder = openRecorder(join(scratch, id));
  try {
    await using running = await start(recorder);
    const chosen = chooseClauses(only);
    recorder.record({
      kind: 'run-started',
      id,
      command: 'suites',
      startedAt: new Date().toISOString(),
      seed: 1,
      runtime: 'process',
      versions: {},
      target: {},
      clauses: [...chosen],
    });
    for (const suite of suites)
      await suite.run({
        target: running.target,
        recorder,
        signal: AbortSignal.timeout(60_000),
        wants: (clause) => chosen.has(clause),
      });
    recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString() });
    return buildReport(recorder.history, clauses);
  } finally {
    recorder.close();
  }
}

async function withStandIn(impostor: StandIn, run: () => Promise<Report>): Promise<Report> {
  const real = await locateTools([impostor.kind], { onProgress: () => {} });
  const { setting } = programs[impostor.kind];
  const before = process.env[setting];
  process.env[setting] = writeStandIn(scratch, impostor, real[impostor.kind].path);
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env[setting];
    else process.env[setting] = before;
  }
}

void describe('impostors', () => {
  void test('each clause has one', () => {
    const broken = new Set(impostors.map(({ breaks }) => breaks));
    assert.deepEqual(
      clauses.map(({ id }) => id).filter((id) => !broken.has(id)),
      [],
    );
    const ids = new Set(clauses.map(({ id }) => id));
    assert.deepEqual(
      [...broken].filter((id) => !ids.has(id)),
      [],
    );
  });

  for (const impostor of impostors.filter(({ id }) => isWanted(id))) {
    const { id, title, breaks, reason, verdict = 'fail' } = impostor;
    void test(`${breaks}: ${id}: ${title}`, async () => {
      score.impostors++;
      const report = await decided(verdict, (attempt) => judge(impostor, `${id}-${attempt}`));
      const clause = report.clauses.find((one) => one.id === breaks);
      const said = `${clause?.verdict}: ${clause?.reason}`;
      assert.equal(clause?.verdict, verdict, said);
      assert.match(clause.reason, reason);
      assert.equal(report.verdict, verdict, said);
      score.caught++;
    });
  }
});

void describe('conformers', () => {
  const others = [
    ['tokens-right', 'a right issuer of join tokens', (id: string) => judgeIssuer(id, 'tokens/*', rightIssuer)],
    [
      'spire-port-right',
      'a port that keeps the promise of require_pq_kem',
      (id: string) =>
        judgeSuites(id, 'mesh/planes/require-pq-kem,mesh/planes/spire-server', [planes, postQuantum], startRightPort),
    ],
  ] as const;
  for (const [id, title, judgeOnce] of others.filter(([name]) => isWanted(name))) {
    void test(`nothing fails ${id}: ${title}`, async () => {
      score.conformers++;
      const report = await decided('pass', (attempt) => judgeOnce(`${id}-${attempt}`));
      const wrong = report.clauses
        .filter(({ verdict }) => verdict !== 'pass')
        .map((clause) => `${clause.id}: ${clause.verdict}: ${clause.reason}`);
      if (wrong.length > 0) score.falseAlarms++;
      assert.deepEqual(wrong, []);
    });
  }

  for (const { id, title, tool } of conformers.filter((conformer) => isWanted(conformer.id))) {
    void test(`nothing fails ${id}: ${title}`, async () => {
      score.conformers++;
      const tools = tool === undefined ? undefined : await locateTools([tool], { onProgress: () => {} });
      const report = await decided('pass', (attempt) =>
        gate(
          `${id}-${attempt}`,
          undefined,
          tools === undefined ? {} : { nodeUnderTest: { command: [tools[tool!].path], implementation: title } },
        ),
      );
      const wrong = report.clauses
        .filter(({ verdict }) => !['pass', 'skipped', 'deviation'].includes(verdict))
        .map((clause) => `${clause.id}: ${clause.verdict}: ${clause.reason}`);
      if (wrong.length > 0) score.falseAlarms++;
      assert.deepEqual(wrong, [], report.troubles.map(({ message }) => message).join('; '));
      assert.equal(report.verdict, 'pass');
    });
  }
});
