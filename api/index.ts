/**
 * What a program of yours can do with Assay: stand up a mesh, show nodes identities that are right or wrong in one thing, run the gate, and judge what
 * a run recorded. Times are milliseconds where a name ends in `Ms`, and instants are `Date`.
 *
 * Two kinds of error are thrown on purpose: {@link UsageError} for what the caller got wrong, and {@link FixtureError} for trouble of the harness, which
 * says nothing of the mesh. What a node does wrong is no error: it comes back as a value.
 */
export { standUpMesh, type StandingMesh, type StandingNode, type StandUpOptions } from './stand-up-mesh.ts';
export { probe } from './probe.ts';
export { forgeAuthority, type Authority, type AuthorityOptions, type Change } from '../src/svid/x509/forge.ts';
export { issueIdentity, type IssueOptions } from '../fixtures/probes/issue-identity.ts';
export { gatePlan } from '../plans/gate.ts';
export { runPlan, type RunPlanOptions, type RunResult } from './run-plan.ts';
export { judge } from './judge.ts';
export { readHistory } from '../reports/read-run.ts';
export { FixtureError, UsageError } from '../src/errors.ts';

export type { Offer, Seen, TlsIdentity } from '../fixtures/probes/probe.ts';
export type { DeploymentOverrides, NodeUnderTest } from '../plans/meshes.ts';
export type { Plan } from '../plans/plan.ts';
export type { Clause, Role } from '../src/clause.ts';
export type { Entry, History } from '../src/history.ts';
export type { ClauseReport, Report, ScenarioReport } from '../src/report/report.ts';
export type { Verdict } from '../src/verdict.ts';
