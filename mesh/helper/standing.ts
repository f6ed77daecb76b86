import type { Certificate } from '../../src/svid/x509/read.ts';
import type { Alarm } from './alarms.ts';
import { shareUsed } from './bounds.ts';
import type { SetFiles } from '../svid-set.ts';
import { lookAt } from './delivered-set.ts';
import type { HelperStatus } from './status-file.ts';

/** How a helper and its files stand, seen from outside. Instants are ISO 8601, UTC. */
export interface HelperStanding {
  readonly state: HelperStatus['state'] | 'gone' | 'unknown';
  /** Undefined where there is none that can be read. */
  readonly svid: SvidStanding | undefined;
  readonly bundle: { readonly authorities: number; readonly confirmedAt: string | undefined };
  readonly alarms: readonly Alarm[];
  /** What is wrong, in sentences. */
  readonly wrong: readonly string[];
}

/** An SVID, and how much of its life is over. */
export interface SvidStanding {
  readonly spiffeId: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** 0 at notBefore, 1 at notAfter. */
  readonly shareUsed: number;
  /** When it took the place of the one before; undefined where no helper tells. */
  readonly deliveredAt: string | undefined;
  /** How many came after the first of this run. */
  readonly rotations: number | undefined;
}

/** What is looked at. */
export interface Looked {
  /** Undefined where no helper ever wrote one. */
  readonly status: HelperStatus | undefined;
  /** Undefined where they are not all there. */
  readonly files: SetFiles | undefined;
  /** Whether the helper that wrote the status runs. */
  readonly runs: boolean;
}

const slackMs = 10_000;
const usualThreshold = 0.8;

/** Judges what lies there by the clock of now, as a helper that was killed or paused raises no alarm. */
export function standingOf({ status, files, runs }: Looked, now: Date): HelperStanding {
  const { leaf, authorities, checks } = files === undefined ? nothing : lookAt(files, status?.trustDomain, now);
  const alarms = status?.alarms ?? [];
  const has = (kind: Alarm['kind']) => alarms.some((alarm) => alarm.kind === kind);
  const isOver = leaf !== undefined && leaf.notAfter < now;
  const isLate = leaf !== undefined && !isOver && shareUsed(leaf, now) >= (status?.rotationThreshold ?? usualThreshold);
  const wrong = [
    ...(leaf === undefined && !has('withdrawn') ? [lacking(files, status)] : []),
    ...alarms.map(({ says }) => says),
    ...(isOver && !has('ended') ? [`the SVID ended at ${leaf.notAfter.toISOString()}`] : []),
    // An end is told above.
    ...(leaf === undefined
      ? []
      : checks.filter(({ held, name }) => held === false && !(isOver && name === 'validity'))
    ).map(({ says }) => says),
    ...(isLate && !has('expiring')
      ? [`the SVID is late: no newer one has come, and it ends at ${leaf.notAfter.toISOString()}`]
      : []),
    ...(status === undefined
      ? []
      : runs
        ? silence(status, now)
        : ['the helper runs no more: nobody renews these files']),
  ];
  return {
    ...{ state: stateOf(status, runs), svid: leaf && svidStanding(leaf, status, now), alarms, wrong },
    bundle: { authorities: authorities.length, confirmedAt: status?.bundleConfirmedAt },
  };
}

const nothing = { leaf: undefined, authorities: [], checks: [] } as const;

function stateOf(status: HelperStatus | undefined, runs: boolean): HelperStanding['state'] {
  if (status === undefined) return 'unknown';
  // One that was killed says no more that it has ended.
  return runs || status.state === 'stopped' ? status.state : 'gone';
}

function svidStanding(leaf: Certificate, status: HelperStatus | undefined, now: Date): SvidStanding {
  return {
    ...{ spiffeId: leaf.uriSans[0] ?? '', serial: leaf.serial },
    ...{ notBefore: leaf.notBefore.toISOString(), notAfter: leaf.notAfter.toISOString() },
    shareUsed: Math.round(shareUsed(leaf, now) * 1_000) / 1_000,
    ...{ deliveredAt: status?.deliveredAt, rotations: status?.rotations },
  };
}

function lacking(files: SetFiles | undefined, status: HelperStatus | undefined): string {
  if (files !== undefined) return 'the files hold no SVID that can be read';
  if (status?.deliveredAt !== undefined)
    return `an SVID was delivered here at ${status.deliveredAt}, and its files are not all there any more`;
  const why = status?.lastTrouble;
  return `no SVID was delivered here yet${why === undefined ? '' : `: ${why}`}`;
}

function silence({ lookedAt, renewalIntervalMs }: HelperStatus, now: Date): string[] {
  const sinceMs = now.getTime() - Date.parse(lookedAt);
  return sinceMs > 2 * renewalIntervalMs + slackMs
    ? [`the helper has not looked since ${lookedAt}, and was to each renewal_interval: it hangs, or cannot write`]
    : [];
}
