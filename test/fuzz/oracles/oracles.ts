import type { Entry, Happening } from '../../../src/history.ts';
import type { Oracles } from '../verdict-of.ts';
import { agentOutageOracles } from './agent-outages.ts';
import { doorOracles } from './doors.ts';
import { exchangeOracles, exchangeOraclesOfScenarios } from './exchanges.ts';
import { healthyOracles } from './healthy.ts';
import { lifeOracles } from './lives.ts';
import { partitionOracles } from './partitions.ts';
import { planeOracles } from './planes.ts';
import { rotationOracles } from './rotations.ts';
import { shownLeafOracles } from './shown-leaves.ts';
import { shownOracles, shownOraclesOfScenarios } from './shown-by-nodes.ts';
import { ticketOracles } from './tickets.ts';
import { tokenOracles } from './tokens.ts';
import { tokenRecordOracles } from './token-records.ts';

/** Second readings that are asked of one history, and what of a history they read: that is what its fixture keeps. */
export interface Part {
  readonly name: 'suites' | 'scenarios';
  readonly oracles: Oracles;
  reads(entry: Entry): boolean;
}

type Kinds = readonly Happening['kind'][];

const always: Kinds = ['run-started', 'node', 'skip'];

/** What is offered, one exchange, handshake or token after the other. To add oracles is to add a file, and the kinds that they read. */
export const suites: Part = {
  name: 'suites',
  oracles: {
    ...{ ...exchangeOracles, ...shownOracles, ...shownLeafOracles },
    ...{ ...planeOracles, ...tokenOracles, ...tokenRecordOracles },
  },
  reads: (entry) =>
    isOf(entry, [
      'leaf',
      'plane',
      'plane-handshake',
      'listener',
      'port-scan',
      'token',
      'token-life',
      'audit-log',
      'search',
    ]) ||
    (entry.kind === 'exchange' && !(entry.clause in scenarios.oracles)),
};

/** What goes on over time: traffic, and what becomes of nodes, SVIDs, authorities and links meanwhile. */
export const scenarios: Part = {
  name: 'scenarios',
  oracles: {
    ...exchangeOraclesOfScenarios,
    ...shownOraclesOfScenarios,
    ...ticketOracles,
    ...healthyOracles,
    ...rotationOracles,
    ...partitionOracles,
    ...agentOutageOracles,
    ...doorOracles,
    ...lifeOracles,
  },
  reads: (entry) =>
    isOf(entry, [
      'scenario',
      'request',
      'capacity',
      'machine',
      'starved',
      'presented',
      'svid',
      'bundle',
      'authority',
    ]) ||
    isOf(entry, ['fault', 'life', 'readiness', 'connections']) ||
    (entry.kind === 'exchange' && entry.clause in scenarios.oracles),
};

/** Every second reading that there is, by the history that it is asked of. */
export const parts = [suites, scenarios] as const;

function isOf({ kind }: Entry, kinds: Kinds): boolean {
  return kinds.includes(kind) || always.includes(kind);
}
