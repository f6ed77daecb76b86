import type { goService } from './go-service.ts';
import type { ProtocolName, Speech } from '../../fixtures/probes/protocols.ts';

/** Where a deployment lives, and the files that it is given: those that SPIRE issued for it. */
export interface Place {
  /** A folder of its own. */
  readonly dir: string;
  readonly port: number;
  /** Another one, for what stands behind it. */
  readonly behind: number;
  /** Paths of PEM files; that of the key is that of the chain with `.key` behind it, where HAProxy looks for it. */
  readonly cert: string;
  readonly key: string;
  readonly bundle: string;
  /** Socket of the Workload API, as `unix:///path`. */
  readonly workloadApi: string;
  /** Its own. */
  readonly spiffeId: string;
  /** Who is let in, and who is called. */
  readonly allowed: string;
}

/** Files that it wants, by name, and the command that runs it in the foreground; more than one where something stands behind it. */
export interface Deployment {
  readonly files?: Readonly<Record<string, string>>;
  readonly commands: readonly (readonly string[])[];
  /** What makes it call, as a target file has it. */
  readonly dial?: readonly string[];
  /** User that it has to run as, where that is not root. */
  readonly user?: string;
}

/** What spiffe-helper does when it has written new files: lines of its configuration, and files that they name. */
export interface Renewal {
  readonly lines: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

/** A deployment that people really ship, and the clauses that it breaks. */
export interface Mistake {
  readonly id: string;
  /** What of it is wrong, as Markdown. */
  readonly title: string;
  readonly breaks: readonly string[];
  /** It takes every name: whatever name it is shown by an SVID, it lets in. */
  readonly takesAnyName?: true;
  readonly deploy: (place: Place) => Deployment;
}

/** A deployment that is right on its first day, and not when SVIDs and authorities are renewed. */
export interface Stale extends Pick<Mistake, 'id' | 'title' | 'breaks'> {
  /** Nobody tells it of new files. */
  readonly isToldNothing?: true;
  /** Otherwise: how it is deployed, where the bundle of a place is a file that nobody writes anew. */
  readonly deploy?: Mistake['deploy'];
}

/** Software that speaks TLS, deployed as its manual says. */
export interface Product {
  readonly id: string;
  readonly title: string;
  /** What it cannot do, as a sentence; absent where there is nothing to say. */
  readonly cannot?: string;
  /** It asks the Workload API itself, and is given no files. */
  readonly asksWorkloadApi?: true;
  /** How it is told of files that spiffe-helper has written anew; it goes on with the old ones if nobody does. */
  readonly renewal?: (place: Place) => Renewal;
  readonly protocol: ProtocolName;
  readonly speech?: Speech;
  /** What its right deployment takes that is no right X509-SVID: clauses that an authority of the run alone decides. */
  readonly takesOdd?: readonly string[];
  /** The program without which it cannot be had here. */
  readonly needs: string;
  /** It is a program of its own, which has to be built. */
  readonly builds?: typeof goService;
  readonly right: (place: Place) => Deployment;
  /** It cannot tell one SPIFFE ID from another, so that its right deployment takes every name. */
  readonly pinsNothing?: true;
  readonly wrong: readonly Mistake[];
  /** What is wrong of it only when SVIDs and authorities are renewed. */
  readonly stale?: readonly Stale[];
}

/** Bytes of a URI SAN as they stand in a certificate, in hexadecimal digits: its tag, its length, the ID. */
export function sanHex(spiffeId: string): string {
  return Buffer.concat([Buffer.from([0x86, spiffeId.length]), Buffer.from(spiffeId)]).toString('hex');
}

/** What whoever takes every name breaks. */
export const names = [
  'mesh/pinning/sibling-path',
  'mesh/pinning/prefix',
  'mesh/pinning/suffix',
  'mesh/pinning/same-name',
  'mesh/pinning/case',
  'mesh/pinning/punctuation',
];
/** What those break that do not follow. */
export const newSvid = 'mesh/rotation/new-svid-presented';
/** Whoever stays with an old bundle turns the right callers away from then on, and lets in those of an authority that is revoked. */
export const oldBundle = [
  'mesh/rotation/requests-survive',
  'mesh/rotation/strangers-refused',
  'mesh/rotation/revoked-authority-refused',
  'mesh/traffic/healthy',
];
export const ticketPastAuthority = 'mesh/rotation/ticket-not-past-authority';
export const suffix = 'mesh/pinning/suffix';
export const anonymous = 'mesh/tls/client-certificate-required';
export const expectedPeer = 'mesh/pinning/expected-peer';
export const oldTlsAsClient = 'mesh/tls/version-as-client';
/** Of whoever asks nobody for a certificate, or believes whatever is shown. */
export const foreignDomain = 'mesh/pinning/foreign-domain-unknown';
export const keyPossession = 'mesh/pinning/key-possession';
export const weak = 'mesh/tls/aead-only';
export const oldTls = 'mesh/tls/version-as-server';
export const plaintext = 'mesh/tls/plaintext-refused';
export const unlinked = 'x509-svid/chain/unlinked';
/** Whoever believes a stranger believes a chain to one, too, and looks at no end. */
export const strangers = ['spiffe-id/proof/stranger-authority', unlinked, 'x509-svid/path/expired'];
/** Of whoever knows no X509-SVID, and takes a certificate as its TLS stack does. */
export const oddLeaves = ['x509-svid/leaf/two-uri-sans', 'x509-svid/leaf/ca-as-leaf', 'x509-svid/leaf/key-usage'];
export const selfSigned = 'spiffe-id/proof/self-signed';
