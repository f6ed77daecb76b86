import { join } from 'node:path';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import type { Run } from '../fixtures/run/run.ts';
import { withRun } from '../fixtures/run/with-run.ts';
import { watchPrograms, type WatchedRuntime } from '../fixtures/runtime/watched.ts';
import { startMesh, type Mesh } from '../fixtures/target/mesh.ts';
import type { MeshSpec, MeshTools } from '../fixtures/target/mesh-spec.ts';
import { locateMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { version } from '../src/version.ts';
import { startRuntime } from './start-runtime.ts';
import { meshTitle, type Steps } from './steps.ts';

/** A mesh that is wanted to work with: nothing on it is judged. */
export interface WantedMesh {
  readonly spec: MeshSpec;
  /** The runtime's name. */
  readonly on: string;
  /** Of the logs, and of a history without verdicts; reports/out/<run id> when absent. */
  readonly out?: string;
  /** Who asked for it, for the history. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly steps: Steps;
  /** Hears of a program that ends before it was asked to. */
  readonly warn: (message: string) => void;
}

/** A mesh that stands for as long as the work on it goes on, and what it runs on. */
export interface Workplace {
  readonly mesh: Mesh;
  readonly run: Run;
  readonly runtime: WatchedRuntime;
  readonly tools: MeshTools;
  readonly directory: string;
}

/**
 * Stands up a mesh for `work`, and takes it down after that.
 *
 * @throws what kept it from standing, and what `work` throws
 */
export async function withMesh<T>(
  { spec, on, out, command, signal, steps, warn }: WantedMesh,
  work: (place: Workplace) => Promise<T>,
): Promise<T> {
  const id = newRunId(new Date());
  const directory = out ?? join('reports', 'out', id);
  const recorder = openRecorder(directory);
  try {
    const tools = await steps.step('toolchain', 'Toolchain', (say) => locateMeshTools({ say, signal }));
    recorder.record({
      kind: 'run-started',
      id,
      command,
      // A first run builds its programs: that is no part of its timeline.
      startedAt: recorder.startClock().toISOString(),
      seed: 0,
      runtime: on,
      versions: { assay: version, node: process.versions.node, ...tools.versions },
      target: { kind: 'stood up by Assay', trustDomain: spec.trustDomain },
      clauses: [],
    });
    return await withRun({ id, directory, recorder, signal, runtime: on }, async (run) => {
      await using runtime = watchPrograms(await startRuntime(on, run, tools.paths, steps), warn);
      await using mesh = await steps.step('mesh', meshTitle(spec), () => startMesh(run, runtime, tools.paths, spec));
      return await work({ mesh, run, runtime, tools: tools.paths, directory });
    });
  } finally {
    if (recorder.history.length > 0) {
      recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString() });
      recorder.close();
    } else recorder.discard();
  }
}
