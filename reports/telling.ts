import type {
  AuditRecord,
  Entry,
  Exchange,
  Listener,
  PlaneHandshake,
  PresentedSvid,
  Search,
  Setting,
} from '../src/history.ts';
import { milliseconds } from './wording.ts';

/** One entry of a history as a sentence for a person; what it leaves out stands in the line itself. */
export function tell(entry: Entry): string {
  switch (entry.kind) {
    case 'run-started':
      return `The run started with ${entry.clauses.length} clauses and seed ${entry.seed}.`;
    case 'run-ended':
      return entry.aborted === undefined ? 'The run ended.' : `The run was aborted: ${entry.aborted}.`;
    case 'phase':
      return `${entry.phase}: ${entry.state}.`;
    case 'node':
      return `${entry.node} runs ${entry.implementation} as ${entry.spiffeId}, SVIDs for ${entry.svidTtlSeconds} s.`;
    case 'scenario':
      return `The scenario ${entry.scenario} has ${entry.state}.`;
    case 'exchange':
      return `Offered to ${entry.node} as a ${entry.role}: ${entry.row}. Wanted ${entry.expect}, got ${entry.outcome}: ${entry.how} (${milliseconds(entry.tookMs)})${beside(entry)}.`;
    case 'plane':
      return `${entry.plane} at ${entry.address} is declared as ${entry.policy}, because ${entry.why}.`;
    case 'plane-handshake':
      return `${entry.plane} at ${entry.address} was offered ${offer(entry)}: ${handshakeOutcome(entry)} (${entry.how}).`;
    case 'listener':
      return `${entry.plane} at ${entry.address} ${entry.answered ? 'answered' : 'did not answer'} without TLS and is bound to ${addresses(entry)}.`;
    case 'request':
      return `${entry.from} called ${entry.to} on a ${entry.connection} connection: ${requestOutcome[entry.outcome]} after ${milliseconds(entry.totalMs)}${svid(', server presented', entry.server)}${svid(', client presented', entry.client)}${entry.detail === undefined ? '' : `, ${entry.detail}`}.`;
    case 'presented':
      return `${entry.node} presented as a ${entry.role}${svid('', entry.svid)}.`;
    case 'svid':
      return `${entry.node} was seen with SVID ${entry.serial} (${entry.seen}), valid until ${entry.notAfter}, signed by ${entry.authority}.`;
    case 'bundle':
      return `${entry.node} was delivered ${entry.authorities.length} authorities of ${entry.trustDomain}: ${entry.authorities.join(', ')}.`;
    case 'authority':
      return `Authority ${entry.authority} of ${entry.mesh} was ${entry.state}.`;
    case 'fault':
      return `${entry.fault} on ${entry.target}: ${entry.state}${entry.provenBy === undefined ? '' : `, seen by ${entry.provenBy}`}.`;
    case 'token':
      return `${entry.token}, ${entry.row}: ${entry.outcome}${entry.code === undefined ? '' : ` (${entry.code}: ${entry.message ?? ''})`}; ${expiry(entry.secondsToExpiry)}.`;
    case 'audit-log':
      return `The audit log of the SPIRE server held ${auditRecords(entry.records)}.`;
    case 'search':
      return `${entry.token} was looked for in ${entry.places.join(' and in ')}: it stands ${stands(entry)}.`;
    case 'setting':
      return `${settings[entry.setting]} ${entry.seconds} s.`;
    case 'skip':
      return `Skipped: ${entry.reason}.`;
    case 'trouble':
      return `Trouble of the harness: ${entry.message}.`;
  }
}

const requestOutcome = { ok: 'answered', fail: 'surely not served', info: 'no answer, nobody knows' } as const;

const settings = { 'join-token-ttl': 'Join tokens are made to live' } as const satisfies Record<
  Setting['setting'],
  string
>;

function offer({ version, group }: PlaneHandshake): string {
  return group === undefined ? version : `${version} with ${group} alone`;
}

function handshakeOutcome({ agreed, outcome }: PlaneHandshake): string {
  return agreed === null ? `${outcome} without a handshake` : `agreed on ${agreed}`;
}

function addresses({ boundTo }: Listener): string {
  return boundTo.map(({ address }) => address).join(', ') || 'no address that was seen';
}

function stands({ foundIn }: Search): string {
  return foundIn.length === 0 ? 'nowhere there' : `in ${foundIn.join(' and in ')}`;
}

/** What a node showed beside the outcome of an exchange. */
function beside({ shown, earlyDataBytes }: Exchange): string {
  const who = shown === undefined ? '' : `; it showed ${shown.join(' and ') || 'a certificate without a name'}`;
  if (earlyDataBytes === undefined || earlyDataBytes.length === 0) return who;
  const tickets = earlyDataBytes.length === 1 ? 'session ticket' : 'session tickets';
  return `${who}; it gave ${earlyDataBytes.length} ${tickets} with at most ${Math.max(...earlyDataBytes)} bytes of early data`;
}

function auditRecords(records: readonly AuditRecord[]): string {
  if (records.length === 0) return 'no record of an attestation';
  const counts = [...Map.groupBy(records, ({ status }) => status)].map(
    ([status, those]) => `${those.length} ${status}`,
  );
  return `${records.length} ${records.length === 1 ? 'record' : 'records'} of attestations (${counts.join(', ')})`;
}

function svid(says: string, presented: PresentedSvid | undefined): string {
  return presented === undefined ? '' : `${says} SVID ${presented.serial} of ${presented.spiffeId}`;
}

function expiry(seconds: number): string {
  return seconds >= 0 ? `${seconds.toFixed(1)} s before its expiry` : `${(-seconds).toFixed(1)} s after its expiry`;
}
