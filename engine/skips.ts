import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Needed } from '../fixtures/target/attach.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import { whyUnseen, type Target } from '../fixtures/target/target.ts';
import type { Chosen, Work } from '../plans/plan.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { decidedBy, type Decides, type Suite } from '../suites/suite.ts';

/**
 * Skips every chosen clause that needs what the target lacks, and every role of a clause in which a node under test shows nothing, with the
 * target's own reasons. A clause that several things decide is skipped where none of them can. Gives the ids of those that are left to be tried.
 */
export function skipWhatIsLacking(recorder: Recorder, target: Target, work: Work, chosen: Chosen): Chosen {
  const left = new Set<string>();
  const byClause = Map.groupBy(
    decided(work).filter((one) => chosen.has(one.clause.id)),
    ({ clause }) => clause,
  );
  for (const [clause, all] of byClause) {
    const reasons = all.map(({ needs }) => lacking(target, needs));
    const reason = whyNone(reasons);
    if (reason !== undefined)
      recorder.record({
        ...{ kind: 'skip', clause: clause.id, reason },
        ...(target.allowedInVain?.some((why) => reason.includes(why)) && { allowedInVain: true }),
      });
    if (reason !== undefined && !all.some(({ partly }) => partly === true)) continue;
    left.add(clause.id);
    skipRoles(recorder, target, clause);
  }
  return left;
}

/** Why none of several things that decide a clause can; undefined where one can. Two ways to it are enough to be told of. */
export function whyNone(reasons: readonly (string | undefined)[]): string | undefined {
  return reasons.includes(undefined) ? undefined : [...new Set(reasons)].slice(0, 2).join('; or: ');
}

/** Whether something of a plan can decide a clause that is left to be tried: another thing may decide it, too, for which the target has what it needs. */
export function decidesAny(one: Suite | Scenario, target: Pick<Target, 'lacks'>, left: Chosen): boolean {
  return decidesOf(one).some(
    ({ clause, needs, partly }) => left.has(clause.id) && (partly === true || lacking(target, needs) === undefined),
  );
}

/** What is decided in a plan, by what. */
export function decided({ suites, scenarios }: Work): readonly Decides[] {
  return [...suites, ...scenarios].flatMap(decidesOf);
}

function decidesOf(one: Suite | Scenario): readonly Decides[] {
  return 'decides' in one ? decidedBy(one) : one.clauses.map((clause) => ({ clause, needs: one.needs }));
}

/** Why a target lacks what something needs. */
export function lacking({ lacks }: Pick<Target, 'lacks'>, needs: readonly Capability[]): string | undefined {
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
}

function skipRoles(recorder: Recorder, { nodes }: Target, { id, roles, byStrangers }: KnownClause): void {
  for (const node of nodes) {
    if (!node.judged) continue;
    for (const role of roles) {
      const reason = whyUnseen(node, role, byStrangers && 'byStrangers');
      if (reason !== undefined) recorder.record({ kind: 'skip', clause: id, node: node.name, role, reason });
    }
  }
}

/** What of what was chosen needs identities of ours in a mesh that others run. What takes a federated domain is not to be had there. */
export function neededOf(work: Work | undefined, chosen: Chosen): Needed {
  const all = work === undefined ? [] : decided(work).filter(({ clause }) => chosen.has(clause.id));
  const needs = (...some: readonly Capability[]) =>
    all.some((one) => !one.needs.includes('federation') && one.needs.some((need) => some.includes(need)));
  return { authority: needs('forging', 'late-authority'), names: needs('other-names', 'declared-sessions') };
}
