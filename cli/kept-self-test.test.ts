import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { codeDigest } from '../engine/code-digest.ts';
import { historyOf } from '../src/checkers/history-builder.ts';
import type { Happening, SelfTestMark } from '../src/history.ts';
import { keepSelfTest, readKeptSelfTest } from './kept-self-test.ts';

const cache = mkdtempSync(join(tmpdir(), 'assay-kept-'));
t.after(() => rmSync(cache, { recursive: true, force: true }));
const env = { ASSAY_CACHE: cache };

const mark: Omit<SelfTestMark, 'state' | 'kept'> = {
  ...{ kind: 'self-test', madeAt: '2026-11-29T10:00:00.000Z', cores: 2, versions: { spire: '1.15.3' } },
  code: codeDigest(),
};
const tried: readonly Happening[] = [
  { kind: 'impostor', impostor: 'wolf', breaks: 'mesh/a/b', outcome: 'missed', said: 'pass: it held' },
  { kind: 'conformer', conformer: 'sheep', by: 'suites', outcome: 'right', said: [] },
];
await t.test('what came to its end is kept, for this code and this machine', async (t) => {
  t.equal(readKeptSelfTest(env), undefined);
  await keepSelfTest(historyOf({ ...mark, state: 'begun', kept: false }, ...tried), env);
  t.equal(readKeptSelfTest(env), undefined, 'one that never came to its end is not');
  await keepSelfTest(historyOf(...tried, { ...mark, state: 'ended', kept: true }), env);
  t.equal(readKeptSelfTest(env), undefined, 'nor is one that was kept itself: it is not of today');
  await keepSelfTest(historyOf(...tried, { ...mark, state: 'ended', kept: false, again: 2 }), env);
  t.match(readKeptSelfTest(env), { mark: { madeAt: mark.madeAt, again: 2 }, tried });
});

await t.test('a file that is none is as good as no file', async (t) => {
  const [name] = readdirSync(join(cache, 'self-test'));
  for (const text of ['', '{', '{"mark":{},"tried":[]}', '[]']) {
    writeFileSync(join(cache, 'self-test', name!), text);
    t.equal(readKeptSelfTest(env), undefined, text);
  }
});
