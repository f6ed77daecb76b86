import { checkedText } from './notes.ts';
import { openNotes } from './notes-store.ts';
import { startService, type Service, type ServiceOptions } from './service.ts';

/** The service that keeps notes. @param file - of SQLite; it is made where it is not there */
export async function startApi(options: ServiceOptions, file: string): Promise<Service> {
  await using starting = new AsyncDisposableStack();
  const notes = starting.use(openNotes(file));
  const service = starting.use(
    await startService(options, {
      name: 'api',
      routes: () => ({
        'GET /notes': () => ({ body: { notes: notes.list() } }),
        'POST /notes': async (request) => {
          const text = checkedText(await request.json());
          return { status: 201, body: { note: notes.add(text, new Date()) } };
        },
      }),
    }),
  );
  const owned = starting.move();
  return { ...service, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
