import type { EntryOf, History } from '../../../src/history.ts';
import { ofKind } from './entries.ts';
import type { Window } from './scenario-windows.ts';

/** When all faults of a scenario were in force together. */
export interface Outage {
  /** Whom they kept from what they need: each its target, or the nodes that it names where these share it. */
  readonly targets: ReadonlySet<string>;
  /** The last of them was proven in force. */
  readonly inForceMs: number;
  /** The first of them began to be undone. */
  readonly healingMs: number;
  /** The last of them was proven gone. */
  readonly healedMs: number;
}

/**
 * The faults of a scenario, each proven to have been in force and to be gone, and in force together at some time. Nothing where one of them
 * was not, or where there was none: either proof missing leaves all open.
 */
export function provenOutage(history: History, { scenario }: Window): Outage | undefined {
  const marks = ofKind(history, 'fault').filter((mark) => mark.scenario === scenario);
  const outage = { targets: new Set<string>(), inForceMs: -Infinity, healingMs: Infinity, healedMs: -Infinity };
  for (const injected of marks) {
    if (injected.state !== 'injected') continue;
    const later = marks.filter(
      ({ fault, target, index }) => fault === injected.fault && target === injected.target && index > injected.index,
    );
    const again = later.findIndex(({ state }) => state === 'injected');
    const own = again < 0 ? later : later.slice(0, again);
    const healing = own.find(({ state }) => state === 'healing');
    // A proof counts in its place only: in force before the heal began, gone after it.
    const inForce = own.find((mark) => mark.state === 'in-force' && isProof(mark) && isBefore(mark, healing));
    const healed = own.find((mark) => mark.state === 'healed' && isProof(mark) && isBefore(healing, mark));
    if (inForce === undefined || healing === undefined || healed === undefined) return undefined;
    for (const node of injected.nodes ?? [injected.target]) outage.targets.add(node);
    outage.inForceMs = Math.max(outage.inForceMs, inForce.atMs);
    outage.healingMs = Math.min(outage.healingMs, healing.atMs);
    outage.healedMs = Math.max(outage.healedMs, healed.atMs);
  }
  return outage.targets.size > 0 && outage.inForceMs < outage.healingMs ? outage : undefined;
}

type Mark = EntryOf<'fault'>;

const isProof = ({ provenBy }: Mark) => provenBy !== undefined && provenBy !== '';

const isBefore = (one: Mark | undefined, other: Mark | undefined) =>
  one !== undefined && other !== undefined && one.index < other.index;
