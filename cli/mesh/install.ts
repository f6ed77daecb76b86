import { lstatSync, readFileSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { refuseOthersDirectories } from '../../mesh/bootstrap/safe-directory.ts';
import { changesOf, sha256, type FileChange } from '../../mesh/install/changes.ts';
import { directoriesToMake, install } from '../../mesh/install/install.ts';
import { readManifest } from '../../mesh/install/manifest.ts';
import { files, manifestPath, programsIn, socketDirectories, unitName } from '../../mesh/install/places.ts';
import type { InstallSettings } from '../../mesh/install/settings.ts';
import { makeSocketDirectory } from '../../mesh/install/socket-directory.ts';
import { contentOf, inTree, namesIn, refuseLinks, type Tree } from '../../mesh/install/tree.ts';
import { findUser, makeUser } from '../../mesh/install/user.ts';
import { wantedFiles } from '../../mesh/install/wanted-files.ts';
import { makeDirectories } from '../../mesh/make-directories.ts';
import { UsageError } from '../../src/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { agentProgram, checkedBundle, nodeOf, refuseEmpty, serverOf } from './agent-flags.ts';
import { aloneIn } from './alone-in.ts';
import { doesToFile, textOfChange } from './file-changes.ts';
import { ofFileSystem, treeOf } from './install-tree.ts';
import { isBooted, systemctl } from './systemd.ts';

/** The flags of `assay mesh install`. */
export interface InstallFlags extends ChangeFlags {
  readonly nodeId: string;
  readonly trustDomain: string;
  /** host:port */
  readonly server: string;
  /** File, PEM. */
  readonly bundle: string;
  readonly bundleSha256: string;
  readonly user: string;
  readonly prefix: string;
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly spireAgent?: string;
}

/** Those of every command that changes an installation. */
export interface ChangeFlags {
  /** Directory of an image; left out: this machine. */
  readonly root?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** The flags of `assay mesh upgrade`. */
export interface UpgradeFlags extends ChangeFlags {
  readonly spireAgent?: string;
  readonly restart: boolean;
}

/**
 * `assay mesh install`: an agent as a service of this machine, or of an image. What is there already stays; a second call finishes what was interrupted.
 *
 * @throws UsageError for what makes no sense, and for what lies there and is not ours
 */
export async function installCommand(flags: InstallFlags): Promise<number> {
  const { trustDomain, nodeId, user, metricsPort, healthPort, spireAgent } = flags;
  refuseEmpty({ '--prefix': flags.prefix, '--user': user, '--spire-agent': spireAgent, '--root': flags.root });
  nodeOf(flags);
  const bundlePem = checkedBundle(flags.bundle, flags.bundleSha256);
  const settings: InstallSettings = {
    ...{ nodeId, trustDomain, server: serverOf(flags.server), bundleSha256: sha256(Buffer.from(bundlePem)) },
    ...{ user: userOf(user), prefix: prefixOf(flags.prefix), metricsPort, healthPort },
  };
  if (metricsPort === healthPort)
    throw new UsageError(`--health-port ${healthPort}: is that of the metrics, too; name another one`);
  return carryOut(flags, settings, readFileSync(await agentProgram(spireAgent)), bundlePem, false);
}

/**
 * `assay mesh upgrade`: another program of the agent, and all else as this Assay makes it, with the settings of the installation. The program before is
 * there until the new one is whole.
 *
 * @throws UsageError where nothing is installed, or it was changed
 */
export async function upgradeCommand(flags: UpgradeFlags): Promise<number> {
  refuseEmpty({ '--spire-agent': flags.spireAgent, '--root': flags.root });
  const tree = treeOf(flags.root);
  if (flags.restart && !isBooted(tree))
    throw new UsageError('--restart: no systemd runs there; leave it away, and restart the agent as it was started');
  const before = readManifest(tree);
  if (before === undefined || Object.keys(before.files).length === 0)
    throw new UsageError(`${inTree(tree, manifestPath)}: is not there: \`assay mesh install\` was not called yet`);
  const bundlePem = contentOf(tree, files.bundle) ?? Buffer.of();
  if (sha256(bundlePem) !== before.settings.bundleSha256)
    throw new UsageError(
      `${inTree(tree, files.bundle)}: is not what \`assay mesh install\` was told to believe; call that once more, with --bundle and --bundle-sha256`,
    );
  const agent = readFileSync(await agentProgram(flags.spireAgent));
  return carryOut(flags, before.settings, agent, bundlePem.toString(), flags.restart);
}

async function carryOut(
  { root, dryRun, json }: ChangeFlags,
  settings: InstallSettings,
  agent: Buffer,
  bundlePem: string,
  restart: boolean,
): Promise<number> {
  const tree = treeOf(root);
  const wanted = wantedFiles(settings, agent, bundlePem);
  refuse(
    tree,
    settings,
    wanted.map(({ path }) => path),
  );
  const now = () => {
    const before = readManifest(tree);
    return { before, changes: changesOf(tree, wanted, before) };
  };
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  if (dryRun) return told(tree, settings, now(), { json, say, isDry: true });
  // Directories and files are for the user of the agent to read, whatever those of the person here are for.
  process.umask(0o022);
  const directories = directoriesToMake(tree, now().changes);
  await using _alone = await ofFileSystem(async () => {
    makeDirectories(inTree(tree, dirname(manifestPath)));
    const place = inTree(tree, dirname(manifestPath));
    return aloneIn(place, `${place}: another installation goes on there`);
  });
  const found = now();
  const hasUser = findUser(tree, settings.user) !== undefined;
  const user = () => (tree.isLive ? makeUser(tree, settings.user) : ownerInImage(tree, settings.user));
  await ofFileSystem(async () => install({ tree, settings, ...found, directories, hasUser, user }));
  if (tree.isLive) makeSocketDirectory(settings);
  if (isBooted(tree)) systemctl('daemon-reload');
  if (restart) systemctl('restart', unitName);
  return told(tree, settings, found, { json, say, isDry: false });
}

interface Telling {
  readonly json: boolean;
  readonly say: (text: string) => void;
  readonly isDry: boolean;
}

function told(
  tree: Tree,
  settings: InstallSettings,
  { changes }: { readonly changes: readonly FileChange[] },
  { json, say, isDry }: Telling,
): number {
  const then = whatThen(tree, settings, changes);
  for (const change of changes) say(isDry ? textOfChange(tree, change) : `${doesToFile(tree, change)}\n`);
  const made = changes.map((change) => ({
    ...{ path: change.path, did: change.did },
    ...(change.wanted !== undefined && { sha256: sha256(change.wanted.content) }),
    ...(isDry && { text: textOfChange(tree, change) }),
  }));
  if (json) process.stdout.write(`${JSON.stringify({ node: nodeOf(settings), dryRun: isDry, files: made, then })}\n`);
  else if (!isDry) say(`\nThen:\n${then.map((one, at) => `  ${at + 1}. ${one}\n`).join('')}`);
  return exitCodes.pass;
}

/** What a person has to do next. */
function whatThen(tree: Tree, settings: InstallSettings, changes: readonly FileChange[]): string[] {
  const isAttested = namesIn(tree, files.data).includes('agent-data.json');
  const bootstrap = `assay mesh bootstrap --node-id ${settings.nodeId} --token-file FILE`;
  if (!tree.isLive)
    return [
      `boot a machine from ${tree.root}: systemd makes the user ${settings.user} and the directory of the socket`,
      `there, once: ${bootstrap}`,
      `and then: systemctl enable --now ${unitName}`,
    ];
  if (!isAttested) return [`once: ${bootstrap}`, `systemctl enable --now ${unitName}`];
  const isAsBefore = changes.every(({ did }) => did === 'unchanged' || did === 'kept');
  return [isAsBefore ? `systemctl status ${unitName}` : `systemctl restart ${unitName}, if it was not restarted yet`];
}

/** @throws UsageError for places in which somebody else could change what is put there, or that lead elsewhere */
function refuse(tree: Tree, settings: InstallSettings, paths: readonly string[]): void {
  if (tree.isLive && process.getuid?.() !== 0)
    throw new UsageError('install: wants root; with --root DIR it installs into a directory of yours');
  for (const path of [...paths, manifestPath, files.data]) {
    refuseLinks(tree, path);
    refuseOthersDirectories(inTree(tree, dirname(path)), inTree(tree, path));
  }
  if (!tree.isLive) return;
  const { agent } = programsIn(settings.prefix);
  // Its unit sees none of these.
  if (/^\/(home|root|run\/user)(\/|$)/.test(agent))
    throw new UsageError(`--prefix ${settings.prefix}: is hidden from the service; name one such as /usr/local`);
  const [outer] = socketDirectories;
  const found = lstatSync(outer, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isDirectory() || found.uid !== 0))
    throw new UsageError(
      `${outer}: is ${found.isDirectory() ? `a directory of user ${found.uid}` : 'no directory'}, who could take the place of the agent there; see who made it and why, remove it, and run the same command once more`,
    );
  refuseOthersDirectories(outer, outer);
}

function prefixOf(text: string): string {
  const path = normalize(text).replace(/(?<=.)\/$/, '');
  if (!/^\/[\w./@+-]*$/.test(path))
    throw new UsageError(
      `--prefix ${text}: wants an absolute path of letters, digits and ./@+-_, as it stands in a unit of systemd`,
    );
  return path;
}

function userOf(name: string): string {
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(name))
    throw new UsageError(`--user ${name}: is no name of a user; wanted is one such as spire-agent`);
  if (name === 'root')
    throw new UsageError('--user root: the agent wants none of what root may; name a user of its own, as spire-agent');
  return name;
}

function ownerInImage(tree: Tree, user: string) {
  // Whoever is not root cannot give files away; on the node, systemd does it at the first start.
  return process.getuid?.() === 0 ? findUser(tree, user) : undefined;
}
