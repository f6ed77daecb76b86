import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { sweep } from '../../fixtures/toolchain/lock.ts';
import { removalsOf } from '../../mesh/install/changes.ts';
import { readManifest, removeManifest } from '../../mesh/install/manifest.ts';
import { files, manifestPath, programsIn, systemdFiles, unitName } from '../../mesh/install/places.ts';
import { inTree, refuseLinks, type Tree } from '../../mesh/install/tree.ts';
import { hasData, removeWay, uninstall } from '../../mesh/install/uninstall.ts';
import { UsageError } from '../../src/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { refuseEmpty } from './agent-flags.ts';
import { aloneIn } from './alone-in.ts';
import { doesToFile, textOfChange } from './file-changes.ts';
import type { ChangeFlags } from './install.ts';
import { ofFileSystem, treeOf } from './install-tree.ts';
import { isBooted, systemctl } from './systemd.ts';

/** The flags of `assay mesh uninstall`. */
export interface UninstallFlags extends ChangeFlags {
  /** Also what cannot be made again: the keys and the SVID of the agent. */
  readonly purge: boolean;
}

/**
 * `assay mesh uninstall`: takes away what an installation made, and nothing else.
 *
 * @throws UsageError where the agent runs, or the file system has something against it
 */
export async function uninstallCommand(flags: UninstallFlags): Promise<number> {
  refuseEmpty({ '--root': flags.root });
  const tree = treeOf(flags.root);
  if (tree.isLive && process.getuid?.() !== 0)
    throw new UsageError('uninstall: wants root; with --root DIR it uninstalls from a directory of yours');
  const { purge, dryRun, json } = flags;
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  refuseLinks(tree, manifestPath);
  const before = readManifest(tree);
  if (before === undefined) {
    // What a run leaves that was ended right after its beginning, or right before its end.
    if (!dryRun) await alone(tree, () => removeManifest(tree));
    say('nothing is installed there\n');
    if (json) process.stdout.write(`${JSON.stringify({ dryRun, files: [], data: 'none' })}\n`);
    return exitCodes.pass;
  }
  const others = [files.data, files.log, systemdFiles.wanted, programsIn(before.settings.prefix).agent];
  for (const path of [...Object.keys(before.files), ...before.directories, ...others]) refuseLinks(tree, path);
  const changes = removalsOf(tree, before.files);
  const data = !hasData(tree) ? 'none' : purge ? 'removed' : 'kept';
  if (!dryRun) {
    await removeAll(tree, before.settings.prefix, () => uninstall({ tree, before, changes, purge }));
  }
  for (const change of changes) say(dryRun ? textOfChange(tree, change) : `${doesToFile(tree, change)}\n`);
  const at = inTree(tree, files.data);
  if (data === 'kept')
    say(
      `! kept    ${at}, with the keys of the agent, and its user ${before.settings.user}; --purge removes them, too\n`,
    );
  if (data === 'removed') say(`${dryRun ? 'would remove' : 'removed  '} ${at}, with the keys of the agent\n`);
  const told = changes.map(({ path, did }) => ({ path, did }));
  if (json) process.stdout.write(`${JSON.stringify({ dryRun, files: told, data })}\n`);
  return exitCodes.pass;
}

async function removeAll(tree: Tree, prefix: string, remove: () => void): Promise<void> {
  // The file is gone where a run was ended right after it had removed that.
  if (isBooted(tree) && existsSync(systemdFiles.unit)) systemctl('disable', '--now', unitName);
  if (tree.isLive) refuseRunning(programsIn(prefix).agent);
  await alone(tree, remove);
  if (isBooted(tree)) systemctl('daemon-reload');
}

/** Does it while nobody else changes what is installed, and takes the directory away, if it is empty, in which the lock was. */
async function alone(tree: Tree, work: () => void): Promise<void> {
  const place = inTree(tree, dirname(manifestPath));
  if (!existsSync(place)) return removeWay(tree);
  await ofFileSystem(async () => {
    {
      await using _alone = await aloneIn(place, `${place}: another installation goes on there`);
      work();
    }
    // Locks of others who were ended while they waited.
    await sweep(place);
    removeWay(tree);
  });
}

/** @throws UsageError where the agent runs, and is not systemd's to stop */
function refuseRunning(program: string): void {
  const running = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '') === program;
    } catch {
      return false;
    }
  });
  if (running !== undefined)
    throw new UsageError(
      `the agent runs, as process ${running}; end it first: workloads here lose their identity then`,
    );
}
