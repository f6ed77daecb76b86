import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { locateTools, type ToolName } from '../../fixtures/toolchain/toolchain.ts';
import { messageOf, UsageError } from '../../src/errors.ts';

/** The program that a flag names, or else that of the toolchain. @throws UsageError where what it names is none, ToolchainError where it cannot be had */
export async function programOf(flag: string, tool: ToolName, given: string | undefined): Promise<string> {
  if (given === undefined) return (await locateTools([tool], { onProgress: () => undefined }))[tool].path;
  try {
    accessSync(given, constants.X_OK);
    if (statSync(given).isFile()) return resolve(given);
  } catch (error) {
    throw new UsageError(`${flag} ${given}: ${messageOf(error)}`);
  }
  throw new UsageError(`${flag} ${given}: is no program`);
}
