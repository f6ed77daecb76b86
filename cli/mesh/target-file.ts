import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { messageOf, UsageError } from '../../src/errors.ts';
import { ownerOf } from '../../fixtures/run/guardian/leftovers.ts';
import type { Mesh } from '../../fixtures/target/mesh.ts';

const mark = /^# Written by assay mesh up, process (\d+:\d+)\./;

/**
 * Whether a target file may be written there.
 *
 * @throws UsageError when there is a file that `assay mesh up` did not write, or whose mesh is still up
 */
export function checkTargetPath(path: string): 'absent' | 'left behind' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw new UsageError(`--target ${path}: cannot be looked at: ${messageOf(error)}`);
  }
  const owner = mark.exec(text)?.[1];
  if (owner === undefined)
    throw new UsageError(
      `--target ${path}: there is a file that assay mesh up did not write, so it stays as it is; name another with --target FILE`,
    );
  const pid = owner.split(':')[0]!;
  if (ownerOf(pid) === owner)
    throw new UsageError(
      `--target ${path}: belongs to a mesh that is up (process ${pid}); stop that with kill ${pid}, or name another with --target FILE`,
    );
  return 'left behind';
}

/**
 * Writes the target file in one step; disposing removes it, unless somebody changed it meanwhile.
 *
 * @throws UsageError as `checkTargetPath`
 */
export function writeTargetFile(path: string, content: string): Disposable {
  const text = `# Written by assay mesh up, process ${ownerOf(process.pid) ?? '0:0'}. It goes when that mesh does.\n${content}`;
  const draft = `${path}.${process.pid}.draft`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, text, { flag: 'wx' });
    // A link fails where something came to be since we looked; a rename would replace it.
    if (checkTargetPath(path) === 'absent') linkSync(draft, path);
    else renameSync(draft, path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--target ${path}: cannot be written: ${messageOf(error)}`);
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    [Symbol.dispose]() {
      try {
        if (readFileSync(path, 'utf8') === text) rmSync(path);
        else process.stderr.write(`${path} was changed meanwhile and stays; the mesh that it names is gone\n`);
      } catch {
        /* somebody removed it */
      }
    },
  };
}

/** The mesh as a target file says it. */
export function targetText(mesh: Mesh, workloadApi: string): string {
  const { trustDomain, nodes, spire } = mesh;
  return stringify(
    {
      trustDomain,
      workloadApi: `unix://${workloadApi}`,
      spireServer: {
        address: spire.host.address('api'),
        admin: `unix://${spire.host.dir}/api.sock`,
        bundleEndpoint: { address: spire.host.address('bundle'), profile: 'https_spiffe' },
      },
      nodes: nodes.map(({ name, address, spiffeId, allows }) => ({ name, address, spiffeId, allows })),
      allow: { faults: [], write: false },
    },
    { lineWidth: 0 },
  );
}
