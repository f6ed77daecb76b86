import { Worker } from 'node:worker_threads';
import { messageOf } from '../src/errors.ts';
import type { RenderAnswer, RenderRequest } from '../reports/render-worker.ts';

export interface Renderer {
  /** Renders the documents of a finished run; gives their paths. @throws when they cannot be written */
  render(directory: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Loads the report formats in a thread of their own while the run goes on, so that the report is there as soon as it ends. */
export function startRenderer(): Renderer {
  const worker = new Worker(new URL('../reports/render-worker.ts', import.meta.url));
  worker.unref();
  let broken: unknown;
  worker.once('error', (error) => {
    broken = error;
  });
  return {
    render: (directory) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) {
          reject(new Error(messageOf(broken)));
          return;
        }
        worker.ref();
        worker.once('error', reject);
        worker.on('message', (answer: RenderAnswer) => {
          if (answer.state === 'ready') return;
          void worker.terminate();
          if (answer.state === 'written') resolve(answer.files.map(({ path }) => path));
          else reject(new Error(answer.message));
        });
        worker.postMessage({ directory } satisfies RenderRequest);
      }),
    stop: async () => {
      await worker.terminate();
    },
  };
}
