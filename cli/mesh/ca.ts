import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createSteps, renewSteps } from '../../mesh/ca/ca.ts';
import type { CaOptions, CaStep, Ceremony } from '../../mesh/ca/options.ts';
import { rotations, rotationSteps } from '../../mesh/ca/rotation.ts';
import { tidy } from '../../mesh/ca/tidy.ts';
import {
  apart,
  handedAt,
  lies,
  names,
  readState,
  type CaPlaces,
  type CaState,
  type KeptRoot,
} from '../../mesh/ca/places.ts';
import { leastPassphrase, mostPassphrase } from '../../mesh/ca/sealed-key.ts';
import { serversHere } from '../../mesh/ca/servers-here.ts';
import { statusOf, type CaStatus } from '../../mesh/ca/status.ts';
import { makeDirectories } from '../../mesh/make-directories.ts';
import { withoutLinks } from '../../mesh/without-links.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { aloneIn } from './alone-in.ts';

/** The flags of every `assay mesh ca` that opens the root's key. */
export interface CaFlags {
  readonly offline: string;
  readonly server: string;
  readonly passphraseFile: string;
  readonly intermediateDays: number;
  readonly atServer?: string;
  readonly forced?: string;
  readonly withoutOverlap?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `assay mesh ca create`. @throws UsageError as what it calls does */
export function createCaCommand(
  flags: CaFlags & Pick<CaOptions, 'trustDomain' | 'rootDays' | 'tiers' | 'constrainNames'>,
): Promise<number> {
  return carryOut(flags, (ceremony) => createSteps(flags, ceremony), `the authority of ${flags.trustDomain} is there`);
}

/** `assay mesh ca renew`. @throws UsageError as what it calls does */
export function renewCaCommand(flags: CaFlags & { readonly early: boolean }): Promise<number> {
  return carryOut(
    flags,
    (ceremony) => renewSteps(flags, ceremony, flags.early),
    'the intermediate is not a quarter old yet; --early renews it all the same',
  );
}

/** `assay mesh ca rotate-root`. @throws UsageError as what it calls does, and for a step that is none */
export function rotateRootCommand(
  name: string,
  flags: CaFlags & Pick<CaOptions, 'rootDays'> & { readonly overlap: number },
): Promise<number> {
  const rotation = rotations.find((one) => one === name);
  if (rotation === undefined)
    throw new UsageError(`rotate-root ${name}: wanted is one of ${rotations.join(', ')}, in this order`);
  return carryOut(
    flags,
    (ceremony) => rotationSteps(rotation, { ...flags, overlapMs: flags.overlap }, ceremony),
    'that step is done',
  );
}

/** `assay mesh ca status`: exit code 1 where something is wrong. @throws UsageError where nothing is named, or is not there */
export function caStatusCommand(flags: {
  readonly offline?: string;
  readonly server?: string;
  readonly json: boolean;
}): number {
  const [offline, server] = [placeOf('--offline', flags.offline), placeOf('--server', flags.server)];
  if (offline === undefined && server === undefined)
    throw new UsageError('status: name what is to be looked at, by --offline DIR, --server DIR or both');
  const nothing = { root: undefined, next: undefined, before: undefined, records: [] };
  const state: CaState = {
    ...nothing,
    ...(offline !== undefined && readState({ offline, server: offline })),
    ...(server === undefined ? { handed: undefined, damage: undefined } : handedAt(server)),
  };
  const now = new Date();
  const status = statusOf(state, { offline, server }, now);
  if (offline !== undefined && state.root === undefined && status.wrong.length === 0)
    throw new UsageError(`--offline ${offline}: holds no root; \`assay mesh ca create\` makes one`);
  const notes = offline === undefined ? [] : serversHere().map((one) => `${one}, and the root is at hand`);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ ...status, notes })}\n`
      : `${textOf(status, now)}${notes.map((one) => `- ${one}\n`).join('')}`,
  );
  return status.wrong.length === 0 ? exitCodes.pass : exitCodes.fail;
}

function placeOf(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const wanted = 'wanted is a directory that `assay mesh ca` has written to';
  try {
    if (statSync(path).isDirectory()) return withoutLinks(path);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: ${messageOf(error)}; ${wanted}`);
  }
  throw new UsageError(`${flag} ${path}: is no directory; ${wanted}`);
}

async function carryOut(flags: CaFlags, stepsOf: (ceremony: Ceremony) => CaStep[], nothing: string): Promise<number> {
  const { atServer, forced, withoutOverlap, dryRun, json } = flags;
  if (atServer !== undefined && !isAbsolute(atServer))
    throw new UsageError(`--at-server ${atServer}: wants an absolute path, as it stands in the configuration of SPIRE`);
  for (const [flag, reason] of [
    ['--forced', forced],
    ['--without-overlap', withoutOverlap],
  ] as const)
    if (reason?.trim() === '') throw new UsageError(`${flag}: wants the reason, which is written down`);
  const here = serversHere();
  if (here.length > 0 && forced === undefined)
    throw new UsageError(
      `${here[0]}, and the key of a root is not to be where a server is: whoever takes the server over has every identity of the mesh. Do it on a machine that is offline, or say why here by --forced REASON, which is written down`,
    );
  const places = apart(flags);
  const ceremony: Ceremony = {
    ...{ places, passphrase: passphraseFrom(flags.passphraseFile, places), now: new Date() },
    ...(atServer !== undefined && { atServer }),
    ...(forced !== undefined && { forced }),
    ...(withoutOverlap !== undefined && { withoutOverlap }),
  };
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  if (dryRun) {
    const steps = stepsOf(ceremony).map(({ does }) => does);
    for (const does of steps) say(`would ${does}\n`);
    if (steps.length === 0) say(`nothing to do: ${nothing}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ dryRun, steps })}\n`);
    return exitCodes.pass;
  }
  // What is refused leaves nothing behind, not even the two places.
  stepsOf(ceremony);
  await using _alone = await aloneInBoth(places);
  await told(async () => tidy(ceremony));
  const { before } = readState(places);
  const steps = stepsOf(ceremony);
  for (const { does, run } of steps) {
    await told(run);
    say(`✓ ${does}\n`);
  }
  if (steps.length === 0) say(`nothing to do: ${nothing}\n`);
  const state = readState(places);
  const status = statusOf(state, places, ceremony.now);
  const then = whatThen(state, state.before === undefined ? before : undefined, ceremony);
  if (json) process.stdout.write(`${JSON.stringify({ ...status, steps: steps.map(({ does }) => does), then })}\n`);
  else
    process.stdout.write(
      `\n${textOf(status, ceremony.now)}\nThen:\n${then.map((one, at) => `  ${at + 1}. ${one}\n`).join('')}`,
    );
  return status.wrong.length === 0 ? exitCodes.pass : exitCodes.fail;
}

/** Keeps other ceremonies out of both places. @throws UsageError where one goes on, or a place cannot be written to */
async function aloneInBoth({ offline, server }: CaPlaces): Promise<AsyncDisposable> {
  await using taking = new AsyncDisposableStack();
  for (const place of [offline, server])
    taking.use(
      await told(async () => {
        makeDirectories(place, 0o700);
        return aloneIn(place, `${place}: another ceremony goes on there`);
      }),
    );
  return taking.move();
}

/** @throws UsageError for what the file system has against it */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(
      `${messageOf(error)}; what has a tick is done, and nothing else: mend that, and run the same command once more`,
    );
  }
}

/** What a person has to do next, since this command reaches no server. @param gone - the root that was retired just now */
function whatThen({ next, before, records }: CaState, gone: KeptRoot | undefined, { places }: Ceremony): string[] {
  const current = join(places.server, names.current);
  const at = records.findLast(({ atServer }) => atServer !== undefined)?.atServer;
  const steps = [
    `copy ${places.server} to the SPIRE server as it is${at === undefined ? '' : `, to ${at}`}, links included (rsync -a; when all is there, once more with --delete), readable by its user alone, and put the lines of ${join(current, names.config)} into its configuration once`,
    'let the server take it: `spire-server localauthority x509 prepare`, then `activate` with the ID that it gives; by itself it does so when its own authority is due',
  ];
  if (next !== undefined)
    return [
      ...steps,
      'wait until every node trusts the new root (`assay gate --target mesh.yaml`), then `assay mesh ca rotate-root activate`',
    ];
  if (before !== undefined)
    return [
      ...steps,
      'wait until all that is below the old root was renewed (`assay gate --target mesh.yaml`), then `assay mesh ca rotate-root retire`',
    ];
  if (gone !== undefined)
    return [
      ...steps,
      `SPIRE keeps the old root in its bundle until that ends, on ${gone.certificate.notAfter.toISOString().slice(0, 10)}, and cannot be told to forget it; its key is gone, and what it has signed ends by itself`,
    ];
  return [...steps, `take ${places.offline} off this machine, and keep the passphrase elsewhere`];
}

function passphraseFrom(file: string, { offline, server }: CaPlaces): string {
  for (const place of [offline, server])
    if (file !== '-' && lies(withoutLinks(file), place))
      throw new UsageError(`--passphrase-file: lies in ${place}, and would go where the key goes; keep it elsewhere`);
  const text = file === '-' ? fromStandardInput() : privateText(file);
  const passphrase = text.replace(/\n$/, '');
  const wrong = (what: string) => new UsageError(`--passphrase-file: ${what}`);
  if (/[\r\n]/.test(passphrase)) throw wrong('wants the passphrase on one line, which ends as lines do here (LF)');
  // Other programs take these in other ways, or not at all.
  if (/[\p{Cc}\uFEFF]/u.test(passphrase)) throw wrong('holds a control character, or the mark of a byte order');
  if (passphrase.includes('\uFFFD'))
    throw wrong('is no text in UTF-8, so that no other program could open the key by it');
  if (passphrase.trim().length < leastPassphrase)
    throw wrong(
      `is too short; at least ${leastPassphrase} characters are wanted, as \`openssl rand -base64 24\` makes them`,
    );
  if (Buffer.byteLength(passphrase) > mostPassphrase)
    throw wrong(`is too long; OpenSSL takes ${mostPassphrase} bytes at most`);
  return passphrase;
}

/** @throws UsageError that does not say what was named: it may be the passphrase itself */
function privateText(file: string): string {
  let mode: number;
  let text: string;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--passphrase-file: names no file that can be read (${(error as NodeJS.ErrnoException).code}); wanted is the file that holds the passphrase`,
    );
  }
  if ((mode & 0o077) !== 0) throw new UsageError('--passphrase-file: can be read by others: chmod 600 it');
  return text;
}

function fromStandardInput(): string {
  try {
    return readFileSync(0, 'utf8');
  } catch (error) {
    throw new UsageError(`--passphrase-file -: standard input cannot be read: ${messageOf(error)}`);
  }
}

function textOf({ root, next, before, intermediate, renewBy, wrong }: CaStatus, now: Date): string {
  const rows = [
    ['root', root],
    ['root to follow', next],
    ['root before', before],
    ['intermediate', intermediate],
  ] as const;
  const lines = rows.flatMap(([title, told]) => {
    if (told === undefined) return [];
    const days = Math.floor((Date.parse(told.notAfter) - now.getTime()) / 86_400_000);
    const left = days < 0 ? 'ended' : `${days} days left`;
    return [
      `${title.padEnd(15)} ${told.subject}, until ${told.notAfter.slice(0, 10)} (${left})`,
      `  sha256 ${told.sha256}`,
    ];
  });
  return [
    ...lines,
    ...(renewBy === undefined ? [] : [`the intermediate is to be renewed by ${renewBy.slice(0, 10)}`]),
    ...wrong.map((one) => `! ${one}`),
    '',
  ].join('\n');
}
