import type { Run } from '../fixtures/run/run.ts';
import type { Runtime } from '../fixtures/runtime/runtime.ts';
import { loadRuntime } from '../fixtures/runtime/runtimes.ts';
import type { MeshTools } from '../fixtures/target/mesh-spec.ts';
import { projectDir } from './project-dir.ts';
import type { Steps } from './steps.ts';

/**
 * Starts the runtime of this name, as a step of its own where that takes long.
 *
 * @throws RangeError when there is none of that name; FixtureError when this machine cannot have it
 */
export async function startRuntime(name: string, run: Run, tools: MeshTools, steps: Steps): Promise<Runtime> {
  const kind = await loadRuntime(name);
  const start = () => kind.start(run, { programs: { ...tools }, projectDir: projectDir(import.meta.filename) });
  return kind.startsAtOnce ? start() : steps.step('runtime', kind.title, start);
}
