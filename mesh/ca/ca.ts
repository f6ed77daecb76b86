import { UsageError } from '../../src/errors.ts';
import { isTrustDomain } from '../../src/svid/spiffe-id.ts';
import { handOver, makeRoot } from './making.ts';
import type { CaOptions, CaStep, Ceremony } from './options.ts';
import { names } from './places.ts';
import { refuseBrief } from './rotation.ts';
import {
  alive,
  below,
  interrupted,
  isBelow,
  openRoot,
  refuseDropping,
  renewalDue,
  rootOf,
  shapeOf,
  stateOf,
} from './standing.ts';

/**
 * A root and the first intermediate below it. What is there already stays: a second call finishes what was interrupted, or does nothing.
 *
 * @throws UsageError where what is there is of another trust domain, or cannot be opened
 */
export function createSteps(options: CaOptions, ceremony: Ceremony): CaStep[] {
  const { trustDomain } = options;
  if (!isTrustDomain(trustDomain))
    throw new UsageError(
      `--trust-domain ${trustDomain}: is no name of a trust domain; wanted is one such as example.org, without spiffe://`,
    );
  if (options.constrainNames && !isDnsName(trustDomain))
    throw new UsageError(
      `--constrain-names: ${trustDomain} is no DNS name, which a constraint on URIs has to be; leave the flag away`,
    );
  const state = stateOf(ceremony);
  if (state.root === undefined && (state.next ?? state.before) !== undefined) throw interrupted(ceremony);
  if (state.root === undefined) {
    refuseBrief(options);
    const shape = { ...options, tiers: options.tiers ?? 1 };
    return [makeRoot(names.root, 'a root', shape, ceremony), handOver(shape, ceremony, 'below the root')];
  }
  const own = shapeOf(state.root.certificate);
  const { offline } = ceremony.places;
  if (own.trustDomain !== trustDomain)
    throw new UsageError(
      `--offline ${offline}: holds a root of ${own.trustDomain}, not of ${trustDomain}; name another place, or that trust domain`,
    );
  if ((options.tiers ?? own.tiers) !== own.tiers || (options.constrainNames && !own.constrainNames))
    throw new UsageError(
      `--offline ${offline}: holds a root for ${own.tiers} ${own.tiers === 1 ? 'tier' : 'tiers'} of servers, ${own.constrainNames ? 'with' : 'without'} constraints on names, and a root cannot be changed; leave --tiers and --constrain-names away, or name another place`,
    );
  openRoot(state.root, ceremony);
  if (state.handed !== undefined) return [];
  alive(state.root, ceremony);
  return [handOver({ ...options, ...own }, ceremony, 'below the root')];
}

/**
 * A new intermediate below the root that is there, with a new key. The one before stays valid until its end, so that nothing that the server has
 * signed below it is refused.
 *
 * @param early - also where the one that is there is not a quarter old yet
 * @throws UsageError where there is no root, or it cannot be opened
 */
export function renewSteps(options: Pick<CaOptions, 'intermediateDays'>, ceremony: Ceremony, early: boolean): CaStep[] {
  const state = stateOf(ceremony);
  const root = rootOf(state, ceremony);
  openRoot(root, ceremony);
  alive(root, ceremony);
  if (state.before !== undefined && !isBelow(state, root)) throw interrupted(ceremony);
  refuseDropping(state);
  const due = renewalDue(state);
  if (!early && due !== undefined && due > ceremony.now) return [];
  return [handOver(below(root, options), ceremony, 'in the place of the one before')];
}

// Go takes nothing else for the host of a constraint.
const isDnsName = (name: string) => /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name);
