import type { SpireServer } from '../../fixtures/spire/spire-server.ts';
import { FixtureError } from '../../src/errors.ts';
import type { ScenarioContext } from '../scenario.ts';

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
