import { Worker } from 'node:worker_threads';
import { FixtureError, messageOf } from '../src/errors.ts';
import type { Report } from '../src/report/report.ts';
import { moduleUrl } from '../src/module-file.ts';
import { seal } from './evidence/seal.ts';
import type { Signer } from './evidence/signer.ts';
import { saveReportJson, type Written } from './render.ts';
import type { RenderAnswer, RenderRequest } from './render-worker.ts';

/** The papers of one run, for whoever runs it to write at its end. Disposing stops what stands ready for that. */
export interface Papers {
  /**
   * Writes `report.json`, of it and the `history.jsonl` that is there every format, and what vouches for all files of the run.
   *
   * @throws FixtureError that says which of them are whole, when one cannot be written
   */
  write(directory: string, report: Report): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A document that vouches with the others, by its name. */
export type Sealed = Pick<Written, 'fileName'>;

/**
 * Loads the formats in a thread of their own while the run goes on, so that its papers are there as soon as it ends.
 *
 * @param signer - who vouches for the run; where nobody does, its files are sealed all the same
 * @param print - writes a document that is no format, once all that it may be made of is there
 */
export function startPapers(
  signer?: Signer,
  print: (directory: string) => Promise<Sealed | undefined> = () => Promise.resolve(undefined),
): Papers {
  const worker = new Worker(moduleUrl('./render-worker.ts', import.meta.url));
  worker.unref();
  const broken = new AbortController();
  worker.once('error', (error) => broken.abort(new Error(messageOf(error))));
  worker.once('exit', () => broken.abort(new Error('the thread that makes the reports ended before they were made')));
  const render = (directory: string) =>
    new Promise<readonly Written[]>((resolve, reject) => {
      broken.signal.throwIfAborted();
      broken.signal.addEventListener('abort', () => reject(broken.signal.reason as Error), { once: true });
      worker.ref();
      worker.on('message', (answer: RenderAnswer) => {
        if (answer.state === 'written') resolve(answer.files);
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
      await render(directory)
        .then(async (files) => [...files, ...[(await print(directory)) ?? []].flat()])
        .then((documents) => seal(directory, { documents, signer }))
        .catch((error: unknown) => {
          throw new FixtureError(
            `${messageOf(error)}; history.jsonl and report.json are whole; once there is space, write the other reports with: assay report render ${directory}${signer === undefined ? '' : ', and sign them with assay report sign'}`,
            { cause: error },
          );
        });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
