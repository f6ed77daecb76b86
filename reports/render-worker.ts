import { parentPort } from 'node:worker_threads';
import { preloadReports, renderReports } from './render.ts';
import type { Written } from './render.ts';

/** What the caller posts to this worker. */
export interface RenderRequest {
  readonly directory: string;
}

/** What the worker posts: once that it is warm, then one answer to each request, in order. */
export type RenderAnswer =
  | { readonly state: 'ready' }
  | { readonly state: 'written'; readonly files: readonly Written[] }
  | { readonly state: 'failed'; readonly message: string };

if (parentPort === null)
  throw new TypeError('render-worker.ts is the entry of a worker thread, and was started as a program');
const port = parentPort;
const answer = (message: RenderAnswer) => port.postMessage(message);

const warm = preloadReports();
warm.then(
  () => answer({ state: 'ready' }),
  () => undefined,
);
let queue: Promise<unknown> = warm;

port.on('message', ({ directory }: RenderRequest) => {
  queue = queue
    .catch(() => undefined)
    .then(() => renderReports(directory))
    .then(
      (files) => answer({ state: 'written', files }),
      (error: unknown) => answer({ state: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
});
