import type { SpireServer } from '../../fixtures/spire/spire-server.ts';
import { FixtureError } from '../../src/errors.ts';
import { outageRecovers, outageRequestsSurvive } from '../../src/clauses/mesh/outage.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { recoveryBound } from './recovery.ts';

/** What every scenario declares in which the SPIRE server of a mesh is out for less than an SVID lives. */
export const shortServerOutage = {
  clauses: [outageRequestsSurvive, outageRecovers],
  needs: ['server-process'],
  mesh: 'steady',
  certification: true,
  bounds: [recoveryBound],
} as const satisfies Partial<Scenario>;

/** The SPIRE server of a mesh that the harness stood up, when nobody else asks anything of it. */
export async function ownServer({
  target,
  othersDone,
}: Pick<ScenarioContext, 'target' | 'othersDone'>): Promise<SpireServer> {
  const program = target.server?.program;
  if (program === undefined) throw new FixtureError(`the SPIRE server of mesh ${target.name} is no program of ours`);
  await othersDone;
  return program;
}
