import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import type { Target } from '../fixtures/target/target.ts';
import type { Chosen, Work } from '../plans/plan.ts';
import type { Role } from '../src/clause.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { decidedBy, type Decides } from '../suites/suite.ts';

/**
 * Skips every chosen clause that needs what the target lacks, and every role of a clause in which a node under test shows nothing, with the
 * target's own reasons. Gives the ids of those that are left to be tried.
 */
export function skipWhatIsLacking(recorder: Recorder, target: Target, work: Work, chosen: Chosen): Chosen {
  const left = new Set<string>();
  for (const { clause, needs, partly } of decided(work).filter((one) => chosen.has(one.clause.id))) {
    const reason = lacking(target, needs);
    if (reason !== undefined) recorder.record({ kind: 'skip', clause: clause.id, reason });
    if (reason !== undefined && partly !== true) continue;
    left.add(clause.id);
    skipRoles(recorder, target, clause);
  }
  return left;
}

function decided({ suites, scenarios }: Work): readonly Decides[] {
  return [
    ...suites.flatMap(decidedBy),
    ...scenarios.flatMap(({ clauses, needs }) => clauses.map((clause): Decides => ({ clause, needs }))),
  ];
}

function lacking({ lacks }: Target, needs: readonly Capability[]): string | undefined {
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
}

function skipRoles(recorder: Recorder, { nodes }: Target, { id, roles }: KnownClause): void {
  for (const { name, judged, lacks } of nodes) {
    if (!judged || lacks === undefined) continue;
    for (const role of roles) {
      const reason: string | undefined = lacks[role satisfies Role];
      if (reason !== undefined) recorder.record({ kind: 'skip', clause: id, node: name, role, reason });
    }
  }
}
