import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgeAuthority, type Authority } from '../../src/svid/x509/forge.ts';
import { privateKeyPem } from '../../src/svid/x509/key-pair.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import { addToCeremony, did, type CeremonyRecord, type Told } from './ceremony.ts';
import { makeWhole, removeWhole, turnLink } from '../kept-whole.ts';
import { backdatedMs, dayMs, type CaOptions, type CaStep, type Ceremony, type Shape } from './options.ts';
import { names, readState, type KeptRoot } from './places.ts';
import { openKey, sealKey } from './sealed-key.ts';
import { openRoot, rootOf } from './standing.ts';

/** A step by its words. */
export const step = (does: string, run: () => Promise<void>): CaStep => ({ does, run });

/** A root with its key, which comes to be as a whole. */

export function makeRoot(
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
export function handOver(
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

/** Takes a root away, with its key; its certificate is kept. */
export function retirement({ directory, certificate, certificatePem }: KeptRoot, ceremony: Ceremony): CaStep {
  return step(`take the root of ${dayOf(certificate.notBefore)} out, and its key away`, async () => {
    note(ceremony, did.retirement.begins, certificate);
    const retired = join(ceremony.places.offline, names.retired);
    mkdirSync(retired, { recursive: true });
    writeFileSync(join(retired, `${certificate.serial}.pem`), certificatePem);
    removeWhole(directory);
    note(ceremony, did.retirement.done, certificate);
  });
}

/** A key that nobody signs by any more is only there to be stolen. */
export function removeOthers(server: string, generation: string): void {
  for (const old of readdirSync(server).filter((name) => isGeneration(name) && name !== generation))
    rmSync(join(server, old), { recursive: true });
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

/** Writes down what is done. */
export function note(
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
