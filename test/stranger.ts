import assert from 'node:assert/strict';
import { execFile, type ExecFileException } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { gateToolNames } from '../fixtures/toolchain/programs.ts';
import { project } from './cli-run.ts';

// What somebody does who has not this repository: a package is packed and installed, with the npm and the Node of the machine.

/** What came of a command. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  /** All of it, for a message. */
  readonly said: string;
}

// What npm and tap set for a script of ours, a stranger has not; how the machine reaches a registry, everybody has.
const ofOurs = /^(npm_|NODE|INIT_CWD|TAP)/i;
const ofTheMachine = /^npm_config_(registry|cache|userconfig|(https?_)?proxy|noproxy|cafile)$/i;
const packages = join(project, 'node_modules');
const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.startsWith(packages));
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !ofOurs.test(key) || ofTheMachine.test(key))),
  ...{ PATH: path.join(delimiter), NO_COLOR: '1' },
};

/** Runs a command as a stranger would. Never rejects for its exit code, which is -1 where it had none. */
export function asStranger(cwd: string, words: readonly string[], withinMs = 600_000): Promise<Answer> {
  const [command = '', ...args] = words;
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: withinMs, maxBuffer: 2 ** 27 };
    execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, said: `${words.join(' ')}: exit ${code}\n${stderr}\n${stdout.slice(-4_000)}` });
    });
  });
}

export const assertCode = (ended: Answer, code: number): void => assert.equal(ended.code, code, ended.said);

/** Packs this checkout and gives the tarball. What it builds and runs is found or built before: what a stranger waits for there is no build. */
export async function packAssay(into: string): Promise<string> {
  await locateTools(gateToolNames, { onProgress() {} });
  const packed = await asStranger(project, ['npm', 'pack', '--silent', '--pack-destination', into]);
  assertCode(packed, 0);
  return join(into, packed.stdout.trim().split('\n').at(-1)!);
}

/** Installs tarballs in an empty folder. Gives why not, where nothing of a registry can be had. */
export async function installIn(folder: string, tarballs: readonly string[]): Promise<string | false> {
  mkdirSync(folder);
  const words = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs];
  const installed = await asStranger(folder, words);
  const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.exec(installed.said)?.[0];
  if (installed.code !== 0 && unreachable !== undefined) return `no registry can be reached (${unreachable})`;
  assertCode(installed, 0);
  return false;
}
