import { startService, type Service, type ServiceOptions } from './service.ts';
import { startWeb } from './web.ts';

/** The service that people use. */
export interface Frontend extends Service {
  /** host:port of its page. */
  readonly webAddress: string;
}

/**
 * Starts the service that people use: a page on plain HTTP, for this host alone, with the notes that api keeps. It rests on backend.
 *
 * @param at - host:port of backend, and of the page
 */
export async function startFrontend(
  options: ServiceOptions,
  at: { readonly backend: string; readonly web: string },
): Promise<Frontend> {
  let webAddress = '';
  const service = await startService(options, {
    name: 'frontend',
    calls: { spiffeId: `spiffe://${options.trustDomain}/backend`, address: at.backend, withinMs: 3_000 },
    routes: () => ({}),
    async opens(opened) {
      const web = await startWeb(opened, at.web, options.log);
      webAddress = web.address;
      return web;
    },
  });
  return { ...service, webAddress };
}
