import { percent } from '../src/percent.ts';
import type {
  AuditRecord,
  Entry,
  Exchange,
  Life,
  Listener,
  PlaneHandshake,
  PresentedSvid,
  Search,
  ShownLeaf,
  TokenLife,
} from '../src/history.ts';
import { milliseconds } from './wording.ts';

const triedOutcome = { caught: 'caught', missed: 'missed', open: 'left open by a machine that was too busy' } as const;

const conformerOutcome = {
  right: 'nothing failed it',
  alarm: 'a false alarm',
  open: 'left open by a machine that was too busy',
} as const;

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
      return `${entry.node} runs ${entry.implementation} as ${entry.spiffeId}, SVIDs for ${entry.svidTtlSeconds} s, to be taken up within ${entry.uptakeMs / 1000} s.${entry.calledAs === undefined ? '' : ` It is called as ${entry.calledAs}, whom it allows.`}`;
    case 'scenario':
      return `The scenario ${entry.scenario} has ${entry.state}.`;
    case 'exchange':
      return `Offered to ${entry.node} as a ${entry.role}: ${entry.row}. Wanted ${entry.expect}, got ${entry.outcome}: ${entry.how} (${milliseconds(entry.tookMs)})${beside(entry)}.`;
    case 'leaf':
      return `${entry.node} as a ${entry.role} showed ${shownLeaf(entry)}.`;
    case 'plane':
      return `${entry.plane} at ${entry.address} is declared as ${entry.policy}, because ${entry.why}.`;
    case 'plane-handshake':
      return `${entry.plane} at ${entry.address} was offered ${offer(entry)}: ${handshakeOutcome(entry)} (${entry.how})${entry.unproven === undefined ? '' : `, by nobody that proved to be it: ${entry.unproven}`}.`;
    case 'listener':
      return `${entry.plane} at ${entry.address} ${entry.answered ? 'answered' : 'did not answer'} without TLS and is bound to ${addresses(entry)}.`;
    case 'port-scan':
      return `Of the ports ${entry.from} to ${entry.to} of ${entry.host} these take connections: ${entry.open.join(', ') || 'none'}.`;
    case 'request':
      return `${entry.from} called ${entry.to} on a ${entry.connection} connection: ${requestOutcome[entry.outcome]} after ${milliseconds(entry.totalMs)}${svid(', server presented', entry.server)}${svid(', client presented', entry.client)}${entry.detail === undefined ? '' : `, ${entry.detail}`}.`;
    case 'capacity':
      return `${entry.node} bore ${entry.bearsPerSecond} new connections a second when it was healthy, 99 in 100 answered within ${milliseconds(entry.p99Ms)}; the load makes ${entry.loadPerSecond} a second, of which it is given ${percent(entry.share)}.`;
    case 'machine':
      return `The ${entry.source} came up to ${milliseconds(entry.lagMs)} late${entry.waitedMs === undefined ? '' : `, and waited ${milliseconds(entry.waitedMs)} of ${milliseconds(entry.atMs - entry.fromMs)} for a processor`}.`;
    case 'starved':
      return `${entry.node} had work to do and waited ${milliseconds(entry.waitedMs)} of ${milliseconds(entry.atMs - entry.fromMs)} for a processor that others held.`;
    case 'presented':
      return `${entry.node} presented as a ${entry.role}${svid('', entry.svid)}.`;
    case 'life':
      return `${entry.node} ${lives(entry)}.`;
    case 'readiness':
      return `${entry.node} was asked ${entry.times} times whether it is ready: ${entry.answer} (${entry.how}).`;
    case 'connections':
      return `${entry.opened} connections were opened to ${entry.node}, ${entry.atOnce} at once: ${entry.what}.`;
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
      return `${entry.tokens.length} join tokens and ${entry.keys.length} private keys were looked for in ${entry.places.join(' and in ')}: ${stands(entry)}.`;
    case 'token-life':
      return `${entry.token}: ${life(entry)}.`;
    case 'skip':
      return `Skipped: ${entry.reason}.`;
    case 'written':
      return `Written at ${entry.at}, until ${entry.until}: ${entry.what}; ${entry.then}.`;
    case 'bench-row':
      return `To be measured: ${entry.row}${entry.times === undefined ? `, by ${entry.generator}, at ${entry.node}` : ''}, for ${entry.seconds} s.`;
    case 'bench-window':
      return `${entry.row} was ${entry.state === 'begun' ? 'begun' : entry.cut ? 'cut short' : 'measured'}.`;
    case 'bench-samples':
      return `${entry.row}: ${entry.samples.length} were answered.`;
    case 'bench-lost':
      return `${entry.row}: one was lost after ${milliseconds(entry.tookMs)}: ${entry.detail}.`;
    case 'bench-told':
      return `${entry.row}: its generator told of ${entry.count} connections that were answered, and ${entry.errors} that were not.`;
    case 'bench-machine':
      return `${entry.row}: the host took away ${percent(entry.stolen)} of the processors${entry.others === undefined ? '' : `, other programs had ${percent(entry.others)}`}; up to ${entry.runQueue} threads wanted one of ${entry.processors} at once.`;
    case 'accepted':
      return `That ${entry.clause} fails is accepted until ${entry.until} by ${entry.owner}: ${entry.reason}.`;
    case 'objective':
      return `${entry.objective} has to hold in every row.`;
    case 'baseline':
      return `${entry.row} is compared with that of run ${entry.run}.`;
    case 'pass':
      return `The pass “${entry.title}” has ${entry.state}.`;
    case 'self-test':
      return `The self-test ${entry.kept ? `of ${entry.madeAt} ` : ''}has ${entry.state}.`;
    case 'impostor':
      return `${entry.impostor}, which breaks ${entry.breaks}, was ${triedOutcome[entry.outcome]}${entry.said === undefined ? '' : `: ${entry.said}`}.`;
    case 'conformer':
      return `${entry.conformer}, which is right, was judged by ${entry.by}: ${conformerOutcome[entry.outcome]}${entry.said.map(({ clause, reason }) => `; ${clause}: ${reason}`).join('')}.`;
    case 'trouble':
      return `${entry.notReady === undefined ? 'Trouble of the harness' : 'Nothing could be looked at'}: ${entry.message}.`;
  }
}

const requestOutcome = { ok: 'answered', fail: 'surely not served', info: 'no answer, nobody knows' } as const;

function lives({ state, how, underWay = [], tookMs = 0, lastWords }: Life): string {
  switch (state) {
    case 'ended':
      return `${how} while it was judged; under way: ${underWay.join('; ') || 'nothing'}; its last words: ${lastWords ?? ''}`;
    case 'started':
      return `was started once more: ${how}`;
    case 'given-up':
      return `is not started once more: ${how}`;
    case 'stopped':
      return `${how}, ${milliseconds(tookMs)} after SIGTERM`;
    case 'overstayed':
      return `did not stop: ${how}`;
  }
}

function offer({ version, group }: PlaneHandshake): string {
  return group === undefined ? version : `${version} with ${group} alone`;
}

function handshakeOutcome({ agreed, outcome }: PlaneHandshake): string {
  return agreed === null ? `${outcome} without a handshake` : `agreed on ${agreed}`;
}

function addresses({ boundTo }: Listener): string {
  return boundTo.map(({ address }) => address).join(', ') || 'no address that was seen';
}

function stands({ found }: Search): string {
  if (found.length === 0) return 'none stands there';
  return found.map(({ secret, place, form }) => `${secret} stands in ${place}, ${form}`).join('; ');
}

function life({ askedSeconds, livesSeconds, message }: TokenLife): string {
  const asked = askedSeconds === null ? 'asked for without a time' : `asked for with ${askedSeconds} s`;
  if (livesSeconds === null) return `${asked}, and not made${message === undefined ? '' : `: ${message}`}`;
  return `${asked}, and made to live ${livesSeconds.toFixed(1)} s`;
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

function shownLeaf({ how, says }: ShownLeaf): string {
  if (says === undefined) return `no certificate: ${how}`;
  const { uriSans, isCa, keyUsage, extendedKeyUsage } = says;
  const what = isCa ? 'a CA certificate' : 'a leaf';
  return `${what} of ${uriSans.join(' and ') || 'nobody'}, for ${[...(keyUsage ?? []), ...(extendedKeyUsage ?? [])].join(', ') || 'nothing that it says'}`;
}
