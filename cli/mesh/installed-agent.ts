import { findOnPath } from '../../fixtures/toolchain/find.ts';
import type { AgentSetup } from '../../mesh/bootstrap/agent-config.ts';
import { refuseOthersDirectories } from '../../mesh/bootstrap/safe-directory.ts';
import { readManifest } from '../../mesh/install/manifest.ts';
import { files, programsIn, socketDirectories, socketPath, unitName } from '../../mesh/install/places.ts';
import { makeSocketDirectory } from '../../mesh/install/socket-directory.ts';
import { thisMachine } from '../../mesh/install/tree.ts';
import { findUser, type Owner } from '../../mesh/install/user.ts';
import { UsageError } from '../../src/errors.ts';
import { checkedBundle } from './agent-flags.ts';

/** The agent that `assay mesh install` has put on this machine. */
export interface InstalledAgent {
  readonly program: string;
  /** Whom it runs as. */
  readonly owner: Owner;
  /** The command that starts it when it is attested. */
  readonly start: string;
  /** Has the directory of its socket made. @throws UsageError where somebody else has it */
  prepare(): void;
  /** The same command as its user, with the capability that its unit gives it, in a form in which the kernel ends it when this process dies. */
  asItsUser(command: readonly string[]): readonly [string, ...string[]];
}

/** The agent that is installed here, how it is configured, and whom it believes at first contact. @throws UsageError where there is none, or another node's */
export function findInstalled({
  nodeId,
}: {
  readonly nodeId: string;
}): InstalledAgent & { readonly setup: AgentSetup; readonly bundlePem: string } {
  const manifest = readManifest(thisMachine);
  if (manifest === undefined || Object.keys(manifest.files).length === 0)
    throw new UsageError(
      'bootstrap: no agent was installed here by `assay mesh install`, so --trust-domain, --server, --bundle and --bundle-sha256 are wanted',
    );
  const { settings } = manifest;
  if (settings.nodeId !== nodeId)
    throw new UsageError(
      `--node-id ${nodeId}: this is ${settings.nodeId}, as \`assay mesh install\` was told; install it anew under the other name, or name this one`,
    );
  if (process.getuid?.() !== 0)
    throw new UsageError(`bootstrap: wants root, as the agent that is installed here runs as ${settings.user}`);
  const { trustDomain, server, user, prefix, bundleSha256 } = settings;
  const owner = findUser(thisMachine, user);
  if (owner === undefined)
    throw new UsageError(`the user ${user} is gone; run \`assay mesh install\` once more, which makes it`);
  // Whoever answers there is asked before the directory is made.
  refuseOthersDirectories(socketDirectories[0], socketPath);
  return {
    program: programsIn(prefix).agent,
    owner,
    start: `systemctl enable --now ${unitName}`,
    prepare: () => makeSocketDirectory(settings),
    asItsUser: (command) => asUser(owner, command),
    setup: { trustDomain, server, socketPath, files },
    bundlePem: checkedBundle(files.bundle, bundleSha256),
  };
}

function asUser({ uid, gid }: Owner, command: readonly string[]): readonly [string, ...string[]] {
  const setpriv = findOnPath('setpriv', process.env);
  if (setpriv === undefined)
    throw new UsageError(
      'bootstrap: wants setpriv (util-linux), as the agent that is installed here does not run as root',
    );
  const only = '-all,+sys_ptrace';
  return [
    setpriv,
    ...['--reuid', String(uid), '--regid', String(gid), '--init-groups', '--no-new-privs', '--pdeathsig', 'KILL'],
    ...['--bounding-set', only, '--inh-caps', only, '--ambient-caps', only, '--'],
    ...command,
  ];
}
