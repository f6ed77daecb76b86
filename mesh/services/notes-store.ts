import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Note } from './notes.ts';

/** Notes in a file of SQLite. */
export interface NotesStore extends Disposable {
  /** The newest hundred, newest first. */
  list(): Note[];
  /** It is on the disk when this returns. */
  add(text: string, at: Date): Note;
}

const mostListed = 100;

/**
 * Opens it, and makes it where it is not there, for its owner alone.
 *
 * @param mostKept - where there are more, the oldest give way: this is no archive
 * @throws Error where that cannot be, as where it is another kind of file
 */
export function openNotes(file: string, mostKept = 1_000): NotesStore {
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA busy_timeout = 2000;
      CREATE TABLE IF NOT EXISTS notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL CHECK (length(text) BETWEEN 1 AND 280),
        at TEXT NOT NULL
      ) STRICT;
    `);
  } catch (error) {
    database.close();
    throw new Error(`${file}: cannot be used for notes: ${(error as Error).message}`, { cause: error });
  }
  const insert = database.prepare('INSERT INTO notes (text, at) VALUES (?, ?) RETURNING id, text, at');
  const prune = database.prepare('DELETE FROM notes WHERE id <= ?');
  const newest = database.prepare('SELECT id, text, at FROM notes ORDER BY id DESC LIMIT ?');
  return {
    list: () => newest.all(mostListed).map(noteOf),
    add(text, at) {
      // `get` leaves a statement before its end, where SQLite commits, and says nothing of a disk that is full then.
      const note = noteOf(insert.all(text, at.toISOString())[0]!);
      prune.run(note.id - mostKept);
      return note;
    },
    [Symbol.dispose]: () => database.close(),
  };
}

function noteOf({ id, text, at }: Record<string, unknown>): Note {
  return { id: Number(id), text: String(text), at: String(at) };
}
