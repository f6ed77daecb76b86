import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { openNotes } from './notes-store.ts';
import { checkedText, mostCharacters } from './notes.ts';

const directory = mkdtempSync(join(tmpdir(), 'assay-notes-'));
t.after(() => rmSync(directory, { recursive: true }));

await t.test('what is no note is refused with the reason', async (t) => {
  for (const [body, reason] of [
    [undefined, /wants a text/],
    [null, /wants a text/],
    [{ text: 7 }, /wants a text/],
    [{ text: ' \t ' }, /at least one character/],
    [{ text: 'x'.repeat(mostCharacters + 1) }, /at most 280 characters, and this one has 281/],
    [{ text: 'two\nlines' }, /one line/],
    [{ text: 'half a pair \ud800' }, /one line/],
  ] as const)
    t.throws(() => checkedText(body), { name: 'RequestError', status: 400, message: reason });
  t.equal(checkedText({ text: '  a note ' }), 'a note');
  t.equal(checkedText({ text: '😀'.repeat(mostCharacters) }).length, 2 * mostCharacters);
});

await t.test('notes are there again when the file is opened again, newest first, whatever is in them', async (t) => {
  const file = join(directory, 'notes.sqlite');
  const texts = ['first', `'); DROP TABLE notes; --`, '😀'.repeat(mostCharacters)];
  {
    using notes = openNotes(file);
    for (const [at, text] of texts.entries()) t.strictSame(notes.add(text, new Date(at)).id, at + 1);
  }
  using notes = openNotes(file);
  t.strictSame(
    notes.list().map(({ text }) => text),
    texts.toReversed(),
  );
  t.equal(notes.list()[2]!.at, '1970-01-01T00:00:00.000Z');
  t.equal(statSync(file).mode & 0o077, 0, 'for its owner alone');
  t.throws(() => notes.add('', new Date()), /CHECK/);
});

await t.test('the oldest give way', async (t) => {
  using notes = openNotes(join(directory, 'many.sqlite'), 3);
  for (const text of ['1', '2', '3', '4', '5']) notes.add(text, new Date(0));
  t.strictSame(
    notes.list().map(({ text }) => text),
    ['5', '4', '3'],
  );
});

await t.test('a note that could not be committed is not told as kept', async (t) => {
  const file = join(directory, 'uncommitted.sqlite');
  {
    // What fails as late as a disk that is full does, when the row has been handed out already.
    using database = new DatabaseSync(file);
    database.exec(`
      CREATE TABLE others (id INTEGER PRIMARY KEY);
      CREATE TABLE notes (
        id INTEGER PRIMARY KEY, at TEXT, text TEXT,
        other INTEGER DEFAULT 1 REFERENCES others (id) DEFERRABLE INITIALLY DEFERRED
      );
    `);
  }
  using notes = openNotes(file);
  t.throws(() => notes.add('lost', new Date()), /FOREIGN KEY/);
  t.strictSame(notes.list(), []);
});

await t.test('a file of another kind stays as it is', async (t) => {
  const file = join(directory, 'letter.txt');
  writeFileSync(file, 'Dear all, this is long enough to be something else than a database.'.repeat(20));
  t.throws(() => openNotes(file), /letter\.txt: cannot be used for notes: file is not a database/);
});
