import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AgentsFlags } from './agents.ts';
import type { BootstrapFlags } from './bootstrap.ts';
import type { CaFlags, createCaCommand as create, rotateRootCommand as rotate } from './ca.ts';
import type { ExplainFlags } from './explain.ts';
import type { HelperCheckFlags, HelperRunFlags, HelperStatusFlags, HelperVerifyFlags } from './helper.ts';
import type { InstallFlags, UpgradeFlags } from './install.ts';
import type { RejoinFlags } from './rejoin.ts';
import type { ServiceFlags } from './service.ts';
import type { StatusFlags } from './status.ts';
import type { UninstallFlags } from './uninstall.ts';

type CreateFlags = Parameters<typeof create>[0];
type RotateFlags = Parameters<typeof rotate>[1];

/** `assay mesh …`. @param done - told the exit code */
export function meshCommands(mesh: Command, done: (code: number) => void): void {
  mesh
    .command('up')
    .description('stand up a mesh of processes and write a target file for it; Ctrl-C takes it down')
    .option('--target <file>', 'where to write the target file', 'mesh.yaml')
    .option('--out <dir>', 'directory for logs')
    .action(async (flags: { target: string; out?: string }) => {
      const { meshUpCommand } = await import('../mesh.ts');
      done(await meshUpCommand(flags));
    });

  mesh
    .command('status')
    .description(
      'the identity that this machine hands out here: until when, when it is renewed, who vouches for it; exit code 1 where something is wrong with it',
    )
    .option(
      '--workload-api <socket>',
      'of the agent, as unix:///tmp/spire-agent/public/api.sock (default: SPIFFE_ENDPOINT_SOCKET)',
    )
    .option('--agent-data <dir>', 'data_dir of the agent: until when it can come back by itself')
    .addOption(new Option('--within <time>', 'how long to wait for an answer').argParser(timeMs).default(5_000, '5s'))
    .option('--json', 'machine output', false)
    .action(async (flags: StatusFlags) => {
      const { statusCommand } = await import('./status.ts');
      done(await statusCommand(flags));
    });

  mesh
    .command('agents')
    .description(
      'the nodes that a SPIRE server knows, and until when the SVID of each agent is valid; exit code 1 where one has no agent, or none whose SVID has not ended',
    )
    .requiredOption('--spire-server <socket>', 'its admin socket, as unix:///tmp/spire-server/private/api.sock')
    .option('--expect <ids>', 'SPIFFE IDs of nodes that have to be there, parted by commas', idList, [])
    .option('--json', 'machine output', false)
    .action(async (flags: AgentsFlags) => {
      const { agentsCommand } = await import('./agents.ts');
      done(await agentsCommand(flags));
    });

  mesh
    .command('explain')
    .description(
      'why identities are not renewed (rotation), a handshake fails (handshake), or the files of a helper are of no use (helper): looks, changes nothing, and names the cause; exit code 1 where one was found, 3 where none was and not all could be looked at',
    )
    .argument('[tree]', 'rotation, handshake or helper (default: whatever the flags are about)')
    .option('--workload-api <socket>', 'of the agent (default: SPIFFE_ENDPOINT_SOCKET)')
    .option('--trust-domain <name>', 'that is expected here')
    .option('--server <host:port>', 'where the SPIRE server takes agents')
    .option('--spire-server <socket>', 'its admin socket, for what it knows of its agents')
    .option('--node <spiffe-id>', 'of that node alone')
    .option('--agent-data <dir>', 'data_dir of the agent')
    .option('--peer <host:port>', 'the service whose handshake is looked at; it is asked nothing')
    .option('--expect <spiffe-id>', 'whom you expect there')
    .option('--helper-dir <dir>', 'where a helper keeps the files of a service')
    .option('--helper-config <file>', 'its settings, as `assay mesh helper` takes them')
    .addOption(new Option('--within <time>', 'how long each look may take').argParser(timeMs).default(5_000, '5s'))
    .option('--json', 'machine output', false)
    .action(async (tree: string | undefined, flags: ExplainFlags) => {
      const { explainCommand } = await import('./explain.ts');
      done(await explainCommand(tree, flags));
    });

  mesh
    .command('bootstrap')
    .description('have the agent of this node attested by a join token, and wait until the node has its identity')
    .requiredOption('--node-id <name>', 'as node-001: the node is spiffe://TRUST-DOMAIN/node/node-001')
    .option(
      '--trust-domain <name>',
      'as x0tta6bl4.mesh; this and the next three are known where `assay mesh install` was called',
    )
    .option('--server <host:port>', 'where the SPIRE server takes agents')
    .option('--bundle <file>', 'authorities that the server is known by, PEM: `spire-server bundle show`')
    .option('--bundle-sha256 <hex>', 'SHA-256 of that file, which came another way than the file')
    .option(
      '--token-file <file>',
      'the join token; - for standard input; not needed where the agent was attested before',
    )
    .option('--dir <dir>', 'of its configuration, data and log', '/opt/spire/agent')
    .option('--socket <path>', 'of the Workload API', '/tmp/spire-agent/public/api.sock')
    .option('--spire-agent <file>', 'the program (default: that of the toolchain)')
    .addOption(
      new Option('--within <time>', 'how long to wait for the identity').argParser(timeMs).default(60_000, '60s'),
    )
    .option('--stay', 'go on as its agent, until Ctrl-C', false)
    .option('--dry-run', 'only say what would be done', false)
    .option('--json', 'machine output', false)
    .action(async (flags: BootstrapFlags) => {
      const { bootstrapCommand } = await import('./bootstrap.ts');
      done(await bootstrapCommand(flags));
    });

  changing(mesh.command('install'))
    .description(
      'install an agent as a hardened service of this machine, or of an image: program, user, configuration, unit; what is there already stays',
    )
    .requiredOption('--node-id <name>', 'as node-001: the node is spiffe://TRUST-DOMAIN/node/node-001')
    .requiredOption('--trust-domain <name>', 'as x0tta6bl4.mesh')
    .requiredOption('--server <host:port>', 'where the SPIRE server takes agents')
    .requiredOption('--bundle <file>', 'authorities that the server is known by, PEM: `spire-server bundle show`')
    .requiredOption('--bundle-sha256 <hex>', 'SHA-256 of that file, which came another way than the file')
    .option('--user <name>', 'whom the agent runs as; made where there is none', 'spire-agent')
    .option('--prefix <dir>', 'above lib/assay, where the programs go', '/usr/local')
    .option('--metrics-port <n>', 'of Prometheus metrics, on 127.0.0.1', port, 9989)
    .option('--health-port <n>', 'of /live and /ready, on 127.0.0.1', port, 9990)
    .option('--spire-agent <file>', 'the program (default: that of the toolchain)')
    .addHelpText(
      'after',
      `
Examples:
  assay mesh install --node-id node-001 --trust-domain x0tta6bl4.mesh --server spire:8081 \\
    --bundle bundle.pem --bundle-sha256 …
  assay mesh bootstrap --node-id node-001 --token-file token     once, right after it
  assay mesh install … --dry-run                                 every file, and what would change in it
  assay mesh install … --root ./image                            into an image; its systemd does the rest`,
    )
    .action(async (flags: InstallFlags) => {
      const { installCommand } = await import('./install.ts');
      done(await installCommand(flags));
    });

  changing(mesh.command('upgrade'))
    .description(
      'put another program in the place of the agent that is installed; the one before is there until the new one is whole',
    )
    .option('--spire-agent <file>', 'the program (default: that of the toolchain)')
    .option('--restart', 'restart the agent by systemd; workloads keep their SVIDs meanwhile', false)
    .action(async (flags: UpgradeFlags) => {
      const { upgradeCommand } = await import('./install.ts');
      done(await upgradeCommand(flags));
    });

  changing(mesh.command('uninstall'))
    .description('take away what `assay mesh install` made; what was changed since is kept, and told')
    .option('--purge', 'also the keys and the SVID of the agent, which cannot be made again, and its user', false)
    .action(async (flags: UninstallFlags) => {
      const { uninstallCommand } = await import('./uninstall.ts');
      done(await uninstallCommand(flags));
    });

  mesh
    .command('rejoin')
    .description(
      'a new join token for a node whose agent was off for longer than its SVID lives; the node keeps its ID and its entries',
    )
    .requiredOption('--spire-server <socket>', 'its admin socket, as unix:///tmp/spire-server/private/api.sock')
    .requiredOption('--node <spiffe-id>', 'of the node, as spiffe://example.org/node/node-001')
    .requiredOption(
      '--token-file <file>',
      'where the token is written, for its owner alone; a file that is not there yet',
    )
    .option('--forced <reason>', 'also for a node whose agent still lives, or is banned')
    .option('--json', 'machine output', false)
    .action(async (flags: RejoinFlags) => {
      const { rejoinCommand } = await import('./rejoin.ts');
      done(await rejoinCommand(flags));
    });

  helperCommands(
    mesh
      .command('helper')
      .description('SPIFFE for programs that read files: the real spiffe-helper under the settings of a helper.conf'),
    done,
  );

  mesh
    .command('service')
    .description(
      'run one service of the demo: frontend has a page for people and calls backend, backend calls api, api keeps notes; all of it by mTLS, with exact SPIFFE IDs',
    )
    .argument('<name>', 'frontend, backend or api: its SPIFFE ID is spiffe://TRUST-DOMAIN/NAME')
    .option('--trust-domain <name>', 'default: SPIFFE_TRUST_DOMAIN, and else example.org')
    .addOption(
      new Option(
        '--workload-api <socket>',
        'where its identity comes from, as unix:///tmp/spire-agent/public/api.sock (default: SPIFFE_ENDPOINT_SOCKET)',
      ).conflicts('certDir'),
    )
    .option(
      '--cert-dir <dir>',
      'where its identity comes from instead: svid.pem, svid_key.pem and svid_bundle.pem of spiffe-helper, read again when they change and on SIGUSR1',
    )
    .option('--listen <host:port>', 'its mTLS listener', '127.0.0.1:8443')
    .option('--admin <host:port>', '/metrics, /ready and /health, for this host alone', '127.0.0.1:8444')
    .option('--web <host:port>', 'of frontend: its page, for this host alone (default: 127.0.0.1:8080)')
    .option('--backend <host:port>', 'of frontend: where backend listens')
    .option('--api <host:port>', 'of backend: where api listens')
    .option('--data <file>', 'of api: the file of SQLite that keeps the notes')
    .option('--allow <ids>', 'SPIFFE IDs that may call it beside the one that has to, parted by commas', idList, [])
    .option('--cipher-suites <names>', 'of TLS 1.3, parted by commas (default: all three that Node has)', idList)
    .option('--dry-run', 'only say what would be run', false)
    .option('--json', 'with --dry-run: machine output; the log of a service is JSON as it is', false)
    .addHelpText(
      'after',
      `
Examples:
  assay mesh service api --data notes.sqlite --listen 127.0.0.1:9443 --admin 127.0.0.1:9444
  assay mesh service backend --api 127.0.0.1:9443
  npm run demo                                all three with a SPIRE of their own, in a clone of the repository`,
    )
    .action(async (name: string, flags: ServiceFlags) => {
      const { serviceCommand } = await import('./service.ts');
      done(await serviceCommand(name, flags));
    });

  const ca = mesh
    .command('ca')
    .description('the root of a mesh, kept offline, and the intermediates that SPIRE servers sign below it');
  ceremonial(ca.command('create'))
    .description('make a root and its first intermediate; what is there already stays')
    .requiredOption('--trust-domain <name>', 'as in x0tta6bl4.mesh')
    .option('--root-days <n>', 'how long the root lives', days, 3650)
    .option('--tiers <n>', 'SPIRE servers one below the other, where they are nested (default: 1)', tierCount)
    .option(
      '--constrain-names',
      'vouch for URIs of the trust domain alone, by name constraints; a TLS stack that does not know them refuses all below the root',
      false,
    )
    .addHelpText(
      'after',
      `
Examples:
  (umask 077; openssl rand -base64 24 > passphrase)
  assay mesh ca create --trust-domain x0tta6bl4.mesh --offline /media/vault/ca --server ./spire-ca \\
    --at-server /opt/spire/conf/ca --passphrase-file passphrase
  assay mesh ca create … --dry-run            what would be made, and where`,
    )
    .action(async (flags: CreateFlags) => {
      const { createCaCommand } = await import('./ca.ts');
      done(await createCaCommand(flags));
    });
  ceremonial(ca.command('renew'))
    .description('a new intermediate below the same root, each quarter; the one before stays valid until its end')
    .option('--early', 'also where the one that is there is not a quarter old yet', false)
    .action(async (flags: CaFlags & { early: boolean }) => {
      const { renewCaCommand } = await import('./ca.ts');
      done(await renewCaCommand(flags));
    });
  ceremonial(ca.command('rotate-root'))
    .description('a new root, without a moment in which any SVID is refused: prepare, then activate, then retire')
    .argument('<step>', 'prepare, activate or retire')
    .option('--root-days <n>', 'how long the new root lives', days, 3650)
    .addOption(
      new Option(
        '--overlap <time>',
        "how long each step waits for the one before it: longer than the server's ca_ttl and an SVID together",
      )
        .argParser(overlapMs)
        .default(48 * 3_600_000, '48h'),
    )
    .option('--without-overlap <reason>', 'do not wait; the reason is written into the ceremony log')
    .action(async (step: string, flags: RotateFlags) => {
      const { rotateRootCommand } = await import('./ca.ts');
      done(await rotateRootCommand(step, flags));
    });
  ca.command('status')
    .description('what is there, until when, and what is wrong with it; exit code 1 where something is')
    .option('--offline <dir>', 'the place of the root')
    .option('--server <dir>', 'what a SPIRE server was handed; looked through for keys that have no business there')
    .option('--json', 'machine output', false)
    .action(async (flags: { offline?: string; server?: string; json: boolean }) => {
      const { caStatusCommand } = await import('./ca.ts');
      done(caStatusCommand(flags));
    });
}

function helperCommands(helper: Command, done: (code: number) => void): void {
  asking(helper.command('run'))
    .description(
      'keep svid.pem, svid_key.pem and svid_bundle.pem fresh, until Ctrl-C; standard output has an event a line, as JSON',
    )
    .argument('[command...]', 'behind --: a program that uses the files; it ends with this command')
    .requiredOption('--dir <dir>', 'where the files go')
    .option('--renew-signal <name>', 'tells the program of new files, where it handles that signal; or none', 'SIGHUP')
    .option('--give-up', 'end after max_retries, which strands the program when the agent is away for longer', false)
    .option('--spiffe-helper <file>', 'the program (default: that of the toolchain)')
    .option('--dry-run', 'only say what would be done', false)
    .addHelpText(
      'after',
      `
Examples:
  assay mesh helper run --config helper.conf --dir /run/spiffe/certs
  assay mesh helper run --config helper.conf --dir /run/spiffe/certs -- nginx -g 'daemon off;'`,
    )
    .action(async (command: readonly string[], flags: HelperRunFlags) => {
      const { helperRunCommand } = await import('./helper.ts');
      done(await helperRunCommand(command, flags));
    });
  asking(helper.command('check'))
    .description(
      'what each setting would do, read literally, what is done instead, and the configuration that spiffe-helper gets; it asks nobody',
    )
    .option('--strict', 'exit code 1 where a setting is a danger', false)
    .option('--json', 'machine output', false)
    .action(async (flags: HelperCheckFlags) => {
      const { helperCheckCommand } = await import('./helper.ts');
      done(helperCheckCommand(flags));
    });
  helper
    .command('status')
    .description('the SVID in the files, how far its life has gone, and alarms; exit code 1 where something is wrong')
    .requiredOption('--dir <dir>', 'where the files are')
    .option('--json', 'machine output', false)
    .action(async (flags: HelperStatusFlags) => {
      const { helperStatusCommand } = await import('./helper.ts');
      done(helperStatusCommand(flags));
    });
  helper
    .command('verify')
    .description(
      'whether the files belong together: key, chain, bundle, ID, time, permissions; exit code 1 where they do not',
    )
    .requiredOption('--dir <dir>', 'where the files are, also those of a spiffe-helper alone')
    .option('--trust-domain <name>', 'that the SVID has to be of (default: SPIFFE_TRUST_DOMAIN)')
    .option('--json', 'machine output', false)
    .action(async (flags: HelperVerifyFlags) => {
      const { helperVerifyCommand } = await import('./helper.ts');
      done(helperVerifyCommand(flags));
    });
}

/** The options of every command that reads what a helper is asked for. */
function asking(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'with the settings of the demo document, as renewal_interval = "30s"')
    .option(
      '--workload-api <socket>',
      'of the agent, as unix:///run/spire/agent.sock (default: SPIFFE_ENDPOINT_SOCKET)',
    )
    .addOption(
      new Option('--svid-ttl <time>', 'how long SVIDs live here, for what is said of the settings')
        .argParser(timeMs)
        .default(3_600_000, '1h'),
    );
}

/** The options of every command that changes what is installed. */
function changing(command: Command): Command {
  return command
    .option('--root <dir>', 'of an image, instead of this machine')
    .option('--dry-run', 'only say what would be done, and show what would change in each file', false)
    .option('--json', 'machine output', false);
}

function port(text: string): number {
  const value = Number(text);
  if (!/^[1-9]\d{0,4}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('a port from 1 to 65535 is wanted.');
  return value;
}

/** The options of every command that opens the key of a root. */
function ceremonial(command: Command): Command {
  return command
    .requiredOption('--offline <dir>', 'where the root, its key and the ceremony log are kept: on no server')
    .requiredOption('--server <dir>', 'where what goes to the SPIRE server is written')
    .requiredOption('--passphrase-file <file>', "file of the passphrase of the root's key; - for standard input")
    .option(
      '--at-server <dir>',
      'where the directory of --server will lie on the server, for the lines of its configuration (default: as it was said before, and at first the same path)',
    )
    .option('--intermediate-days <n>', 'how long an intermediate lives', days, 120)
    .option('--forced <reason>', 'do it beside a SPIRE server; the reason is written into the ceremony log')
    .option('--dry-run', 'only say what would be done', false)
    .option('--json', 'machine output', false);
}

const idList = (text: string): readonly string[] => text.split(',').map((id) => id.trim());

const mostDays = 36_500;

function days(text: string): number {
  const value = Number(text);
  if (!/^[1-9]\d*$/.test(text) || value > mostDays)
    throw new InvalidArgumentError(`whole days from 1 to ${mostDays} are wanted.`);
  return value;
}

function tierCount(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 9 is wanted.');
  return Number(text);
}

const leastOverlapMs = 3_600_000;

function overlapMs(text: string): number {
  const ms = timeMs(text);
  if (ms < leastOverlapMs)
    throw new InvalidArgumentError('an hour is the least; --without-overlap REASON does not wait.');
  return ms;
}

/** A time as 90s, 30m, 36h or 7d, in milliseconds. */
function timeMs(text: string): number {
  const [, count = '', unit = ''] = /^(0|[1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * ({ s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? NaN);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('a time is wanted, as 90s, 30m, 36h or 7d.');
  return ms;
}
