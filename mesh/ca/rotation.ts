import { join } from 'node:path';
import { UsageError } from '../../src/errors.ts';
import { did, type CeremonyRecord } from './ceremony.ts';
import { moveWhole } from '../kept-whole.ts';
import { handOver, makeRoot, note, retirement, step } from './making.ts';
import type { CaOptions, CaStep, Ceremony } from './options.ts';
import { names, type CaState } from './places.ts';
import {
  alive,
  below,
  interrupted,
  isBelow,
  isHanded,
  openRoot,
  refuseDropping,
  rootOf,
  shapeOf,
  stateOf,
  strangersIn,
  trustsMore,
} from './standing.ts';

/** The steps of a rotation of the root, in their order. */
export const rotations = ['prepare', 'activate', 'retire'] as const;

/** One of them. */
export type Rotation = (typeof rotations)[number];

/**
 * One step of a rotation of the root. Each waits for `overlapMs` after the one before it: for so long what was handed over may take to reach every
 * node, and for so long an SVID below the old root may live on.
 *
 * - `prepare`: a new root, which is trusted beside the old one and signs nothing yet
 * - `activate`: an intermediate below the new root; the old root is still trusted
 * - `retire`: the old root is handed over no longer, and its key is gone
 *
 * @throws UsageError where it is not its turn
 */
export function rotationSteps(
  rotation: Rotation,
  options: Omit<CaOptions, 'trustDomain' | 'tiers' | 'constrainNames'> & { readonly overlapMs: number },
  ceremony: Ceremony,
): CaStep[] {
  const state = stateOf(ceremony);
  const turn = { ...ceremony, state, overlapMs: options.overlapMs };
  switch (rotation) {
    case 'prepare': {
      const root = rootOf(state, ceremony);
      if (state.before !== undefined)
        throw new UsageError(
          'rotate-root prepare: the root before is still trusted; finish that rotation first, by `assay mesh ca rotate-root retire`',
        );
      const next = state.next !== undefined && state.next.certificate.notAfter > ceremony.now ? state.next : undefined;
      if (next === state.next) refuseDropping(state);
      const own = { ...options, ...shapeOf(root.certificate) };
      refuseBrief(options);
      const kept = state.handed === undefined ? 'below the root' : undefined;
      // A root whose key is lost can be followed all the same, as long as it has nothing to sign.
      if (kept !== undefined) {
        openRoot(root, ceremony);
        alive(root, ceremony);
      }
      return [
        ...(state.next === next ? [] : [retirement(state.next!, ceremony)]),
        ...(next === undefined ? [makeRoot(names.next, 'a root that is to follow', own, ceremony)] : []),
        ...(isHanded(state, next) ? [] : [handOver(own, ceremony, kept)]),
      ];
    }
    case 'activate': {
      // An activation that was interrupted may have moved one root, and not the other.
      const next = state.next ?? (state.before === undefined ? undefined : state.root);
      if (next === undefined)
        throw new UsageError(
          'rotate-root activate: no root is prepared; that is done by `assay mesh ca rotate-root prepare`',
        );
      openRoot(next, ceremony);
      alive(next, ceremony);
      refuseDropping(state);
      const hasBegun = state.next === undefined || state.root === undefined;
      if (!hasBegun && !isHanded(state, next))
        throw new UsageError(
          'rotate-root activate: the prepared root was not handed over, so that nobody trusts it; `assay mesh ca rotate-root prepare` does that',
        );
      const { fingerprint } = next.certificate;
      if (!hasBegun) afterOverlap(turn, 'rotate-root activate', ({ roots = [] }) => roots.includes(fingerprint));
      const { offline } = ceremony.places;
      const move = (from: string, to: string) => moveWhole(join(offline, from), join(offline, to));
      return [
        ...(state.next === undefined
          ? []
          : [
              step('let the prepared root sign in the place of the one before', async () => {
                note(ceremony, did.activation.begins, next.certificate);
                if (state.root !== undefined) move(names.root, names.before);
                move(names.next, names.root);
                note(ceremony, did.activation.done, next.certificate);
              }),
            ]),
        ...(isBelow(state, next) ? [] : [handOver(below(next, options), ceremony, 'below the new root')]),
      ];
    }
    case 'retire': {
      const { before } = state;
      const root = rootOf(state, ceremony);
      openRoot(root, ceremony);
      // Nothing but the handing over was left where one was interrupted.
      const last = handOver(below(root, options), ceremony, undefined);
      if (before === undefined) {
        const retiring = new Set(
          state.records
            .filter((record) => record.did === did.retirement.begins)
            .map(({ authority }) => authority?.sha256),
        );
        const lost = strangersIn(state).find(({ fingerprint }) => !retiring.has(fingerprint));
        if (lost !== undefined)
          throw new UsageError(
            `rotate-root retire: the server trusts ${lost.subject}, which is not in ${join(ceremony.places.offline, names.before)}; put it back`,
          );
        if (trustsMore(state)) return [last];
        if (state.next === undefined && retiring.size > 0) return [];
        throw new UsageError('rotate-root retire: no root was replaced, so none is there to retire');
      }
      if (state.next !== undefined || !isBelow(state, root)) throw interrupted(ceremony);
      afterOverlap(turn, 'rotate-root retire', (record) => record.below === root.certificate.fingerprint);
      return [retirement(before, ceremony), last];
    }
  }
}

interface Turn extends Ceremony {
  readonly state: CaState;
  readonly overlapMs: number;
}

/**
 * @param isIt - whether a hand-over is the one before this step
 * @throws UsageError where that was not long enough ago; one that was interrupted counts from when it began last
 */
function afterOverlap(
  { state: { records }, overlapMs, now, withoutOverlap }: Turn,
  command: string,
  isIt: (record: CeremonyRecord) => boolean,
): void {
  if (withoutOverlap !== undefined) return;
  const ofThose = records.filter(isIt);
  const first = ofThose.find((record) => record.did === did.handOver.done) ?? ofThose.at(-1);
  const orSay = 'say why not to wait by --without-overlap REASON, which is written down';
  if (first === undefined)
    throw new UsageError(`${command}: the ceremony log does not know when the step before was done; ${orSay}`);
  const over = new Date(Date.parse(first.at) + overlapMs);
  if (over > now)
    throw new UsageError(
      `${command}: is too early: until ${over.toISOString()} nodes may hold what was handed over before. Wait, or ${orSay}`,
    );
}

/** @throws UsageError for a root that would end with what it signs */
export function refuseBrief({ rootDays, intermediateDays }: Pick<CaOptions, 'rootDays' | 'intermediateDays'>): void {
  if (rootDays <= intermediateDays)
    throw new UsageError(
      `--root-days ${rootDays}: a root has to live longer than an intermediate, which lives for ${intermediateDays} days (--intermediate-days)`,
    );
}
