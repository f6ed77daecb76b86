import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readAcceptFile } from './accept-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-accept-'));
t.after(() => rmSync(folder, { recursive: true }));
const read = (text: string) => {
  const path = join(folder, 'accepted.yaml');
  writeFileSync(path, text);
  return readAcceptFile(path);
};
const line = (change: string) => `accept:\n  - clause: mesh/pinning/case\n    reason: r\n    owner: o\n    ${change}\n`;

await t.test('the file that the README shows is one', async (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [shown] = /(?<=```yaml\n)accept:.*?(?=```)/s.exec(readme)!;
  t.match(read(shown), [
    { kind: 'accepted', clause: 'mesh/pinning/case', until: '2027-05-31', sha256: /^[0-9a-f]{64}$/ },
  ]);
});

await t.test('a day in quotes and a plain one are the same, and one that there is not is none', async (t) => {
  t.match(read(line('until: 2027-02-28')), [{ until: '2027-02-28' }]);
  t.match(read(line("until: '2027-02-28'")), [{ until: '2027-02-28' }]);
  t.throws(() => read(line('until: 2027-02-31')), /accepted\.yaml:5: accept\[0\]\.until: "2027-02-31" is no day/);
});

await t.test('nothing accepted is nothing wrong', async (t) => t.strictSame(read('accept: []\n'), []));

await t.test('what is wrong is told by file, line and key, and not without end', async (t) => {
  t.throws(
    () => read(line('utnil: 2027-02-28')),
    /accepted\.yaml:5: accept\[0\]\.utnil: unknown key; known here are clause/,
  );
  const twice = `${line('until: 2027-02-28')}${line('until: 2027-02-28').replace('accept:\n', '')}`;
  t.throws(
    () => read(twice),
    /accepted\.yaml:6: accept\[1\]\.clause: mesh\/pinning\/case is accepted by accept\[0\] already/,
  );
  t.throws(() => read(`accept:\n${'  - {}\n'.repeat(500)}`), /\nand 1980 more$/);
  t.throws(() => read('"\\e[2Jx": 1\n'), { message: /^[^\u001b]*$/ });
});
