import t from 'tap';
import { startLineProcess } from './line-process.ts';

await t.test('one whose output somebody else still holds open has ended all the same', async (t) => {
  const lines: string[] = [];
  const left = startLineProcess(['sh', '-c', 'sleep 120 & echo $!; exit 3'], (line) => lines.push(line));
  t.equal(await left.ended, 'ended with exit code 3');
  process.kill(Number(lines[0]), 'SIGKILL');
});
