import { Worker } from 'node:worker_threads';
import { FixtureError, messageOf } from '../src/errors.ts';
import type { Report } from '../src/report/report.ts';
import { saveReportJson } from './render.ts';
import type { RenderAnswer, RenderRequest } from './render-worker.ts';

/** The documents of one run, for whoever runs it to write at its end. Disposing stops what stands ready for that. */
export interface Documents extends AsyncDisposable {
  /**
   * Writes `report.json`, and of it and the `history.jsonl` that is there every format; gives the paths of the latter.
   *
   * @throws FixtureError that says which of them are whole, when one cannot be written
   */
  write(directory: string, report: Report): Promise<readonly string[]>;
}

/** Loads the formats in a thread of their own while the run goes on, so that its documents are there as soon as it ends. */
export function startDocuments(): Documents {
  const worker = new Worker(new URL('./render-worker.ts', import.meta.url));
  worker.unref();
  let broken: unknown;
  worker.once('error', (error) => {
    broken = error;
  });
  const render = (directory: string) =>
    new Promise<readonly string[]>((resolve, reject) => {
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
    });
  return {
    async write(directory, report) {
      await saveReportJson(directory, report).catch((error: unknown) => {
        throw new FixtureError(
          `${messageOf(error)}; history.jsonl is kept; free some space or choose another directory with --out`,
          { cause: error },
        );
      });
      return render(directory).catch((error: unknown) => {
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
