import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../../src/errors.ts';
import { isTrustDomain } from '../../src/svid/spiffe-id.ts';
import { forgeAuthority, type Authority } from '../../src/svid/x509/forge.ts';
import { privateKeyPem } from '../../src/svid/x509/key-pair.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { signedBy } from '../../src/svid/x509/signature.ts';
import { addToCeremony, did, type CeremonyRecord, type Told } from './ceremony.ts';
import { makeWhole, moveWhole, removeDrafts, removeWhole, turnLink } from './kept-whole.ts';
import { names, readState, type CaPlaces, type CaState, type KeptRoot } from './places.ts';
import { openKey, sealKey } from './sealed-key.ts';

/** How an authority is made. Lifetimes are whole days. */
export interface CaOptions {
  readonly trustDomain: string;
  readonly rootDays: number;
  readonly intermediateDays: number;
  /** SPIRE servers from the one that is handed the intermediate down to the one that signs SVIDs; left out: 1, or as the root that is there has it. */
  readonly tiers?: number | undefined;
  /** Vouches for URIs of its trust domain alone. */
  readonly constrainNames: boolean;
}

/** The same, with nothing left out. */
type Shape = Pick<CaOptions, 'trustDomain' | 'constrainNames'> & { readonly tiers: number };

/** Who does it, and when. */
export interface Ceremony {
  readonly places: CaPlaces;
  readonly passphrase: string;
  readonly now: Date;
  /** Where the directory of the server lies there; left out: as before, and at first where it is written. */
  readonly atServer?: string;
  /** Why it is done beside a server. */
  readonly forced?: string;
  /** Why it is done without waiting for the step before. */
  readonly withoutOverlap?: string;
}

/** One thing that is to be done, told before it is. */
export interface CaStep {
  readonly does: string;
  run(): Promise<void>;
}

const dayMs = 86_400_000;
/** How old an intermediate gets before it is to be renewed: a quarter, as the deployment document has it. */
export const quarterDays = 92;
// Clocks of nodes that are a little behind take it from the first moment on.
const backdatedMs = 5 * 60_000;

/**
 * A root and the first intermediate below it. What is there already stays: a second call finishes what was interrupted, or does nothing.
 *
 * @throws UsageError where what is there is of another trust domain, or cannot be opened
 */
export function createSteps(options: CaOptions, ceremony: Ceremony): CaStep[] {
  const { trustDomain } = options;
  if (!isTrustDomain(trustDomain))
    throw new UsageError(
      `--trust-domain ${trustDomain}: is no name of a trust domain; wanted is one such as example.org, without spiffe://`,
    );
  if (options.constrainNames && !isDnsName(trustDomain))
    throw new UsageError(
      `--constrain-names: ${trustDomain} is no DNS name, which a constraint on URIs has to be; leave the flag away`,
    );
  const state = stateOf(ceremony);
  if (state.root === undefined && (state.next ?? state.before) !== undefined) throw interrupted(ceremony);
  if (state.root === undefined) {
    refuseBrief(options);
    const shape = { ...options, tiers: options.tiers ?? 1 };
    return [makeRoot(names.root, 'a root', shape, ceremony), handOver(shape, ceremony, 'below the root')];
  }
  const own = shapeOf(state.root.certificate);
  const { offline } = ceremony.places;
  if (own.trustDomain !== trustDomain)
    throw new UsageError(
      `--offline ${offline}: holds a root of ${own.trustDomain}, not of ${trustDomain}; name another place, or that trust domain`,
    );
  if ((options.tiers ?? own.tiers) !== own.tiers || (options.constrainNames && !own.constrainNames))
    throw new UsageError(
      `--offline ${offline}: holds a root for ${own.tiers} ${own.tiers === 1 ? 'tier' : 'tiers'} of servers, ${own.constrainNames ? 'with' : 'without'} constraints on names, and a root cannot be changed; leave --tiers and --constrain-names away, or name another place`,
    );
  openRoot(state.root, ceremony);
  if (state.handed !== undefined) return [];
  alive(state.root, ceremony);
  return [handOver({ ...options, ...own }, ceremony, 'below the root')];
}

/**
 * A new intermediate below the root that is there, with a new key. The one before stays valid until its end, so that nothing that the server has
 * signed below it is refused.
 *
 * @param early - also where the one that is there is not a quarter old yet
 * @throws UsageError where there is no root, or it cannot be opened
 */
export function renewSteps(options: Pick<CaOptions, 'intermediateDays'>, ceremony: Ceremony, early: boolean): CaStep[] {
  const state = stateOf(ceremony);
  const root = rootOf(state, ceremony);
  openRoot(root, ceremony);
  alive(root, ceremony);
  if (state.before !== undefined && !isBelow(state, root)) throw interrupted(ceremony);
  refuseDropping(state);
  const due = renewalDue(state);
  if (!early && due !== undefined && due > ceremony.now) return [];
  return [handOver(below(root, options), ceremony, 'in the place of the one before')];
}

/** When the intermediate that a server has is to be renewed. */
export function renewalDue({ handed }: CaState): Date | undefined {
  if (handed === undefined) return undefined;
  const { notBefore, notAfter } = handed.upstream;
  const life = notAfter.getTime() - notBefore.getTime();
  return new Date(notBefore.getTime() + Math.min(quarterDays * dayMs, 0.75 * life));
}

/** @throws UsageError for a root that would end with what it signs */
function refuseBrief({ rootDays, intermediateDays }: Pick<CaOptions, 'rootDays' | 'intermediateDays'>): void {
  if (rootDays <= intermediateDays)
    throw new UsageError(
      `--root-days ${rootDays}: a root has to live longer than an intermediate, which lives for ${intermediateDays} days (--intermediate-days)`,
    );
}

/** The steps of a rotation of the root, in their order. */
export const rotations = ['prepare', 'activate', 'retire'] as const;

/** One of them. */
export type Rotation = (typeof rotations)[number];

/**
 * One step of a rotation of the root. Each waits for `overlapMs` after the one before it: for so long what was handed over may take to reach every
 * node, and for so long an SVID below the old root may live on.
 *
 * - `prepare`: a new root, which is trusted beside the old one and signs nothing yet
 * - `activate`: an intermediate below the new root; the old root is still trusted
 * - `retire`: the old root is handed over no longer, and its key is gone
 *
 * @throws UsageError where it is not its turn
 */
export function rotationSteps(
  rotation: Rotation,
  options: Omit<CaOptions, 'trustDomain' | 'tiers' | 'constrainNames'> & { readonly overlapMs: number },
  ceremony: Ceremony,
): CaStep[] {
  const state = stateOf(ceremony);
  const turn = { ...ceremony, state, overlapMs: options.overlapMs };
  switch (rotation) {
    case 'prepare': {
      const root = rootOf(state, ceremony);
      if (state.before !== undefined)
        throw new UsageError(
          'rotate-root prepare: the root before is still trusted; finish that rotation first, by `assay mesh ca rotate-root retire`',
        );
      const next = state.next !== undefined && state.next.certificate.notAfter > ceremony.now ? state.next : undefined;
      if (next === state.next) refuseDropping(state);
      const own = { ...options, ...shapeOf(root.certificate) };
      refuseBrief(options);
      const kept = state.handed === undefined ? 'below the root' : undefined;
      // A root whose key is lost can be followed all the same, as long as it has nothing to sign.
      if (kept !== undefined) {
        openRoot(root, ceremony);
        alive(root, ceremony);
      }
      return [
        ...(state.next === next ? [] : [retirement(state.next!, ceremony)]),
        ...(next === undefined ? [makeRoot(names.next, 'a root that is to follow', own, ceremony)] : []),
        ...(isHanded(state, next) ? [] : [handOver(own, ceremony, kept)]),
      ];
    }
    case 'activate': {
      // An activation that was interrupted may have moved one root, and not the other.
      const next = state.next ?? (state.before === undefined ? undefined : state.root);
      if (next === undefined)
        throw new UsageError(
          'rotate-root activate: no root is prepared; that is done by `assay mesh ca rotate-root prepare`',
        );
      openRoot(next, ceremony);
      alive(next, ceremony);
      refuseDropping(state);
      const hasBegun = state.next === undefined || state.root === undefined;
      if (!hasBegun && !isHanded(state, next))
        throw new UsageError(
          'rotate-root activate: the prepared root was not handed over, so that nobody trusts it; `assay mesh ca rotate-root prepare` does that',
        );
      const { fingerprint } = next.certificate;
      if (!hasBegun) afterOverlap(turn, 'rotate-root activate', ({ roots = [] }) => roots.includes(fingerprint));
      const { offline } = ceremony.places;
      const move = (from: string, to: string) => moveWhole(join(offline, from), join(offline, to));
      return [
        ...(state.next === undefined
          ? []
          : [
              step('let the prepared root sign in the place of the one before', async () => {
                note(ceremony, did.activation.begins, next.certificate);
                if (state.root !== undefined) move(names.root, names.before);
                move(names.next, names.root);
                note(ceremony, did.activation.done, next.certificate);
              }),
            ]),
        ...(isBelow(state, next) ? [] : [handOver(below(next, options), ceremony, 'below the new root')]),
      ];
    }
    case 'retire': {
      const { before } = state;
      const root = rootOf(state, ceremony);
      openRoot(root, ceremony);
      // Nothing but the handing over was left where one was interrupted.
      const last = handOver(below(root, options), ceremony, undefined);
      if (before === undefined) {
        const retiring = new Set(
          state.records
            .filter((record) => record.did === did.retirement.begins)
            .map(({ authority }) => authority?.sha256),
        );
        const lost = strangersIn(state).find(({ fingerprint }) => !retiring.has(fingerprint));
        if (lost !== undefined)
          throw new UsageError(
            `rotate-root retire: the server trusts ${lost.subject}, which is not in ${join(ceremony.places.offline, names.before)}; put it back`,
          );
        if (trustsMore(state)) return [last];
        if (state.next === undefined && retiring.size > 0) return [];
        throw new UsageError('rotate-root retire: no root was replaced, so none is there to retire');
      }
      if (state.next !== undefined || !isBelow(state, root)) throw interrupted(ceremony);
      afterOverlap(turn, 'rotate-root retire', (record) => record.below === root.certificate.fingerprint);
      return [retirement(before, ceremony), last];
    }
  }
}

/** Takes a root away, with its key; its certificate is kept. */
function retirement({ directory, certificate, certificatePem }: KeptRoot, ceremony: Ceremony): CaStep {
  return step(`take the root of ${dayOf(certificate.notBefore)} out, and its key away`, async () => {
    note(ceremony, did.retirement.begins, certificate);
    const retired = join(ceremony.places.offline, names.retired);
    mkdirSync(retired, { recursive: true });
    writeFileSync(join(retired, `${certificate.serial}.pem`), certificatePem);
    removeWhole(directory);
    note(ceremony, did.retirement.done, certificate);
  });
}

/**
 * Removes what ceremonies left that were ended half-way: drafts, what a server was to be handed and was not, and keys of roots that were being taken
 * away. For whoever has the two places to himself.
 */
export function tidy(ceremony: Ceremony): void {
  const { offline, server } = ceremony.places;
  for (const place of [offline, server]) removeDrafts(place);
  const { handed, records, root, next, before } = readState(ceremony.places);
  if (handed !== undefined) removeOthers(server, basename(handed.directory));
  const kept = [root, next, before].map((one) => one?.certificate.fingerprint);
  const isDone = (sha256: string) =>
    records.some((record) => record.did === did.retirement.done && record.authority?.sha256 === sha256);
  for (const { did: what, authority } of records)
    if (what === did.retirement.begins && authority && !kept.includes(authority.sha256) && !isDone(authority.sha256))
      addToCeremony(join(offline, names.ceremony), {
        at: ceremony.now.toISOString(),
        did: did.retirement.done,
        authority,
      });
}

/** A key that nobody signs by any more is only there to be stolen. */
function removeOthers(server: string, generation: string): void {
  for (const old of readdirSync(server).filter((name) => isGeneration(name) && name !== generation))
    rmSync(join(server, old), { recursive: true });
}

const step = (does: string, run: () => Promise<void>): CaStep => ({ does, run });

function makeRoot(
  place: 'root' | 'next',
  title: string,
  { trustDomain, rootDays, tiers, constrainNames }: Shape & Pick<CaOptions, 'rootDays'>,
  ceremony: Ceremony,
): CaStep {
  const { offline } = ceremony.places;
  const [notBefore, notAfter] = validity(ceremony.now, rootDays);
  return step(
    `make ${title} of ${trustDomain}: EC P-384, valid until ${dayOf(notAfter)}; its key under the passphrase in ${join(offline, place, names.rootKey)}`,
    async () => {
      const serial = newSerial();
      const root = await forgeAuthority({
        ...{ trustDomain, algorithm: 'ec-p384', serial, subject: subjectOf(trustDomain, 'root', serial) },
        ...{ notBefore, notAfter, pathLength: tiers + 1 },
        ...(constrainNames && { nameConstraints: { permitted: [trustDomain] } }),
      });
      const sealed = sealKey(root.privateKey, ceremony.passphrase);
      // A key that nobody can open is none.
      openKey(sealed, ceremony.passphrase, join(offline, place, names.rootKey));
      note(ceremony, did.root.begins, root.certificate);
      makeWhole(join(offline, place), [
        { name: names.rootKey, text: sealed, secret: true },
        { name: names.rootPem, text: root.certificatePem },
      ]);
      note(ceremony, did.root.done, root.certificate);
    },
  );
}

/**
 * What a server needs, as a directory of its own that takes the place of the one before in one step.
 *
 * @param made - where a new intermediate stands; left out: the one that is there stays, and only the roots beside it are others
 */
function handOver(
  options: Shape & Pick<CaOptions, 'intermediateDays'>,
  ceremony: Ceremony,
  made: string | undefined,
): CaStep {
  const { server } = ceremony.places;
  const [notBefore, notAfter] = validity(ceremony.now, options.intermediateDays);
  const title =
    made === undefined
      ? 'hand over the roots that are trusted now, beside the intermediate that is there'
      : `make an intermediate ${made}: EC P-384, valid until ${dayOf(notAfter)}, or as long as its root`;
  return step(`${title}; for the server in ${join(server, names.current)}`, async () => {
    const state = readState(ceremony.places);
    const root = rootOf(state, ceremony);
    const kept = made === undefined ? state.handed : undefined;
    const intermediate =
      kept !== undefined
        ? { ...kept, certificate: kept.upstream }
        : await newIntermediate(root, options, ceremony, notBefore, notAfter);
    const roots = [root, state.next, state.before].flatMap((one) => (one === undefined ? [] : [one]));
    // As it was said last.
    const at = ceremony.atServer ?? state.records.findLast((record) => record.atServer !== undefined)?.atServer;
    const what = {
      ...(at !== undefined && { atServer: at }),
      ...(kept === undefined && { below: root.certificate.fingerprint }),
      roots: roots.map(({ certificate }) => certificate.fingerprint),
    };
    const generation = `${ceremony.now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${newSerial().slice(0, 8)}`;
    note(ceremony, did.handOver.begins, intermediate.certificate, what);
    makeWhole(join(server, generation), [
      { name: names.upstreamKey, text: intermediate.upstreamKeyPem, secret: true },
      { name: names.upstreamPem, text: intermediate.upstreamPem },
      { name: names.roots, text: roots.map(({ certificatePem }) => certificatePem).join('') },
      { name: names.config, text: upstreamConfig(at ?? server) },
    ]);
    turnLink(join(server, names.current), generation);
    removeOthers(server, generation);
    note(ceremony, did.handOver.done, intermediate.certificate, what);
  });
}

const isGeneration = (name: string): boolean => /^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(name);

async function newIntermediate(
  root: KeptRoot,
  { trustDomain, tiers, constrainNames }: Shape,
  ceremony: Ceremony,
  notBefore: Date,
  notAfter: Date,
) {
  const serial = newSerial();
  const issuer: Authority = {
    certificate: root.certificate,
    certificatePem: root.certificatePem,
    privateKey: openRoot(root, ceremony),
    intermediates: [],
    issue: () => Promise.reject(new TypeError('a root of a mesh signs no leaf')),
  };
  const ends = new Date(Math.min(notAfter.getTime(), root.certificate.notAfter.getTime()));
  const { certificate, certificatePem, privateKey } = await forgeAuthority({
    ...{ trustDomain, algorithm: 'ec-p384', serial, subject: subjectOf(trustDomain, 'intermediate', serial) },
    ...{ notBefore, notAfter: ends, pathLength: tiers, issuer },
    // On a root alone it says nothing to who does not look at what anchors have.
    ...(constrainNames && { nameConstraints: { permitted: [trustDomain] } }),
  });
  return { certificate, upstreamPem: certificatePem, upstreamKeyPem: privateKeyPem(privateKey) };
}

/** The lines of a server's configuration. Paths go through the link, so that SPIRE finds what was handed over last. */
function upstreamConfig(at: string): string {
  const path = (name: string) => JSON.stringify(join(at, names.current, name));
  return `# Into plugins { } of the SPIRE server. It reads these files each time that it prepares an authority.
UpstreamAuthority "disk" {
  plugin_data {
    cert_file_path = ${path(names.upstreamPem)}
    key_file_path = ${path(names.upstreamKey)}
    bundle_file_path = ${path(names.roots)}
  }
}
`;
}

function isHanded({ handed }: CaState, root: KeptRoot | undefined): boolean {
  return (
    handed !== undefined &&
    root !== undefined &&
    handed.roots.some(({ fingerprint }) => fingerprint === root.certificate.fingerprint)
  );
}

/** Roots that a server has, and that are none here any more. */
function strangersIn({ handed, root, next, before }: CaState): readonly Certificate[] {
  const trusted = new Set([root, next, before].map((one) => one?.certificate.fingerprint));
  return (handed?.roots ?? []).filter(({ fingerprint }) => !trusted.has(fingerprint));
}

/** Whether there are such. */
export const trustsMore = (state: CaState): boolean => strangersIn(state).length > 0;

function rootOf({ root, next, before }: CaState, { places }: Ceremony): KeptRoot {
  if (root !== undefined) return root;
  if ((next ?? before) !== undefined) throw interrupted({ places });
  throw new UsageError(`--offline ${places.offline}: holds no root; \`assay mesh ca create\` makes one`);
}

interface Turn extends Ceremony {
  readonly state: CaState;
  readonly overlapMs: number;
}

/**
 * @param isIt - whether a hand-over is the one before this step
 * @throws UsageError where that was not long enough ago; one that was interrupted counts from when it began last
 */
function afterOverlap(
  { state: { records }, overlapMs, now, withoutOverlap }: Turn,
  command: string,
  isIt: (record: CeremonyRecord) => boolean,
): void {
  if (withoutOverlap !== undefined) return;
  const ofThose = records.filter(isIt);
  const first = ofThose.find((record) => record.did === did.handOver.done) ?? ofThose.at(-1);
  const orSay = 'say why not to wait by --without-overlap REASON, which is written down';
  if (first === undefined)
    throw new UsageError(`${command}: the ceremony log does not know when the step before was done; ${orSay}`);
  const over = new Date(Date.parse(first.at) + overlapMs);
  if (over > now)
    throw new UsageError(
      `${command}: is too early: until ${over.toISOString()} nodes may hold what was handed over before. Wait, or ${orSay}`,
    );
}

/** @throws UsageError where a root has ended, so that nothing below it would be taken */
function alive({ certificate }: KeptRoot, { now }: Ceremony): void {
  if (certificate.notAfter <= now)
    throw new UsageError(
      `the root (${certificate.subject}) has ended, on ${certificate.notAfter.toISOString()}; \`assay mesh ca rotate-root prepare\` makes one that is to follow`,
    );
}

/** @throws UsageError where a server trusts a root that is not here any more: it would be dropped without a word */
function refuseDropping(state: CaState): void {
  if (trustsMore(state))
    throw new UsageError(
      'the server has a root that is not in --offline: one that was being retired is finished by `assay mesh ca rotate-root retire`; any other has to be put back',
    );
}

/** The key of a root. @throws UsageError where it cannot be opened, or is that of another */
function openRoot({ sealedKey, keyFile, certificate }: KeptRoot, { passphrase }: Ceremony): KeyObject {
  const key = openKey(sealedKey, passphrase, keyFile);
  if (isKeyOf(key, certificate)) return key;
  throw new UsageError(`${keyFile}: is not the key of the certificate beside it; put the right one back`);
}

/** What lies there. @throws UsageError where it does not belong together, or this machine's clock is behind what was written down */
function stateOf({ places, now, forced }: Ceremony): CaState {
  const state = readState(places);
  const { root, next, before, handed, records } = state;
  const all = [root, next, before].flatMap((one) => (one === undefined ? [] : [one.certificate]));
  for (const name of [names.root, names.next, names.before])
    if (
      existsSync(join(places.offline, name)) &&
      ![root, next, before].some((one) => one?.directory.endsWith(`/${name}`))
    )
      throw new UsageError(`${join(places.offline, name)}: is no whole root, as its certificate is gone; put it back`);
  if (root === undefined && before === undefined && next !== undefined)
    throw new UsageError(
      `${join(places.offline, names.root)}: is not there, and a root is prepared that is to follow it; put it back`,
    );
  if (handed !== undefined && !all.some((one) => signedBy(handed.upstream, one)))
    throw new UsageError(
      `--server ${places.server}: holds an intermediate that no root of ${places.offline} has signed: it is of another authority; name another place`,
    );
  const last = records.at(-1);
  if (last !== undefined && forced === undefined && Date.parse(last.at) > now.getTime() + backdatedMs)
    throw new UsageError(
      `the clock of this machine says ${now.toISOString()}, and the ceremony log ends at ${last.at}: set it right, or what is made is not valid when it should be; where the log is wrong, say so by --forced REASON`,
    );
  return state;
}

function interrupted({ places }: Pick<Ceremony, 'places'>): UsageError {
  return new UsageError(
    `--offline ${places.offline}: a rotation of the root was interrupted; finish it by \`assay mesh ca rotate-root activate\``,
  );
}

/** Whether what a server was handed is below that root. */
export function isBelow({ handed }: CaState, root: KeptRoot): boolean {
  return handed !== undefined && signedBy(handed.upstream, root.certificate);
}

// Go takes nothing else for the host of a constraint.
const isDnsName = (name: string) => /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name);

/** What the next root has to be like: as the one before it. */
function shapeOf(root: Certificate): Shape {
  return {
    trustDomain: trustDomainOf(root),
    tiers: (root.pathLength ?? 2) - 1,
    constrainNames: root.nameConstraints !== undefined,
  };
}

const below = <T extends object>(root: KeptRoot, options: T) => ({ ...options, ...shapeOf(root.certificate) });

function trustDomainOf({ uriSans }: Certificate): string {
  return (uriSans[0] ?? '').replace(/^spiffe:\/\//, '');
}

function subjectOf(trustDomain: string, what: 'root' | 'intermediate', serial: string): string {
  return `O=${trustDomain}, CN=SPIFFE ${what} ${serial.slice(0, 8)}`;
}

function newSerial(): string {
  // Positive, and as long whatever the dice say.
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function validity(now: Date, days: number): readonly [Date, Date] {
  return [new Date(now.getTime() - backdatedMs), new Date(now.getTime() + days * dayMs)];
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

/** What is said of an authority wherever it is. */
export function told(certificate: Certificate): Told {
  return {
    ...{ subject: certificate.subject, serial: certificate.serial, sha256: certificate.fingerprint },
    ...{ subjectKeyId: certificate.subjectKeyId ?? '' },
    ...{ notBefore: certificate.notBefore.toISOString(), notAfter: certificate.notAfter.toISOString() },
  };
}

function note(
  { places, now, forced, withoutOverlap }: Ceremony,
  what: string,
  certificate: Certificate,
  more: Pick<CeremonyRecord, 'below' | 'roots' | 'atServer'> = {},
): void {
  addToCeremony(join(places.offline, names.ceremony), {
    ...{ at: now.toISOString(), did: what, authority: told(certificate), ...more },
    ...(forced !== undefined && { forced }),
    ...(withoutOverlap !== undefined && { withoutOverlap }),
  });
}

/** Whether a private key is that of a certificate. */
export function isKeyOf(key: KeyObject, { publicKeySpki }: Certificate): boolean {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(publicKeySpki);
}
