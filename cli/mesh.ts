import { join, relative, resolve } from 'node:path';
import { withMesh, type Workplace } from '../engine/with-mesh.ts';
import { meshTitle } from '../engine/steps.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import { startMeshHost, type MeshHost } from '../fixtures/spire/mesh-host.ts';
import type { Mesh } from '../fixtures/target/mesh.ts';
import { meshToWorkWith } from '../plans/mesh-to-work-with.ts';
import { exitCodes } from './exit-codes.ts';
import { checkTargetPath, targetText, writeTargetFile } from './mesh/target-file.ts';
import { aborted, abortOnSignals } from './signals.ts';
import { terminalSteps } from './terminal-steps.ts';

/** The flags of `assay mesh up`. */
export interface MeshUpFlags {
  /** Where the target file goes. */
  readonly target: string;
  readonly out?: string;
}

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
  const spec = meshToWorkWith();
  const steps = terminalSteps(
    [
      ['toolchain', 'Toolchain'],
      ['mesh', meshTitle(spec)],
      ['probe', probeTitle],
    ],
    signal,
  );
  let up = false;
  try {
    const wanted = {
      ...{ spec, on: defaultRuntime, command: 'assay mesh up', signal, steps },
      ...(out !== undefined && { out }),
      warn: (message: string) => process.stderr.write(`! ${message}\n`),
    };
    await withMesh(wanted, async (place) => {
      const { mesh, runtime, directory } = place;
      await using probe = await steps.step('probe', probeTitle, () => startProbe(place));
      signal.throwIfAborted();
      using _file = writeTargetFile(path, targetText(mesh, probe.agent.socketPath));
      await steps.finish();
      up = true;
      process.stdout.write(handover(mesh, path, directory));
      await aborted(signal);
      runtime.expectEnd();
    });
    return exitCodes.pass;
  } catch (error) {
    if (signal.aborted && !up) return exitCodes.aborted;
    throw error;
  } finally {
    await steps.finish();
  }
}

const probeTitle = 'An agent for the harness itself';

async function startProbe({ mesh, run, runtime, tools }: Workplace): Promise<MeshHost> {
  await using starting = new AsyncDisposableStack();
  const { spec } = mesh;
  const host = starting.use(
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
  await host.view.until(
    'SVID of the probe delivered',
    ({ leaf }) => leaf !== undefined,
    spec.cacheReloadMs + 2 * spec.syncIntervalMs + 30_000,
    run.signal,
  );
  starting.move();
  return host;
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
