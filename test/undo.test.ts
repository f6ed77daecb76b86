import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { noteUndo, undoAllOf, undosOf } from '../fixtures/run/guardian/undo.ts';
import { newRunId } from '../fixtures/run/run-id.ts';

const dir = mkdtempSync(join(tmpdir(), 'undo-test-'));
t.teardown(() => rmSync(dir, { recursive: true }));

/** A run that is dead, with a scratch directory of its own. */
function dead(t: { teardown(end: () => void): void }): string {
  const run = newRunId(new Date());
  const scratch = join(tmpdir(), `assay-${run}`);
  mkdirSync(scratch, { mode: 0o700 });
  t.teardown(() => rmSync(scratch, { recursive: true, force: true }));
  return run;
}

await t.test('what a dead run did is undone, once, and where it was noted', async (t) => {
  const run = dead(t);
  const at = join(dir, 'said');
  noteUndo(run, 'a.mesh', ['sh', '-c', `pwd >> ${at}`]);
  t.match(undosOf(run), [{ of: 'a.mesh', cwd: process.cwd() }]);
  t.equal(undoAllOf(run), true);
  t.equal(readFileSync(at, 'utf8'), `${process.cwd()}\n`);
  t.equal(undoAllOf(run), true);
  t.equal(readFileSync(at, 'utf8'), `${process.cwd()}\n`, 'and not again');
});

await t.test('what could not be undone stays for the next who tries', async (t) => {
  const run = dead(t);
  const at = join(dir, 'mended');
  noteUndo(run, 'a.mesh', ['test', '-e', at]);
  t.equal(undoAllOf(run), false);
  t.equal(undosOf(run).length, 1);
  mkdirSync(at);
  t.equal(undoAllOf(run), true);
  t.strictSame(undosOf(run), []);
});

await t.test("what was undone by the run itself is nobody else's", async (t) => {
  const run = dead(t);
  const undone = noteUndo(run, 'a.mesh', ['false']);
  undone();
  t.equal(undoAllOf(run), true);
});

await t.test('nothing is run that others may have written', async (t) => {
  const run = dead(t);
  const at = join(dir, 'intruded');
  noteUndo(run, 'a.mesh', ['touch', at]);
  chmodSync(join(tmpdir(), `assay-${run}`, 'undo'), 0o777);
  t.equal(undoAllOf(run), true);
  t.equal(existsSync(at), false);
});
