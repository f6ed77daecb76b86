import { once } from 'node:events';
import { join, relative, resolve } from 'node:path';
import { startMesh, type Mesh } from '../fixtures/target/mesh.ts';
import type { MeshSpec, MeshTools } from '../fixtures/target/mesh-spec.ts';
import { startMeshHost } from '../fixtures/spire/mesh-host.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId, type Run } from '../fixtures/run/run.ts';
import type { Runtime } from '../fixtures/runtime/runtime.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { watchPrograms } from '../fixtures/runtime/watched.ts';
import { locateMeshTools } from '../fixtures/toolchain/mesh-tools.ts';
import { withRun } from '../fixtures/run/with-run.ts';
import { exitCodes } from './exit-codes.ts';
import { meshSpecs } from '../plans/meshes.ts';
import { startRuntime } from '../engine/start-runtime.ts';
import type { Steps } from '../engine/steps.ts';
import { terminalSteps } from './terminal-steps.ts';
import { checkTargetPath, targetText, writeTargetFile } from './mesh/target-file.ts';
import { abortOnSignals } from './signals.ts';

/** The flags of `assay mesh up`. */
export interface MeshUpFlags {
  /** Where the target file goes. */
  readonly target: string;
  readonly out?: string;
}

// SVIDs live as long as SPIRE's own default, so that there is time to look at things.
const spec: MeshSpec = {
  ...meshSpecs(undefined, {}).steady,
  name: 'mesh',
  svidTtlSeconds: 3600,
  syncIntervalMs: 1_000,
  uptakeMs: 2_000,
  cacheReloadMs: 1_000,
};

/**
 * `assay mesh up`: a mesh of processes to work with, and a target file for it, until Ctrl-C or SIGTERM.
 *
 * @throws UsageError when the target file would take the place of somebody else's
 */
export async function meshUpCommand({ target, out }: MeshUpFlags): Promise<number> {
  const path = resolve(target);
  checkTargetPath(path);
  using stopping = abortOnSignals('taking the mesh down; once more to leave at once');
  const { signal } = stopping;
  const steps = terminalSteps(
    [
      ['toolchain', 'Toolchain'],
      ['mesh', title],
      ['probe', probeTitle],
    ],
    signal,
  );
  const id = newRunId(new Date());
  const directory = out ?? join('reports', 'out', id);
  const recorder = openRecorder(directory);
  let up = false;
  try {
    const tools = await steps.step('toolchain', 'Toolchain', (say) => locateMeshTools({ say, signal }));
    recorder.record({
      kind: 'run-started',
      id,
      command: 'assay mesh up',
      // A first run builds its programs: that is no part of its timeline.
      startedAt: recorder.startClock().toISOString(),
      seed: 0,
      runtime: defaultRuntime,
      versions: { node: process.versions.node, ...tools.versions },
      target: { kind: 'stood up by Assay', trustDomain: spec.trustDomain },
      clauses: [],
    });
    await withRun({ id, directory, recorder, signal, runtime: defaultRuntime }, async (run) => {
      const started = await startRuntime(defaultRuntime, run, tools.paths, steps);
      await using runtime = watchPrograms(started, (message) => process.stderr.write(`! ${message}\n`));
      await using standing = await standUp(run, runtime, tools.paths, steps);
      signal.throwIfAborted();
      using _file = writeTargetFile(path, targetText(standing.mesh, standing.workloadApi));
      await steps.finish();
      up = true;
      process.stdout.write(handover(standing.mesh, path, directory));
      await aborted(signal);
      runtime.expectEnd();
    });
    return exitCodes.pass;
  } catch (error) {
    if (signal.aborted && !up) return exitCodes.aborted;
    throw error;
  } finally {
    await steps.finish();
    if (recorder.history.length > 0) {
      recorder.record({ kind: 'run-ended', endedAt: new Date().toISOString() });
      recorder.close();
    } else recorder.discard();
  }
}

const title = `SPIRE and ${spec.nodes.length} nodes with an agent each`;
const probeTitle = 'An agent for the harness itself';

async function standUp(
  run: Run,
  runtime: Runtime,
  tools: MeshTools,
  steps: Steps,
): Promise<AsyncDisposable & { readonly mesh: Mesh; readonly workloadApi: string }> {
  await using starting = new AsyncDisposableStack();
  const { signal } = run;
  const mesh = starting.use(await steps.step('mesh', title, () => startMesh(run, runtime, tools, spec)));
  const workloadApi = await steps.step('probe', probeTitle, async () => {
    const { agent, view } = starting.use(
      await startMeshHost({
        ...spec,
        run,
        runtime,
        spire: mesh.spire,
        spireAgent: tools.spireAgent,
        bootstrapBundlePem: (await mesh.authorities()).join(''),
        name: 'probe',
        ports: [],
        service: mesh.probeIds.own.slice(`spiffe://${spec.trustDomain}/service/`.length),
        federatesWith: [],
        serverAddress: mesh.spire.host.peerAddress('api'),
      }),
    );
    await view.until(
      'SVID of the probe delivered',
      ({ leaf }) => leaf !== undefined,
      spec.cacheReloadMs + 2 * spec.syncIntervalMs + 30_000,
      signal,
    );
    return agent.socketPath;
  });
  const owned = starting.move();
  return { mesh, workloadApi, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function handover(mesh: Mesh, path: string, directory: string): string {
  const file = relative(process.cwd(), path);
  const width = Math.max(...mesh.nodes.map(({ name }) => name.length), 'SPIRE server'.length);
  const line = (name: string, text: string) => `  ${name.padEnd(width)}  ${text}\n`;
  return `Mesh ${mesh.trustDomain} is up:
${line('SPIRE server', mesh.spire.host.address('api'))}${mesh.nodes.map(({ name, address, spiffeId }) => line(name, `${address}  ${spiffeId}`)).join('')}
${line('target file', file)}${line('logs', join(directory, 'logs'))}
Judge it with: npx assay gate --target ${file}
Ctrl-C takes it down.
`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  // A pending event keeps no process alive; the pipes of the mesh's programs do.
  if (!signal.aborted) await once(signal, 'abort');
}
