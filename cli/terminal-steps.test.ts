import t from 'tap';
import { terminalSteps } from './terminal-steps.ts';

/** What stands on standard error of a run that is nobody's terminal, without its times. */
async function told(stopped: boolean, work: () => Promise<void>): Promise<string[]> {
  const stopping = new AbortController();
  const lines: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: string | Uint8Array) => lines.push(String(text)) > 0;
  try {
    const steps = terminalSteps([['one', 'One']], stopping.signal);
    if (stopped) stopping.abort(new Error('stopped by SIGINT'));
    await steps.step('one', 'One', work).catch(() => undefined);
    await steps.finish();
  } finally {
    process.stderr.write = write;
  }
  return lines.map((line) => line.trim().replaceAll(/\d+\.\d s/g, 'N s'));
}
const fails = () => Promise.reject(new SuppressedError(new Error('a'), new Error('b')));

await t.test('a step that ran bears no mark of what held', async (t) => {
  t.strictSame(await told(false, () => Promise.resolve()), ['N s  • One (N s)']);
});

await t.test('a step that threw has failed, and one that a person stopped was stopped', async (t) => {
  t.strictSame(await told(false, fails), ['N s  ✘ One']);
  t.strictSame(await told(true, fails), ['N s  - One: stopped']);
});
