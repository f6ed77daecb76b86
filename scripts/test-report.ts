// What a person reads of a test run (reporter in package.json): a line a file, and for the slow ones in test/ a line a test as it ends; what
// failed, with its diagnosis, at once and again at the end, where it is looked for; the sum.
import { Transform } from 'node:stream';
import { Parser, type Result } from 'tap-parser';
import { stringify } from 'yaml';

/** What a whole run of tap comes to: assertions, and tests skipped. */
export interface TestTotals {
  passed: number;
  failed: number;
  skipped: number;
}

/** The last line of a report, which .ci/run reads. */
function renderTotals({ passed, failed, skipped }: TestTotals, seconds: number): string {
  return `tests: ${passed} passed, ${failed} failed, ${skipped} skipped (${renderSeconds(seconds)})`;
}

function renderSeconds(seconds: number): string {
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** A reporter of tap: TAP goes in, lines for a person come out. A class, as tap makes one with `new`. */
export default class TestReport extends Transform {
  readonly #parser = new Parser();
  readonly #totals: TestTotals = { passed: 0, failed: 0, skipped: 0 };
  readonly #failures: { readonly name: string; readonly told: string }[] = [];
  readonly #startMs = performance.now();

  constructor() {
    super({ decodeStrings: false });
    this.#parser.on('child', (file: Parser) => this.#follow(file, []));
    this.#parser.on('assert', (result: Result) => this.#fileEnded(result));
    this.#parser.on('bailout', (reason: string) => this.#failed(`bailed out: ${reason}`));
  }

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.#parser.write(chunk.toString());
    done();
  }

  override _flush(done: () => void): void {
    this.#parser.end();
    if (this.#totals.passed + this.#totals.failed === 0) this.#failed('no test has run');
    if (this.#failures.length > 0) this.#say(`\nfailed:\n${this.#failures.map(({ told }) => told).join('\n')}`);
    this.#say(`\n${renderTotals(this.#totals, (performance.now() - this.#startMs) / 1000)}`);
    // Of a test without an assertion tap thinks nothing bad.
    if (this.#failures.length > 0) process.exitCode = 1;
    done();
  }

  /** Hears one file, test or subtest to its end. */
  #follow(test: Parser, within: readonly string[]): void {
    const path = [...within, test.name];
    test.on('child', (child: Parser) => this.#follow(child, path));
    test.on('assert', (result: Result) => this.#resultIn(path, result));
    test.on('complete', ({ count, plan }) => {
      if (within.length > 0 && count === 0 && !plan.skipReason)
        this.#failed([...path, 'no assertion was made'].join(' › '));
    });
  }

  #resultIn(path: readonly string[], result: Result): void {
    const isTest = result.closingTestPoint;
    if (isSkipped(result)) {
      this.#skipped([...path, result.name].join(' › '), result.skip);
      return;
    }
    if (!isTest) {
      if (result.ok || result.todo) this.#totals.passed++;
      else this.#failed([...path, result.name].join(' › '), result.diag);
      return;
    }
    // A file in test/ takes minutes: what it is at is worth a line.
    if (path[0]?.startsWith('test/')) this.#say(`${mark(result)} ${[...path, result.name].join(' › ')}${time(result)}`);
  }

  #fileEnded(result: Result): void {
    const { name, skip, ok, diag } = result;
    if (skip === 'no tests found') this.#failed(`${name} › no assertion was made`);
    else if (isSkipped(result)) this.#skipped(name, skip);
    // That one of its assertions failed has been told; that it was killed, or could not be loaded, has not.
    else if (!ok && !this.#failures.some((failure) => failure.name.startsWith(name)))
      this.#failed(`${name} › ended by ${diag?.signal ?? `exit code ${diag?.exitCode}`}`);
    else this.#say(`${mark(result)} ${name}${time(result)}`);
  }

  #skipped(name: string, why: unknown): void {
    this.#totals.skipped++;
    this.#say(`- ${name}: skipped${typeof why === 'string' ? `: ${why}` : ''}`);
  }

  #failed(name: string, diagnosis?: unknown): void {
    const why = diagnosis ? `\n${stringify(diagnosis).trimEnd().replaceAll(/^/gm, '    ')}` : '';
    const told = `✘ ${name}${why}`;
    this.#totals.failed++;
    this.#failures.push({ name, told });
    this.#say(told);
  }

  #say(line: string): void {
    this.push(`${line}\n`);
  }
}

const isSkipped = ({ skip }: Result): boolean => skip !== false && skip !== undefined;
const mark = ({ ok }: Result): string => (ok ? '✔' : '✘');
const time = ({ time: ms }: Result): string => (ms === null ? '' : ` (${renderSeconds(ms / 1000)})`);
