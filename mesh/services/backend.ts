import { checkedText } from './notes.ts';
import { startService, type Service, type ServiceOptions } from './service.ts';

/** The service that frontend calls: it says what makes a note, and rests on api. @param api - host:port of it */
export function startBackend(options: ServiceOptions, api: string): Promise<Service> {
  return startService(options, {
    name: 'backend',
    calls: { spiffeId: `spiffe://${options.trustDomain}/api`, address: api, withinMs: 2_000 },
    routes: (next) => ({
      'GET /notes': async () => ({ body: await next!.body({ method: 'GET', path: '/notes' }) }),
      'POST /notes': async (request) => {
        const text = checkedText(await request.json());
        return { status: 201, body: await next!.body({ method: 'POST', path: '/notes', body: { text } }) };
      },
    }),
  });
}
