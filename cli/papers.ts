import { Worker } from 'node:worker_threads';
import type { Papers } from '../engine/run.ts';
import type { RenderAnswer, RenderRequest } from '../reports/render-worker.ts';
import { saveReportJson } from '../reports/render.ts';
import { FixtureError, messageOf } from '../src/errors.ts';

/** The papers of a run: report.json, and the documents made of it in a thread of their own, which loads them while the run goes on. */
export function startPapers(): Papers {
  const worker = new Worker(new URL('../reports/render-worker.ts', import.meta.url));
  worker.unref();
  let broken: unknown;
  worker.once('error', (error) => {
    broken = error;
  });
  const render = (directory: string) =>
    new Promise<void>((resolve, reject) => {
      if (broken !== undefined) {
        reject(new Error(messageOf(broken)));
        return;
      }
      worker.ref();
      worker.once('error', reject);
      worker.on('message', (answer: RenderAnswer) => {
        if (answer.state === 'written') resolve();
        else if (answer.state === 'failed') reject(new Error(answer.message));
      });
      worker.postMessage({ directory } satisfies RenderRequest);
    });
  return {
    async write(directory, report) {
      await saveReportJson(directory, report).catch((error: unknown) => {
        throw new FixtureError(
          `${messageOf(error)}; history.jsonl is kept; free some space or choose another directory with --out`,
          { cause: error },
        );
      });
      await render(directory).catch((error: unknown) => {
        throw new FixtureError(
          `${messageOf(error)}; history.jsonl and report.json are whole; once there is space, write the other reports with: assay report render ${directory}`,
          { cause: error },
        );
      });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
