import { ofOwnRecords, type Judge } from '../clause.ts';
import { entriesOf, type EntryOf, type History } from '../history.ts';
import { hostPort } from '../host-port.ts';
import { indexes } from './exchanges.ts';
import { byFindings, type Finding } from './findings.ts';

type PlaneEntry = EntryOf<'plane'>;
type HandshakeEntry = EntryOf<'plane-handshake'>;

const control = 'TLSv1.3';
/** The group with a post-quantum part that is the control of all the others. */
export const postQuantum = 'X25519MLKEM768';
/**
 * Every group without one that TLS 1.3 knows and OpenSSL can offer: a server that has taken the usual curves off its list may still have one
 * of the others on it.
 *
 * Source: IANA's registry of TLS Supported Groups; OpenSSL 3.5, SSL_CTX_set1_groups_list.
 */
export const classicalGroups: readonly string[] = [
  ...['X25519', 'P-256', 'P-384', 'P-521', 'X448'],
  ...['brainpoolP256r1tls13', 'brainpoolP384r1tls13', 'brainpoolP512r1tls13'],
  ...['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
];
const untried = 'nothing was offered but the control, so nothing was refused';

/** How the planes of listeners are called that a node has beside the one that is judged. */
export const furtherListener = 'listener' as const;

/** Decides whether no port of a host takes connections that nobody declared. That a declared one was seen open is the control. */
export const nothingUndeclared = ofOwnRecords((history, clause) => {
  const known = entriesOf(history, 'plane').flatMap(({ address }) =>
    /:\d+$/.test(address) ? [hostPort(address.replace(/^tcp:\/\//, ''))] : [],
  );
  return byFindings(
    history,
    clause,
    entriesOf(history, 'port-scan').map((scan): Finding => {
      const { host, names, from, to, open, left, index } = scan;
      const found = { subject: host, evidence: [index] };
      const declared = known.flatMap((one) => (names.includes(one.host) ? [one.port] : []));
      const more = open.filter((port) => !declared.includes(port));
      if (more.length > 0)
        return {
          ...found,
          state: 'broken',
          says: `${more.slice(0, 8).join(', ')}${more.length > 8 ? ` and ${more.length - 8} more` : ''} take connections, and nobody declared them: name what is right under listeners, or under known of scan`,
        };
      if (left > 0) return { ...found, state: 'unknown', says: `${left} of its ports were not tried` };
      if (!open.some((port) => declared.includes(port)))
        return {
          ...found,
          state: 'unknown',
          says: `none of its declared ports was seen open among ${from} to ${to}, so that the others may be hidden as well`,
        };
      return { ...found, state: 'holds', says: `of the ports ${from} to ${to} only declared ones take connections` };
    }),
  );
});

/** Decides whether each listener of a plane keeps the TLS policy that is declared for it. */
export function keepsDeclaredPolicy(plane: string): Judge {
  return ofOwnRecords((history, clause) =>
    byFindings(
      history,
      clause,
      declared(history, plane).flatMap((listener) => policyFinding(history, listener)),
    ),
  );
}

function policyFinding(history: History, { plane, address, policy }: PlaneEntry): Finding[] {
  if (policy === 'plaintext') return [];
  const found = handshakesWith(history, address, 'versions');
  if (found.length === 0) return [];
  const allowed = policy === 'tls1.3-only' ? [control] : [control, 'TLSv1.2'];
  const spoken = found.filter(({ agreed }) => agreed !== null);
  const names = [...new Set(spoken.map(({ version }) => version))];
  const finding = (state: Finding['state'], says: string, evidence: readonly HandshakeEntry[]): Finding[] => [
    { subject: `${plane} ${address}`, state, says, evidence: indexes(evidence) },
  ];
  const tooOld = names.filter((version) => !allowed.includes(version));
  if (tooOld.length > 0) {
    const telling = spoken.filter(({ version }) => tooOld.includes(version));
    return finding('broken', `speaks ${tooOld.join(', ')}, declared is ${policy}`, telling);
  }
  if (!names.includes(control)) {
    const first = found.find(({ version }) => version === control);
    return finding(
      'unknown',
      `the control, TLS 1.3, was not accepted: ${first?.how ?? 'it was not offered'}`,
      first ? [first] : found,
    );
  }
  const stranger = found.find(({ version, unproven }) => version === control && unproven !== undefined);
  if (stranger !== undefined) return finding('unknown', answeredBySomebody(control, stranger), [stranger]);
  const unclear = found.filter(({ agreed, outcome }) => agreed === null && outcome === 'unknown');
  if (unclear.length > 0)
    return finding('unknown', `could not tell for ${unclear[0]!.version}: ${unclear[0]!.how}`, unclear);
  if (found.every(({ version }) => version === control)) return finding('unknown', untried, found);
  return finding('holds', `speaks ${names.join(', ')} and refuses the others; declared is ${policy}`, found);
}

/**
 * Decides whether a SPIRE server whose switch is on takes no handshake without a post-quantum key exchange, nor TLS 1.2. It is tried only
 * where the switch is on.
 */
export const onlyPostQuantum = ofOwnRecords((history, clause) => {
  const tried = entriesOf(history, 'plane-handshake').filter(({ about }) => about === 'key-exchange');
  return byFindings(history, clause, keyExchangeFindings(tried));
});

function keyExchangeFindings(tried: readonly HandshakeEntry[]): Finding[] {
  const listeners = Map.groupBy(tried, ({ plane, address }) => `${plane} ${address}`);
  return [...listeners].map(([subject, handshakes]) => keyExchangeFinding(subject, handshakes));
}

function keyExchangeFinding(subject: string, handshakes: readonly HandshakeEntry[]): Finding {
  const controls = handshakes.filter(({ group }) => group === postQuantum);
  const tried = handshakes.filter((handshake) => !controls.includes(handshake));
  const broken = tried.filter(({ agreed }) => agreed !== null);
  if (broken.length > 0) {
    const what = broken.map(({ group }) => (group === undefined ? 'TLS 1.2' : `${group} alone`));
    const says = `require_pq_kem is on, yet ${[...new Set(what)].join(' and ')} was accepted`;
    return { subject, state: 'broken', says, evidence: indexes(broken) };
  }
  const evidence = indexes(handshakes);
  // It stands before and after: a port that is gone in between refuses everything.
  const lost = controls.find(({ agreed }) => agreed === null);
  if (controls.length === 0 || lost !== undefined) {
    const why = lost?.how ?? 'it was not offered';
    return { subject, state: 'unknown', says: `the control, ${postQuantum}, was not accepted: ${why}`, evidence };
  }
  const stranger = controls.find(({ unproven }) => unproven !== undefined);
  if (stranger !== undefined)
    return { subject, state: 'unknown', says: answeredBySomebody(postQuantum, stranger), evidence: [stranger.index] };
  if (tried.length === 0) return { subject, state: 'unknown', says: untried, evidence };
  const unclear = tried.find(({ outcome }) => outcome === 'unknown');
  if (unclear !== undefined) {
    const what = unclear.group ?? unclear.version;
    return { subject, state: 'unknown', says: `could not tell for ${what}: ${unclear.how}`, evidence: [unclear.index] };
  }
  const missing = [undefined, ...classicalGroups].filter((wanted) => tried.every(({ group }) => group !== wanted));
  if (missing.length > 0) {
    const says = `not offered: ${missing.map((group) => group ?? 'TLS 1.2').join(', ')}`;
    return { subject, state: 'unknown', says, evidence };
  }
  const says = `TLS 1.2 and all ${classicalGroups.length} key exchanges without a post-quantum part were refused, ${postQuantum} was accepted`;
  return { subject, state: 'holds', says, evidence };
}

function answeredBySomebody(what: string, { unproven }: HandshakeEntry): string {
  return `whoever took the control, ${what}, did not prove to be it: ${unproven}`;
}

/** Decides whether listeners that serve without TLS are bound to loopback addresses only. That they answer is the control. */
export const boundToLoopback = ofOwnRecords((history, clause) =>
  byFindings(history, clause, entriesOf(history, 'listener').map(listenerFinding)),
);

function listenerFinding({ plane, address, answered, boundTo, index }: EntryOf<'listener'>): Finding {
  const subject = `${plane} ${address}`;
  const evidence = [index];
  const bound = boundTo.map((bind) => bind.address).join(', ');
  const open = boundTo.filter(({ loopback }) => !loopback).map((bind) => bind.address);
  if (open.length > 0)
    return { subject, state: 'broken', says: `plaintext metrics are bound to ${open.join(', ')}`, evidence };
  if (boundTo.length === 0)
    return { subject, state: 'unknown', says: 'nothing is seen to listen on its port', evidence };
  if (!answered) return { subject, state: 'unknown', says: 'could not be scraped', evidence };
  return { subject, state: 'holds', says: `scraped, and bound to ${bound} only`, evidence };
}

/** All that was found about one declared listener. */
export function planeFindings(history: History, listener: PlaneEntry): Finding[] {
  const listeners = entriesOf(history, 'listener').filter(({ address }) => address === listener.address);
  return [
    ...policyFinding(history, listener),
    ...keyExchangeFindings(handshakesWith(history, listener.address, 'key-exchange')),
    ...listeners.map(listenerFinding),
  ];
}

function declared(history: History, plane: string): PlaneEntry[] {
  return entriesOf(history, 'plane').filter((entry) => entry.plane === plane);
}

function handshakesWith(history: History, address: string, about: HandshakeEntry['about']): HandshakeEntry[] {
  return entriesOf(history, 'plane-handshake').filter((entry) => entry.address === address && entry.about === about);
}
