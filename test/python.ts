import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { project } from './cli-run.ts';

const run = promisify(execFile);

/** Runs python3 with these packages in a folder, and gives what it says. */
export type Python = (cwd: string, ...args: readonly string[]) => Promise<string>;

/**
 * Packages from PyPI that somebody else wrote to check what we write, installed below node_modules where they are not there yet, which takes some
 * seconds. Nothing else of the machine is changed.
 *
 * @param requirements - each with its exact version, as `name==1.2.3`
 * @returns why they cannot be had, where they cannot
 */
export async function pythonWith(requirements: readonly string[]): Promise<Python | { readonly lacks: string }> {
  const name = createHash('sha256').update(requirements.join(' ')).digest('hex').slice(0, 16);
  const packages = join(project, 'node_modules', '.cache', 'python', name);
  const lacks = existsSync(packages) ? undefined : await install(requirements, packages);
  if (lacks !== undefined) return { lacks };
  const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' };
  return async (cwd, ...args) => {
    const { stdout, stderr } = await run('python3', args, { cwd, env });
    return `${stdout}${stderr}`;
  };
}

async function install(requirements: readonly string[], packages: string): Promise<string | undefined> {
  const told = requirements.join(', ');
  if (process.env.ASSAY_NO_FETCH === '1') return `ASSAY_NO_FETCH is set, and ${told} is not in ${packages}`;
  try {
    await run('python3', ['-m', 'pip', '--version']);
  } catch {
    return 'needs python3 with pip';
  }
  await mkdir(dirname(packages), { recursive: true });
  const half = await mkdtemp(`${packages}-`);
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-input', '--target', half, ...requirements]);
    await rename(half, packages);
    return undefined;
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    // Another test may have been the first to bring it.
    if (existsSync(packages)) return undefined;
    return `pip could not install ${told}: ${String((error as { stderr?: unknown }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
}
