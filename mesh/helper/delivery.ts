import type { Certificate } from '../../src/svid/x509/read.ts';
import type { SetFiles } from '../svid-set.ts';
import type { Say } from './events.ts';
import { durationText } from './duration-text.ts';
import type { HelperSettings } from './settings.ts';

/** A set that was handed on in this run. */
export interface HeldSet {
  readonly files: SetFiles;
  readonly digest: string;
  readonly leaf: Certificate;
  /** When its SVID came; its bundle may be newer. */
  readonly deliveredAt: Date;
}

/** Tells what has come, beside what was there before. @returns whether an SVID took the place of another */
export function tellDelivery(
  { leaf, deliveredAt }: HeldSet,
  before: HeldSet | undefined,
  { minRotationIntervalMs: minMs }: HelperSettings,
  say: Say,
): boolean {
  const [spiffeId] = leaf.uriSans;
  const more = { spiffeId, serial: leaf.serial, notAfter: leaf.notAfter.toISOString() };
  const says = `${spiffeId}, until ${more.notAfter}`;
  if (before === undefined) {
    say('info', 'delivered', says, more);
    return false;
  }
  if (before.leaf.fingerprint === leaf.fingerprint) {
    say('info', 'bundle', 'the bundle has changed', more);
    return false;
  }
  const sinceMs = deliveredAt.getTime() - before.deliveredAt.getTime();
  say('info', 'rotated', says, { ...more, sinceMs });
  if (sinceMs < minMs) {
    const outlasts = before.deliveredAt.getTime() + minMs >= before.leaf.notAfter.getTime();
    say(
      'warn',
      'overruled',
      `min_rotation_interval ${durationText(minMs)} would have held this SVID back${outlasts ? ', for longer than the one before it lives' : ''}`,
      { key: 'min_rotation_interval', sinceMs, outlasts },
    );
  }
  return true;
}
