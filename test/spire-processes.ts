import { mkdirSync } from 'node:fs';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { closeRun, openRun, type Run } from '../fixtures/run/run.ts';
import { startProcessRuntime } from '../fixtures/runtime/process/process.ts';

/** Where a test starts a real SPIRE, as processes. Disposing ends them; what they wrote stays in `out`. */
export function startProcesses(out: string): ReturnType<typeof startProcessRuntime> & { readonly run: Run } {
  mkdirSync(out, { recursive: true });
  const recorder = openRecorder(out);
  const run = openRun(newRunId(new Date()), out, recorder, new AbortController().signal);
  const runtime = startProcessRuntime(run);
  return {
    ...runtime,
    run,
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      recorder.close();
      closeRun(run);
    },
  };
}

/** A server that is asked little, and is quick to hand out what is registered. */
export const usualServer = {
  ...{ trustDomain: 'x0tta6bl4.mesh', agentTtlSeconds: 3_600, cacheReloadMs: 200 },
  ...{ requirePqKem: false, auditLog: false },
} as const;
