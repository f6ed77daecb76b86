import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, resolve } from 'node:path';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { ownerOf } from '../../fixtures/run/guardian/leftovers.ts';
import { lookAt, readSet } from '../../mesh/helper/delivered-set.ts';
import { checkedTrustDomain, readEnvironment, type HelperEnvironment } from '../../mesh/helper/environment.ts';
import { sayEvents, type Say } from '../../mesh/helper/events.ts';
import { findingsOf, type Finding } from '../../mesh/helper/findings.ts';
import { helperConfig, helperPlaces, type HelperPlaces } from '../../mesh/helper/helper-conf.ts';
import { isShared, permissionChecks } from '../../mesh/helper/permissions.ts';
import { readSettings, type HelperSettings } from '../../mesh/helper/settings.ts';
import { standingOf, type HelperStanding } from '../../mesh/helper/standing.ts';
import { readStatus } from '../../mesh/helper/status-file.ts';
import { HelperSupervisor, type Supervised } from '../../mesh/helper/supervisor.ts';
import { startCommand, type CommandEnd, type WorkloadCommand } from '../../mesh/helper/workload-command.ts';
import { makeDirectories } from '../../mesh/make-directories.ts';
import type { SetFiles } from '../../mesh/svid-set.ts';
import { FixtureError, messageOf, UsageError } from '../../src/errors.ts';
import { percent } from '../../src/percent.ts';
import { exitCodes } from '../exit-codes.ts';
import { readFlagFile } from '../flag-file.ts';
import { abortOnSignals } from '../signals.ts';
import { aloneIn } from './alone-in.ts';
import { programOf } from './program-flag.ts';
import { spanOf } from './span.ts';

/** The flags that say what is asked for. */
interface HelperFlags {
  /** File. */
  readonly config: string;
  readonly workloadApi?: string;
  /** How long the SVIDs live, in milliseconds. */
  readonly svidTtl: number;
}

/** The flags of `assay mesh helper run`. */
export interface HelperRunFlags extends HelperFlags {
  readonly dir: string;
  /** Name of a signal, or none. */
  readonly renewSignal: string;
  readonly giveUp: boolean;
  readonly spiffeHelper?: string;
  readonly dryRun: boolean;
}

/** What was asked for, when it made sense. */
interface Asked {
  readonly settings: HelperSettings;
  readonly environment: HelperEnvironment;
  readonly findings: readonly Finding[];
}

function asked({ config, workloadApi, svidTtl }: HelperFlags): Asked {
  const settings = readSettings(readFlagFile('--config', config), config);
  const environment = readEnvironment(process.env, workloadApi);
  return { settings, environment, findings: findingsOf(settings, environment, svidTtl) };
}

/**
 * `assay mesh helper run`: the real spiffe-helper under the settings of the demo document, and a program that uses its files, until Ctrl-C or SIGTERM.
 * Standard output has an event a line, as JSON.
 *
 * @param command - of the program; empty where there is none
 * @throws UsageError for what makes no sense, FixtureError where the program fails, or it gives up as it was told to
 */
export async function helperRunCommand(command: readonly string[], flags: HelperRunFlags): Promise<number> {
  const { settings, environment, findings } = asked(flags);
  const renewSignal = signalOf(flags.renewSignal);
  const places = helperPlaces(directoryOf(flags.dir));
  if (flags.dryRun) {
    process.stdout.write(
      `would write to ${places.directory}, and run spiffe-helper by ${places.config}:\n${helperConfig(environment)}`,
    );
    return exitCodes.pass;
  }
  const program = await programOf('--spiffe-helper', 'spiffe-helper', flags.spiffeHelper);
  onDisk(places, () => makeDirectories(places.directory));
  await using _alone = await aloneIn(places.directory, `--dir ${places.directory}: another helper goes on there`);
  using stopping = abortOnSignals('leaving; spiffe-helper and the command end with this one');
  const say = sayEvents((line) => process.stdout.write(line));
  tellBeforehand(places, findings, say);
  const workload = workloadOf(command, renewSignal, say, stopping.signal);
  const supervised: Supervised = {
    ...{ settings, environment, places, say, giveUp: flags.giveUp, onDelivered: workload.onDelivered },
    ...{ spiffeHelper: diesWithUs([program]), owner: ownerOf(process.pid) ?? '' },
  };
  const supervisor = onDisk(places, () => new HelperSupervisor(supervised));
  let end: CommandEnd | undefined;
  try {
    await supervisor.run(AbortSignal.any([stopping.signal, workload.over]));
  } finally {
    end = await workload.finish();
  }
  if (end !== undefined && end.code !== exitCodes.pass) throw new FixtureError(`the command ${end.how}`);
  return supervisor.hasDelivered ? exitCodes.pass : exitCodes.aborted;
}

function signalOf(name: string): NodeJS.Signals | undefined {
  if (name === 'none') return undefined;
  if (Object.hasOwn(constants.signals, name)) return name as NodeJS.Signals;
  throw new UsageError(`--renew-signal ${name}: is no signal; wanted is one such as SIGHUP, or none`);
}

function directoryOf(dir: string): string {
  if (dir.trim() === '') throw new UsageError('--dir: is empty; is the variable that names it set?');
  return resolve(dir);
}

/** @throws UsageError for what the file system has against it */
function onDisk<T>({ directory }: HelperPlaces, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`--dir ${directory}: ${messageOf(error)}`);
  }
}

function tellBeforehand({ directory }: HelperPlaces, findings: readonly Finding[], say: Say): void {
  for (const { key, line, severity, literally, instead } of findings)
    say(severity === 'note' ? 'info' : 'warn', 'finding', `${key}: read literally, ${literally}; here ${instead}`, {
      ...{ key, line, severity },
    });
  if (isShared(statSync(directory).mode))
    say(
      'warn',
      'directory-shared',
      `others can write to ${directory}, and put another identity in the place of this one: name a directory below it, which is made for its owner alone to write`,
    );
}

/** The program that uses the files: it is started with the first, and told of all others. */
function workloadOf(
  command: readonly string[],
  renewSignal: NodeJS.Signals | undefined,
  say: Say,
  stopping: AbortSignal,
) {
  const [program, ...args] = command;
  const over = new AbortController();
  let running: WorkloadCommand | undefined;
  let byItself: CommandEnd | undefined;
  const start = (name: string) => {
    running = startCommand(diesWithUs([name, ...args]));
    say('info', 'command-started', basename(name));
    void running.ended.then((end) => {
      // A terminal sends Ctrl-C to both.
      if (!stopping.aborted) byItself = end;
      say('info', 'command-ended', `the command ${end.how}`);
      over.abort();
    });
  };
  return {
    over: over.signal,
    onDelivered() {
      if (program === undefined) return;
      if (running === undefined) return start(program);
      if (renewSignal === undefined) return;
      const why = running.renew(renewSignal);
      if (why === undefined) say('info', 'signalled', `the command was sent ${renewSignal}`);
      else say('warn', 'not-signalled', `the command is not told of the new files: ${why}`);
    },
    /** Ends it. @returns how it ended, where it did by itself */
    async finish(): Promise<CommandEnd | undefined> {
      const end = byItself;
      await running?.end();
      return end;
    },
  };
}

/** The flags of `assay mesh helper check`. */
export interface HelperCheckFlags extends HelperFlags {
  readonly strict: boolean;
  readonly json: boolean;
}

/**
 * `assay mesh helper check`: what a file would do if it were read literally, what is done instead, and the configuration that spiffe-helper gets. It asks
 * nobody. Exit code 1 with `--strict` where something in it is a danger.
 *
 * @throws UsageError for a file that is wrong
 */
export function helperCheckCommand(flags: HelperCheckFlags): number {
  const { settings, environment, findings } = asked(flags);
  const generated = helperConfig(environment);
  const { lines: _, ...values } = settings;
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ file: flags.config, settings: values, environment, findings, generated })}\n`
      : `${findings.map(findingInWords).join('')}\nspiffe-helper gets:\n\n${generated}`,
  );
  const isDangerous = findings.some(({ severity }) => severity === 'danger');
  return flags.strict && isDangerous ? exitCodes.fail : exitCodes.pass;
}

function findingInWords({ key, line, severity, literally, instead }: Finding): string {
  const where = line === undefined ? '' : ` (line ${line})`;
  return `${severity}: ${key}${where}\n  read literally: ${literally}\n  here: ${instead}\n`;
}

/** The flags of `assay mesh helper status`. */
export interface HelperStatusFlags {
  readonly dir: string;
  readonly json: boolean;
}

/**
 * `assay mesh helper status`: the SVID in the files, how far its life has gone, and what the helper says. Exit code 1 where something is wrong.
 *
 * @throws UsageError for a directory that is none, FixtureError where no helper ever was
 */
export function helperStatusCommand({ dir, json }: HelperStatusFlags): number {
  const places = helperPlaces(directoryOf(dir));
  const files = filesIn(places);
  const status = readStatus(places.status);
  if (status === undefined && files === undefined)
    throw new FixtureError(`--dir ${places.directory}: no helper has run there, and no SVID lies there`);
  const runs = status !== undefined && ownerOf(status.owner.split(':')[0] ?? '') === status.owner;
  const now = new Date();
  const standing = standingOf({ status, files, runs }, now);
  process.stdout.write(json ? `${JSON.stringify(standing)}\n` : standingInWords(standing, now));
  return standing.wrong.length === 0 ? exitCodes.pass : exitCodes.fail;
}

/** Undefined where they are not all there. @throws UsageError where they cannot be looked at */
function filesIn(places: HelperPlaces): SetFiles | undefined {
  return onDisk(places, () => {
    if (!statSync(places.directory).isDirectory()) throw new Error('is no directory');
    return readSet(places.directory);
  });
}

function standingInWords({ state, svid, bundle, wrong }: HelperStanding, now: Date): string {
  const span = (iso: string) => spanOf(Date.parse(iso) - now.getTime());
  const { deliveredAt, rotations = 0 } = svid ?? {};
  return [
    ...(svid === undefined
      ? []
      : [
          svid.spiffeId,
          `  SVID      ends ${span(svid.notAfter)}, at ${svid.notAfter}; ${percent(svid.shareUsed)} of its life are over; serial number ${svid.serial}`,
          ...(deliveredAt === undefined ? [] : [`  rotation  the last ${span(deliveredAt)}; ${rotations} in this run`]),
          `  bundle    ${bundle.authorities} ${bundle.authorities === 1 ? 'authority' : 'authorities'}${bundle.confirmedAt === undefined ? '' : `, confirmed ${span(bundle.confirmedAt)}`}`,
        ]),
    `  helper    ${state}`,
    ...wrong.map((one) => `! ${one}`),
    '',
  ].join('\n');
}

/** The flags of `assay mesh helper verify`. */
export interface HelperVerifyFlags {
  readonly dir: string;
  readonly trustDomain?: string;
  readonly json: boolean;
}

/**
 * `assay mesh helper verify`: whether the files belong together, by themselves: key, chain, bundle, ID, time and permissions. Exit code 1 where not.
 *
 * @throws UsageError for a directory that is none, FixtureError where not all files are there
 */
export function helperVerifyCommand({ dir, trustDomain, json }: HelperVerifyFlags): number {
  const places = helperPlaces(directoryOf(dir));
  const files = filesIn(places);
  if (files === undefined)
    throw new FixtureError(
      `--dir ${places.directory}: ${places.svid}, ${places.key} and ${places.bundle} are not all there, so that nothing can be verified`,
    );
  const wanted =
    checkedTrustDomain(trustDomain, '--trust-domain') ?? checkedTrustDomain(process.env.SPIFFE_TRUST_DOMAIN);
  const { leaf, checks: ofSet } = lookAt(files, wanted, new Date());
  const checks = [...ofSet, ...onDisk(places, () => permissionChecks(places))];
  const mark = { true: '✓', false: '✗', undefined: '-' } as const;
  process.stdout.write(
    json
      ? `${JSON.stringify({ spiffeId: leaf?.uriSans[0] ?? null, checks })}\n`
      : checks.map(({ held, says }) => `${mark[`${held}`]} ${says}\n`).join(''),
  );
  return checks.every(({ held }) => held !== false) ? exitCodes.pass : exitCodes.fail;
}
