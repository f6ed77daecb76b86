import type { Entry, PresentedSvid } from '../src/history.ts';
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
      return `Offered to ${entry.node} as a ${entry.role}: ${entry.row}. Wanted ${entry.expect}, got ${entry.outcome}: ${entry.how} (${milliseconds(entry.tookMs)}).`;
    case 'plane':
      return `${entry.plane} at ${entry.address} is declared as ${entry.policy}, because ${entry.why}.`;
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
      return `${entry.token}, ${entry.row}: wanted ${entry.expect}, got ${entry.outcome}${entry.code === undefined ? '' : ` (${entry.code}: ${entry.message ?? ''})`}; ${expiry(entry.secondsToExpiry)}.`;
    case 'fact':
      return `${entry.subject}: ${entry.says} (${entry.state}).`;
    case 'skip':
      return `Skipped: ${entry.reason}.`;
    case 'trouble':
      return `Trouble of the harness: ${entry.message}.`;
  }
}

const requestOutcome = { ok: 'answered', fail: 'surely not served', info: 'no answer, nobody knows' } as const;

function svid(says: string, presented: PresentedSvid | undefined): string {
  return presented === undefined ? '' : `${says} SVID ${presented.serial} of ${presented.spiffeId}`;
}

function expiry(seconds: number): string {
  return seconds >= 0 ? `${seconds.toFixed(1)} s before its expiry` : `${(-seconds).toFixed(1)} s after its expiry`;
}
