import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { chooseClauses } from '../cli/gate/plan.ts';
import { runGate, type GateOptions } from '../cli/gate/run-gate.ts';
import { silent } from '../cli/gate/steps.ts';
import { impostors } from '../fixtures/impostors/catalogue.ts';
import { conformers } from '../fixtures/impostors/conformers.ts';
import { commandOf, type Impostor } from '../fixtures/impostors/impostor.ts';
import { locateTools } from '../fixtures/toolchain.ts';
import { clauses } from '../src/clauses/catalogue.ts';
import type { Report } from '../src/report.ts';

const scratch = mkdtempSync(join(tmpdir(), 'assay-impostors-'));
const score = { caught: 0, impostors: 0, falseAlarms: 0, conformers: 0 };
after(() => {
  rmSync(scratch, { recursive: true, force: true });
  console.log(`# detection power: ${score.caught} of ${score.impostors} impostors caught, ${score.falseAlarms} false alarms in ${score.conformers} conformer runs`);
});

// One or several by name, for whoever works on them: ASSAY_IMPOSTORS=pin,svid-leeway
const wanted = process.env.ASSAY_IMPOSTORS?.split(',');
const isWanted = (id: string) => wanted === undefined || wanted.some((name) => id.startsWith(name));

async function gate(id: string, only: string | undefined, options: Partial<GateOptions>): Promise<Report> {
  const { report } = await runGate({
    runtime: 'process', seed: 1, chosen: chooseClauses(only), command: `gate of ${id}`, out: join(scratch, id), signal: AbortSignal.timeout(120_000), steps: silent, ...options,
  });
  return report;
}

async function judge(impostor: Impostor): Promise<Report> {
  switch (impostor.kind) {
    case 'node':
      return gate(impostor.id, impostor.breaks, { nodeUnderTest: { command: commandOf(impostor), implementation: impostor.id, ...(impostor.everywhere && { everywhere: true }) } });
    case 'program':
      return gate(impostor.id, impostor.breaks, { nodeUnderTest: { command: commandOf(impostor), implementation: impostor.id } });
    case 'deployment':
      return gate(impostor.id, impostor.breaks, { deployment: impostor.deployment });
    default:
      throw new TypeError('later');
  }
}

describe('impostors', () => {
  test('each clause has one', () => {
    const broken = new Set(impostors.map(({ breaks }) => breaks));
    assert.deepEqual(clauses.map(({ id }) => id).filter((id) => !broken.has(id)), []);
    const ids = new Set(clauses.map(({ id }) => id));
    assert.deepEqual([...broken].filter((id) => !ids.has(id)), []);
  });

  for (const impostor of impostors.filter(({ id }) => isWanted(id))) {
    const { id, title, breaks, reason, verdict = 'fail' } = impostor;
    test(`${breaks}: ${id}: ${title}`, async () => {
      score.impostors++;
      const report = await judge(impostor);
      const clause = report.clauses.find((one) => one.id === breaks);
      const said = `${clause?.verdict}: ${clause?.reason}`;
      assert.equal(clause?.verdict, verdict, said);
      assert.match(clause.reason, reason);
      assert.equal(report.verdict, verdict, said);
      score.caught++;
    });
  }
});

describe('conformers', () => {
  for (const { id, title, tool } of conformers.filter((conformer) => isWanted(conformer.id))) {
    test(`nothing fails ${id}: ${title}`, async () => {
      score.conformers++;
      const tools = tool === undefined ? undefined : await locateTools([tool], { onProgress: () => {} });
      const report = await gate(id, undefined, tools === undefined ? {} : { nodeUnderTest: { command: [tools[tool!].path], implementation: title } });
      const wrong = report.clauses.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped').map((clause) => `${clause.id}: ${clause.verdict}: ${clause.reason}`);
      if (wrong.length > 0) score.falseAlarms++;
      assert.deepEqual(wrong, [], report.troubles.map(({ message }) => message).join('; '));
      assert.equal(report.verdict, 'pass');
    });
  }
});
