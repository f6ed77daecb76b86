import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { FixtureError, messageOf, UsageError } from '../src/errors.ts';
import { defaultRuntime, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import { HealError } from '../src/heal-error.ts';
import { withoutSecrets } from '../src/leaks/withhold.ts';
import { shellWord } from '../src/shell-word.ts';
import { version } from '../src/version.ts';
import type { DiscoverFlags } from './discover.ts';
import { exitCodes } from './exit-codes.ts';
import { meshCommands } from './mesh/commands.ts';
import { withholdSignKey } from './sign-key-variable.ts';
import { withholdWorkflowFiles } from './workflow-files.ts';

const benchPhases = 'steady, partition, healed, storm, authority';
const spireOperations = 'mint,first-svid,attest,entry,bundle';

/** Runs a command line. Gives the exit code; nothing escapes it but a defect of ours. */
export async function main(argv: readonly string[]): Promise<number> {
  withholdSignKey();
  withholdWorkflowFiles();
  let code: number = exitCodes.pass;
  const program = commandLine(argv, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
    // It may quote what a target said.
    const told = known(error) ? messageOf(error) : ((error as Error).stack ?? String(error));
    process.stderr.write(`assay: ${withoutSecrets(told)}\n`);
    if (error instanceof UsageError) return exitCodes.usage;
    if (error instanceof HealError) return exitCodes.notHealed;
    return (error as { exitCode?: number }).exitCode ?? exitCodes.inconclusive;
  }
}

/** Ours, with a message that is meant to be read; of several at once, when all are. */
function known(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(known);
  return error instanceof FixtureError || error instanceof UsageError;
}

function commandLine(argv: readonly string[], done: (code: number) => void): Command {
  const program = new Command('assay')
    .description('Conformance and chaos test harness for SPIFFE/SPIRE meshes.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(run `assay --help` or `assay <command> --help`)')
    .addHelpText(
      'after',
      `
Exit codes: 0 all that was decided held, 1 a clause or a bound was broken, 2 usage or configuration, 3 could not tell, 4 a fault could not be healed, 130 aborted and healed.`,
    );

  judging(
    program
      .command('gate')
      .description(
        'judge a mesh in seconds: TLS 1.3 only, ID pinning, join tokens, rotation under load, server partition, the life of its nodes',
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  assay gate                                  stand up a mesh of processes and judge it
  assay gate --runtime container              the same in containers
  assay gate --node "./my-node"               judge your own mesh node
  assay gate --target mesh.yaml               judge a mesh that runs already
  assay gate --target mesh.yaml --watch 40m   and look at it until its SVIDs are renewed
  assay gate --only 'mesh/pinning/*,rotation'  some clauses or scenarios
  assay gate --slo 'p99<=25ms'                and exit code 1 when a quiet mesh is slower than that`,
    )
    .action(async (flags) => {
      const { gateCommand } = await import('./gate.ts');
      done(await gateCommand({ ...flags, slo: flags.slo ?? [] }, ['assay', ...argv].map(shellWord).join(' ')));
    });

  judging(
    program
      .command('certify')
      .description(
        "judge a mesh before a release: all that the gate decides, once more with SPIRE's default intervals, and Assay itself on this machine; ends with a claim for each promise and document",
      ),
  )
    .option(
      '--self-test',
      'only try Assay itself: impostors, which have to be caught, and right nodes, which must not',
      false,
    )
    .addHelpText(
      'after',
      `
Examples:
  assay certify --sign-key release.key        judge, claim and sign
  assay certify --node "./my-node"            a mesh node of your own
  assay certify --spire-server ./spire-server --spire-agent ./spire-agent
                                              a build of SPIRE of your own
  assay certify --target mesh.yaml            a mesh that runs already
  assay certify --self-test                   what Assay catches on this machine, and whom it calls broken wrongly`,
    )
    .action(async (flags) => {
      const { certifyCommand } = await import('./certify.ts');
      done(await certifyCommand({ ...flags, slo: flags.slo ?? [] }, ['assay', ...argv].map(shellWord).join(' ')));
    });

  const bench = program
    .command('bench')
    .description('figures that stand up: open loop, with intervals, apart from what disturbed them');
  makingRuns(bench.command('handshake'))
    .description('how long a mutual TLS handshake with a mesh node takes, from the moment it was due')
    .option('--node <command>', 'measure a mesh node of yours that obeys the node contract, started by this command')
    .option(
      '--conformer <ids>',
      'measure right nodes of other styles, by their ids in `assay list conformers`, parted by commas',
    )
    .option('--runtime <name>', `${runtimeNames().join(' or ')} (default: ${defaultRuntime})`)
    .option('--target <file>', 'measure the nodes of a mesh that runs already, named by this target file')
    .option('--rate <n>', 'new connections a second (default: 200; what the target file allows)', positive)
    .option(
      '--seconds <n>',
      'how long each row is measured (default: 15); a bound on a rare percentile may lengthen it',
      positive,
    )
    .option('--arrivals <kind>', 'constant, or poisson as independent callers come', 'constant')
    .option(
      '--row <shape>',
      'full or resumed, at=…, group=…, key=…, chain=…, server-only, concurrent=…, parted by commas; more than once for more rows (default: full, then resumed)',
      listed,
    )
    .option('--phases <names>', `what goes on meanwhile, parted by commas: ${benchPhases}`, 'steady')
    .option('--generators <names>', 'assay, and beside it k6 and s_time (of openssl), parted by commas', 'assay')
    .option('--capacity', 'then raise the rate from --rate on until latency bends', false)
    .option('--slo <bound>', "a bound on a percentile, as in 'p99<=25ms'; more than once for more", listed)
    .option(
      '--baseline <run>',
      'directory of an earlier run of the same rows: exit code 1 when this one is surely slower',
    )
    .option('--tolerance <percent>', 'by how much it may be slower', percentOf, 5)
    .option('--shards <n>', 'processes that share the schedule', positive, 1)
    .addHelpText(
      'after',
      `
Examples:
  assay bench handshake                                        full and resumed, nothing else going on
  assay bench handshake --phases steady,storm,authority        the same while SVIDs and the authority rotate
  assay bench handshake --generators assay,k6,s_time --row full  three generators, one method
  assay bench handshake --slo 'p99<=25ms'                      exit code 1 when the bound is broken
  assay bench handshake --baseline reports/out/20261129-093000-7f3a
                                                               exit code 1 when it got slower since, and the machine is not to blame`,
    )
    .action(async (flags) => {
      const { benchCommand } = await import('./bench.ts');
      done(
        await benchCommand(
          { ...flags, row: flags.row ?? ['full', 'resumed'], slo: flags.slo ?? [] },
          ['assay', ...argv].map(shellWord).join(' '),
        ),
      );
    });

  makingRuns(bench.command('spire'))
    .description(
      'how long SPIRE takes: to mint, to hand a workload its first SVID, to attest an agent, to spread an entry and a bundle',
    )
    .option('--entries <numbers>', 'registration entries of the agent meanwhile, parted by commas', '1,10,100,500')
    .option('--operations <names>', 'which of them, parted by commas', spireOperations)
    .option(
      '--sync <seconds>',
      "how often agents ask for what changed, and the server's cache is made again (SPIRE: 5)",
      syncSeconds,
      5,
    )
    .option('--seconds <n>', 'how long each row is measured (default: 12 to 34, for a p90 or a p99)', positive)
    .addHelpText(
      'after',
      `
Examples:
  assay bench spire                                 all, beside 1, 10, 100 and 500 entries: eight minutes
  assay bench spire --operations mint --entries 1   one of them`,
    )
    .action(async (flags) => {
      const { benchSpireCommand } = await import('./bench-spire.ts');
      done(await benchSpireCommand(flags, ['assay', ...argv].map(shellWord).join(' ')));
    });

  program
    .command('list')
    .description('what there is to judge, and by what')
    .argument('<what>', 'clauses, scenarios, impostors, conformers, coverage or controls')
    .option('--json', 'machine output', false)
    .action(async (what: string, flags: { json: boolean }) => {
      const { listCommand } = await import('./list.ts');
      done(await listCommand(what, flags.json));
    });

  const report = program.command('report').description('documents of finished runs, and what they say');
  const render = report
    .command('render')
    .description('write the reports of a run again')
    .argument('<dir>', 'directory of the run')
    .action(async (dir: string) => {
      const { renderCommand } = await import('./report.ts');
      done(await renderCommand(dir));
    });
  report
    .command('pdf')
    .description(
      'print the page of a run as report.pdf, by the Chromium that is on the PATH or that ASSAY_CHROMIUM names',
    )
    .argument('<dir>', 'directory of the run')
    .option('--out <file>', 'where to write it instead, outside of the run')
    .action(async (dir: string, flags: { out?: string }) => {
      const { pdfCommand } = await import('./report-pdf.ts');
      done(await pdfCommand(dir, flags.out));
    });
  report
    .command('annotations')
    .description('print the run, its scenarios, faults and rotations as annotations for Grafana, JSON, one a line')
    .argument('<dir>', 'directory of the run')
    .action(async (dir: string) => {
      const { annotationsCommand } = await import('./report.ts');
      done(await annotationsCommand(dir));
    });
  report
    .command('index')
    .description('write index.html and badge.svg of all runs of a folder: what came of them over time')
    .argument('<folder>', 'folder of runs, as reports/out')
    .action(async (folder: string) => {
      const { indexCommand } = await import('./report.ts');
      done(await indexCommand(folder));
    });
  telling(report.command('diff'))
    .description('what is different in a later run; exit code 1 where something broke, 3 where less is known')
    .argument('<before>', 'directory of the earlier run')
    .argument('<after>', 'directory of the later one')
    .action(async (before: string, after: string, flags: Telling) => {
      const { diffCommand } = await import('./report.ts');
      done(await diffCommand(before, after, colored(flags)));
    });
  telling(report.command('judge'))
    .description(
      'decide all verdicts of a run again, from its history alone; exit code 1 where its report says otherwise',
    )
    .argument('<dir>', 'directory of the run')
    .action(async (dir: string, flags: Telling) => {
      const { judgeCommand } = await import('./report.ts');
      done(await judgeCommand(dir, colored(flags)));
    });

  telling(report.command('verify'))
    .description(
      'whether each file of a run is as it was sealed, and signed by whom you name; exit code 1 where it is not, 3 where nobody vouches for it',
    )
    .argument('<dir>', 'directory of the run')
    .option('--key <file>', 'public key, PEM, of who has to have signed it')
    .option('--bundle <file>', 'authorities of the X.509-SVID that has to have signed it: a SPIFFE bundle, or PEM')
    .option('--signer <spiffe-id>', 'the ID of that X.509-SVID, where not whoever they vouch for will do')
    .action(async (dir: string, flags: Telling & { key?: string; bundle?: string; signer?: string }) => {
      const { verifyCommand } = await import('./report.ts');
      done(await verifyCommand(dir, colored(flags)));
    });
  telling(signing(report.command('sign')))
    .description('vouch for a run that is there; nothing is signed that is not as it was sealed')
    .argument('<dir>', 'directory of the run')
    .action(async (dir: string, flags: Telling & { signKey?: string }) => {
      const { signCommand } = await import('./report.ts');
      done(await signCommand(dir, colored(flags)));
    });
  telling(signing(report.command('redact')))
    .description(
      'the same run for outsiders: pseudonyms for names and addresses, every verdict as it was, no logs; nothing is written where a name would be left',
    )
    .argument('<dir>', 'directory of the run')
    .requiredOption('--out <dir>', 'where the redacted run is written to, a directory that is not there yet')
    .action(async (dir: string, flags: Telling & { out: string; signKey?: string }) => {
      const { redactCommand } = await import('./report.ts');
      done(await redactCommand(dir, colored(flags)));
    });

  // To load the formats takes longer than all the rest of the command line, so it is done only where they are listed.
  program.hook('preSubcommand', async (_program, command) => {
    if (command === report) render.description(await whatRenderWrites());
  });

  meshCommands(program.command('mesh').description('a mesh to work with, and what it is made of'), done);

  const target = program.command('target').description('a mesh that runs already');
  target
    .command('discover')
    .description(
      'write a target file of what a SPIRE server and Envoys tell, by reading alone; what nobody tells is marked',
    )
    .option('--spire-server <socket>', 'admin socket of the SPIRE server, as unix:///tmp/spire-server/private/api.sock')
    .option('--spire-address <host:port>', 'where that server takes agents, which its admin API does not tell')
    .option(
      '--workload-api <socket>',
      'socket of the agent that gives Assay an identity, as unix:///run/spire/agent.sock',
    )
    .option('--envoy <url>', 'admin address of an Envoy, as http://127.0.0.1:9901; more than once for more', listed, [])
    .option('--out <file>', 'where to write it; standard output when it is left out')
    .action(async (flags: DiscoverFlags) => {
      const { discoverCommand } = await import('./discover.ts');
      done(await discoverCommand(flags));
    });
  target
    .command('check')
    .description(
      'which clauses a gate could decide on a target file now, what in it would add which, and what a run would touch',
    )
    .argument('<file>', 'the target file')
    .option('--json', 'for programs', false)
    .action(async (file: string, flags: { json: boolean }) => {
      const { checkCommand } = await import('./target.ts');
      done(await checkCommand(file, flags));
    });

  telling(program.command('doctor'))
    .description('what can be used here, what cannot, why, and what would change it')
    .option(
      '--target <file>',
      'what runs of this machine cut, paused or bent in the mesh of a target file or left at its SPIRE server; exit code 3 where something is',
    )
    .option('--heal', 'with --target: undo what can be undone', false)
    .action(async (flags: Telling & { target?: string; heal: boolean }) => {
      if (flags.heal && flags.target === undefined)
        throw new UsageError(
          '--heal: takes back what runs cut, paused or bent in a mesh of others or left at its SPIRE server; name it, as in --target mesh.yaml',
        );
      const how = colored(flags);
      if (flags.target === undefined) {
        const { doctorCommand } = await import('./doctor.ts');
        return done(await doctorCommand(how));
      }
      const { leftCommand } = await import('./left.ts');
      done(await leftCommand(flags.target, { ...how, heal: flags.heal }));
    });
  return program;
}

async function whatRenderWrites(): Promise<string> {
  const { documentNames } = await import('../reports/formats.ts');
  const names = await documentNames();
  return `write ${names.slice(0, -1).join(', ')} and ${names.at(-1)} again from history.jsonl and report.json`;
}

function runtimeChoice(): string {
  return `${runtimeNames()
    .map((name) => (name === defaultRuntime ? `${name} (default)` : name))
    .join(', ')} or attach`;
}

interface Telling {
  readonly json: boolean;
  readonly color: boolean;
}

/** The options of a command that tells what it saw, and makes no run. */
function telling(command: Command): Command {
  return command.option('--json', 'machine output', false).option('--no-color', 'no colours');
}

const colored = <T extends Telling>(flags: T): T => ({ ...flags, color: flags.color && !process.env.NO_COLOR });

/** The option of a command that vouches for a run. */
function signing(command: Command): Command {
  return command.option(
    '--sign-key <file>',
    'private key, PEM of Ed25519 or P-256, and its X.509-SVID where it has one, that vouches for the run (or ASSAY_SIGN_KEY)',
  );
}

/** The options of every command that judges clauses. */
function judging(command: Command): Command {
  return common(command)
    .option(
      '--node <command>',
      'judge a mesh node of yours that obeys the node contract (README), started by this command',
    )
    .option(
      '--uptake <seconds>',
      'how long a node may take to follow its SVID and its bundle (default: 2); SVIDs live longer where it is more',
      uptakeSeconds,
    )
    .option(
      '--accept <file>',
      'failures that are accepted, each with clause, reason, owner and last day: they leave the exit code at 0',
    )
    .option(
      '--slo <bound>',
      "a bound on handshakes in a quiet window at the end, as in 'p99<=25ms'; more than once for more",
      listed,
    )
    .option(
      '--baseline <run>',
      'directory of an earlier gate with such a bound: exit code 1 when handshakes are surely slower',
    )
    .option('--tolerance <percent>', 'by how much they may be slower', percentOf, 5)
    .option(
      '--rate <n>',
      'new connections a second in that window (default: 100, with a bound 200; what the target file allows)',
      positive,
    )
    .option(
      '--watch <time>',
      'go on to look at a mesh that runs already for that long, as 40m: SVIDs are renewed by its own clocks, and nobody may notice',
      watchMs,
    )
    .option('--spire-server <file>', 'judge this build of the SPIRE server, named in the report by its hash')
    .option('--spire-agent <file>', 'judge this build of the SPIRE agent, named in the report by its hash');
}

function common(command: Command): Command {
  return makingRuns(
    command
      .option('--target <file>', 'judge a mesh that runs already, named by this target file')
      .option('--runtime <name>', runtimeChoice())
      .option(
        '--only <globs>',
        'clauses (also by an older id), scenarios or promises by name, * for any characters, parted by commas',
      ),
  );
}

/** The options of every command that makes a run. */
function makingRuns(command: Command): Command {
  return signing(command)
    .option('--out <dir>', 'directory of the run (default: reports/out/<run id>)')
    .option('--seed <n>', 'seed of every choice that is made by chance', wholeNumber)
    .option('--json', 'print report.json on standard output and nothing else there', false)
    .addOption(
      new Option(
        '--tap',
        'print TAP 14 on standard output and nothing else there; the gate tells what is decided for good at once',
      )
        .default(false)
        .conflicts('json'),
    )
    .option('--quiet', 'no progress', false)
    .option('--no-color', 'no colours');
}

const mostUptakeSeconds = 60;

function uptakeSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.1 || value > mostUptakeSeconds)
    throw new InvalidArgumentError(`seconds from 0.1 to ${mostUptakeSeconds} are wanted.`);
  return value;
}

const mostSyncSeconds = 60;

function syncSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.2 || value > mostSyncSeconds)
    throw new InvalidArgumentError(`seconds from 0.2 to ${mostSyncSeconds} are wanted.`);
  return value;
}

const longestWatchMs = 24 * 3_600_000;

/** A time as 90s, 35m or 2h, in milliseconds. */
function watchMs(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? NaN);
  if (!(ms <= longestWatchMs)) throw new InvalidArgumentError('a time up to 24h is wanted, as 90s, 35m or 2h.');
  return ms;
}

function positive(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('a whole number from 1 on is wanted.');
  return value;
}

const mostTolerance = 50;

function percentOf(text: string): number {
  const value = positive(text);
  if (value > mostTolerance) throw new InvalidArgumentError(`percent from 1 to ${mostTolerance} are wanted.`);
  return value;
}

function listed(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('a whole number from 0 on is wanted.');
  return value;
}
