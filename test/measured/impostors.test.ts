import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runPlan, type RunOptions } from '../../engine/run.ts';
import { startSelfTest } from '../../engine/self-test.ts';
import { silent } from '../../engine/steps.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { conformers } from '../../impostors/conformers.ts';
import { rightIssuer, startIssuer } from '../../impostors/issuer.ts';
import { startRightPort } from '../../impostors/right-port.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { chooseClauses } from '../../plans/choose.ts';
import { gatePlan } from '../../plans/gate.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import type { Report } from '../../src/report/report.ts';

t.setTimeout(3_600_000);

const scratch = mkdtempSync(join(tmpdir(), 'assay-impostors-'));
const score = { caught: 0, impostors: 0, falseAlarms: 0, conformers: 0, again: 0 };
const attempts = 3;

// One or several by name, for whoever works on them: ASSAY_IMPOSTORS=pin,svid-leeway
const wanted = process.env.ASSAY_IMPOSTORS?.split(',');
const isWanted = ({ id }: { readonly id: string }) =>
  wanted === undefined || wanted.some((name) => id.startsWith(name));

const chosen = impostors.filter(isWanted);
const stopped = new AbortController();
const selfTest = startSelfTest({
  impostors: chosen,
  out: scratch,
  signal: stopped.signal,
  cores: availableParallelism(),
});
t.after(() => {
  stopped.abort(new Error('the test is over'));
  rmSync(scratch, { recursive: true, force: true });
  console.log(
    `# detection power: ${score.caught} of ${score.impostors} impostors caught, ${score.falseAlarms} false alarms in ${score.conformers} conformer runs; ${score.again + selfTest.again()} were judged again, being inconclusive`,
  );
});

/** A machine that is too busy to tell gives inconclusive: asked again, a little. What was decided stays decided. */
async function decided(
  id: string,
  only: string | undefined,
  options: Pick<RunOptions, 'plan' | 'on'>,
): Promise<Report> {
  for (let attempt = 1; ; attempt++) {
    const { report } = await runPlan({
      ...options,
      chosen: chooseClauses(only),
      seed: 1,
      command: `gate of ${id}`,
      out: join(scratch, `${id}-${attempt}`),
      signal: AbortSignal.timeout(120_000),
      steps: silent,
    });
    if (report.verdict !== 'inconclusive' || attempt === attempts) return report;
    score.again++;
  }
}

/** Nothing was found against a conformer. */
function assertRight(report: Report): void {
  score.conformers++;
  const wrong = report.clauses
    .filter(({ verdict }) => !['pass', 'skipped', 'deviation'].includes(verdict))
    .map((clause) => `${clause.id}: ${clause.verdict}: ${clause.reason}`);
  if (wrong.length > 0) score.falseAlarms++;
  assert.deepEqual(wrong, [], report.troubles.map(({ message }) => message).join('; '));
  assert.equal(report.verdict, 'pass');
}

await t.test('impostors', async (t) => {
  await t.test('each clause has one', async (t) => {
    const broken = new Set(impostors.map(({ breaks }) => breaks));
    t.strictSame(
      clauses.map(({ id }) => id).filter((id) => !broken.has(id)),
      [],
    );
    const ids = new Set(clauses.map(({ id }) => id));
    t.strictSame(
      [...broken].filter((id) => !ids.has(id)),
      [],
    );
  });

  for (const { id, title, breaks, reason, verdict = 'fail' } of chosen) {
    await t.test(`${breaks}: ${id}: ${title}`, async (t) => {
      score.impostors++;
      const judged = await selfTest.impostors.get(id)!;
      const said = `${judged.verdict}: ${judged.reason}`;
      const right = [
        t.equal(judged.verdict, verdict, said),
        t.match(judged.reason, reason),
        t.equal(judged.ofRun, verdict, said),
      ];
      if (right.every(Boolean)) score.caught++;
    });
  }
});

await t.test('conformers', async (t) => {
  for (const [batch, report] of selfTest.rightNodes) {
    await t.test(`nothing fails the right node beside the impostors of ${batch}`, async (t) => {
      await t.resolves(async () => assertRight(await report));
    });
  }

  const others = [
    {
      ...{ id: 'tokens-right', title: 'a right issuer of join tokens', only: 'tokens/*' },
      on: { open: ({ recorder }) => startIssuer(rightIssuer, recorder), note: {} },
    },
    {
      ...{ id: 'spire-port-right', title: 'a port that keeps the promise of require_pq_kem' },
      only: 'mesh/planes/require-pq-kem,mesh/planes/spire-server',
      on: { open: () => startRightPort(), note: {} },
    },
  ] as const satisfies readonly { id: string; title: string; only: string; on: RunOptions['on'] }[];
  for (const { id, title, only, on } of others.filter(isWanted)) {
    await t.test(`nothing fails ${id}: ${title}`, async (t) => {
      const report = await decided(id, only, { plan: gatePlan(), on });
      assertRight(report);
      t.ok(report.clauses.every(({ verdict }) => verdict === 'pass'));
    });
  }

  for (const { id, title, tool } of conformers.filter(isWanted)) {
    await t.test(`nothing fails ${id}: ${title}`, async (t) => {
      const tools = tool === undefined ? undefined : await locateTools([tool], { onProgress: () => {} });
      const node = tools && { command: [tools[tool!].path], implementation: title };
      await t.resolves(async () => assertRight(await decided(id, undefined, { plan: gatePlan(node), on: 'process' })));
    });
  }
});
