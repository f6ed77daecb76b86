import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { FixtureError, messageOf, UsageError } from '../src/errors.ts';
import { defaultRuntime, runtimeNames } from '../fixtures/runtime/runtimes.ts';
import { exitCodes } from './exit-codes.ts';

/** Runs a command line. Gives the exit code; nothing escapes it but a defect of ours. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.pass;
  const program = commandLine(argv, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage;
    process.stderr.write(`assay: ${known(error) ? messageOf(error) : ((error as Error).stack ?? String(error))}\n`);
    if (error instanceof UsageError) return exitCodes.usage;
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
    .version('0.1.0')
    .exitOverride()
    .showHelpAfterError('(run `assay --help` or `assay <command> --help`)')
    .addHelpText(
      'after',
      `
Exit codes: 0 all that was decided held, 1 a clause was broken, 2 usage or configuration, 3 could not tell, 4 a fault could not be healed, 130 aborted and healed.`,
    );

  common(
    program
      .command('gate')
      .description(
        'judge a mesh in seconds: TLS 1.3 only, ID pinning, join tokens, rotation under load, server partition',
      ),
  )
    .option(
      '--node <command>',
      'judge a mesh node of yours that obeys the node contract (README), started by this command',
    )
    .addHelpText(
      'after',
      `
Examples:
  assay gate                                  stand up a mesh of processes and judge it
  assay gate --runtime container              the same in containers
  assay gate --node "./my-node"               judge your own mesh node
  assay gate --target mesh.yaml               judge a mesh that runs already
  assay gate --only 'mesh/pinning/*,rotation'  some clauses or scenarios`,
    )
    .action(async (flags) => {
      const { gateCommand } = await import('./gate.ts');
      done(await gateCommand(flags, ['assay', ...argv].map(quoted).join(' ')));
    });

  program
    .command('list')
    .description('what there is to judge, and by what')
    .argument('<what>', 'clauses, scenarios, impostors, conformers or coverage')
    .option('--json', 'machine output', false)
    .action(async (what: string, flags: { json: boolean }) => {
      const { listCommand } = await import('./list.ts');
      done(await listCommand(what, flags.json));
    });

  const render = program
    .command('report')
    .description('documents of a finished run')
    .command('render')
    .description('write the reports of a run again')
    .argument('<dir>', 'directory of the run')
    .action(async (dir: string) => {
      const { renderCommand } = await import('./report.ts');
      done(await renderCommand(dir));
    });

  // To load the formats takes longer than all the rest of the command line, so it is done only where they are listed.
  program.hook('preSubcommand', async (_program, command) => {
    if (command === render.parent) render.description(await whatRenderWrites());
  });

  program
    .command('mesh')
    .description('a mesh to work with')
    .command('up')
    .description('stand up a mesh of processes and write a target file for it; Ctrl-C takes it down')
    .option('--target <file>', 'where to write the target file', 'mesh.yaml')
    .option('--out <dir>', 'directory for logs')
    .action(async (flags: { target: string; out?: string }) => {
      const { meshUpCommand } = await import('./mesh.ts');
      done(await meshUpCommand(flags));
    });

  program
    .command('doctor')
    .description('what can be used here, what cannot, why, and what would change it')
    .option('--json', 'machine output', false)
    .option('--no-color', 'no colours')
    .action(async (flags: { json: boolean; color: boolean }) => {
      const { doctorCommand } = await import('./doctor.ts');
      done(await doctorCommand({ ...flags, color: flags.color && !process.env.NO_COLOR }));
    });
  return program;
}

async function whatRenderWrites(): Promise<string> {
  const { loadFormats } = await import('../reports/formats.ts');
  const names = (await loadFormats()).map(({ fileName }) => fileName);
  return `write ${names.slice(0, -1).join(', ')} and ${names.at(-1)} again from history.jsonl and report.json`;
}

function runtimeChoice(): string {
  return `${runtimeNames()
    .map((name) => (name === defaultRuntime ? `${name} (default)` : name))
    .join(', ')} or attach`;
}

function common(command: Command): Command {
  return command
    .option('--target <file>', 'judge a mesh that runs already, named by this target file')
    .option('--runtime <name>', runtimeChoice())
    .option('--out <dir>', 'directory of the run (default: reports/out/<run id>)')
    .option('--seed <n>', 'seed of every choice that is made by chance', wholeNumber)
    .option(
      '--only <globs>',
      'clauses (also by an older id), scenarios or promises by name, * for any characters, parted by commas',
    )
    .option('--json', 'print report.json on standard output and nothing else there', false)
    .option('--quiet', 'no progress', false)
    .option('--no-color', 'no colours');
}

/** As a person would have to type it for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('a whole number from 0 on is wanted.');
  return value;
}
