import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, inTime } from '../fixtures/run/eventually.ts';
import { nodesIn } from '../fixtures/target/target.ts';
import * as clauses from '../src/clauses/mesh/rotation.ts';
import { healthyTraffic } from '../src/clauses/mesh/traffic.ts';
import { FixtureError } from '../src/errors.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import type { AuthorityMark, Entry } from '../src/history.ts';
import type { ServerApi } from '../spiffe/server-api.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { authorityId, readCertificate } from '../src/svid/x509/read.ts';
import { pemToDer } from '../src/svid/x509/pem.ts';
import { openWitness } from './rotation/witness.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';
import { sendStrangers } from './steps/strangers.ts';

// Source: SPIRE 1.15, pkg/common/backoff/backoff.go: an agent asks a tenth later than its interval at most. An agent looks after its own SVID, and after
// those of a tainted authority, every five seconds.
const jitter = 1.1;
const agentRenewalMs = 5_500;
// Before anything changes, so that what is lost later has something to stand beside.
const calmMs = 3_000;
// Several servers hold a bundle in a cache for a second, and to ask takes a moment.
const settledMs = 1_500;
const deliveredWithinMs = 60_000;

const followsBound: BoundDeclaration = {
  name: 'follows',
  says: 'from a change of the bundle at the agent of the probe to the moment at which every service has followed: a sync interval of the other agents, a tenth more, a second and a half for caches, and as long as a service may take (`uptake`)',
};
const renewsBound: BoundDeclaration = {
  name: 'renews',
  says: 'from the taint to the moment at which every service shows an SVID of the new authority: as long as it takes to follow, and as long as an agent takes to look after its SVIDs',
};

export const forcedRotation: Scenario = {
  id: 'forced-rotation',
  title: 'The authority of the mesh is rotated by force',
  hypothesis:
    'while the authority of a mesh that others run is rotated (prepare, activate, taint, revoke) no request is lost and no stranger is accepted, every service shows an SVID of the new authority, and afterwards nobody accepts the old one',
  clauses: [
    healthyTraffic,
    clauses.requestsSurvive,
    clauses.connectionsSurvive,
    clauses.rotatedKeyFresh,
    clauses.strangersRefusedMeanwhile,
    clauses.revokedAuthorityRefused,
    clauses.ticketNotPastAuthority,
  ],
  needs: ['forced-rotation'],
  mesh: 'steady',
  ofOthers: true,
  endsAuthorities: true,
  steps: [
    'Each service that lets the probe in is called at the rate that the target file allows. Strangers call at it meanwhile.',
    'An SVID of the present authority is shown to every service and accepted, and the session ticket that it brings is kept.',
    'A new authority is prepared. When the agent of the probe delivers it, every other agent and every service is given its time to follow.',
    'The new authority is activated, and the old one tainted, so that agents renew what hangs on it.',
    'Every service shows an SVID of the new authority, or the time for that is over: then the old authority is not revoked, and the report says so.',
    'The old authority is revoked. When the agent of the probe has dropped it, every service is given its time to follow.',
    'The SVID and the ticket of the beginning are shown again: now they have to be refused, while a new SVID is accepted.',
  ],
  faults: [],
  bounds: [followsBound, renewsBound],
  async run(context) {
    const { target, recorder, signal, bound } = context;
    const api = target.server?.api;
    if (api === undefined) throw new FixtureError('forced-rotation: there is no SPIRE server that could be told to');
    const { syncIntervalMs, uptakeMs } = target.timing;
    const longestMs = Math.max(...target.nodes.map((node) => node.uptakeMs ?? uptakeMs));
    const followsMs = bound(followsBound, Math.ceil(jitter * syncIntervalMs + settledMs + longestMs));
    const renewsMs = bound(renewsBound, followsMs + agentRenewalMs + Math.ceil(jitter * syncIntervalMs));
    const pause = (ms: number) => sleep(ms, undefined, { signal });
    const mark = (state: AuthorityMark['state'], authority: string) =>
      recorder.record({ kind: 'authority', mesh: target.name, state, authority });
    const old = (await api.getX509AuthorityState()).active?.authorityId;
    if (old === undefined) throw new FixtureError('forced-rotation: the SPIRE server names no active authority');

    await pause(calmMs);
    const before = await target.probeIdentity();
    let after: ReturnType<typeof target.probeIdentity> | undefined;
    await using strangers = await sendStrangers(
      context,
      clauses.strangersRefusedMeanwhile,
      'while the authority is rotated',
    );
    const witnesses = await Promise.all(
      target.nodes
        .filter(({ judged }) => judged)
        .map((node) => openWitness(context, node, { old: before, renewed: () => (after ??= target.probeIdentity()) })),
    );
    const { authorityId: next, expiresAt } = await api.prepareX509Authority();
    mark('prepared', next);
    recorder.record({
      ...{
        kind: 'written',
        what: `a new authority of ${target.trustDomain} (${next})`,
        at: target.server?.address ?? '',
      },
      ...{ until: expiresAt.toISOString(), then: 'it signs from its activation on, until SPIRE itself rotates it' },
    });
    await probesBundle(context, `the prepared authority ${next}`, (authorities) => authorities.includes(next));
    await pause(followsMs);
    await api.activateX509Authority(next);
    mark('activated', next);
    const shown = showsOf(context, next, renewsMs);
    heardElsewhere(shown);
    const agents = await livingAgents(api);
    await api.taintX509Authority(old);
    mark('tainted', old);
    const [services, hosts] = await Promise.all([shown, renewed(context, api, agents, renewsMs)]);
    const left = [...services, ...hosts];
    if (left.length > 0) {
      await strangers.end();
      throw new FixtureError(
        `forced-rotation: ${left.join(', ')} had not renewed ${(renewsMs / 1000).toFixed(0)} s after the taint, so that the old authority is not revoked: they would be turned away. Left: authority ${old} is tainted, and trusted until its end; when all have renewed, take it away with: spire-server localauthority x509 revoke -authorityID ${old}`,
      );
    }
    // Behind one address may stand several, of which each has as long.
    await pause(longestMs);
    await probeRenews(context, next, renewsMs);
    await api.revokeX509Authority(old);
    mark('revoked', old);
    await probesBundle(
      context,
      `a bundle without the revoked authority ${old}`,
      (authorities) => !authorities.includes(old),
    );
    await pause(followsMs - longestMs);
    await allEnded([...witnesses.map((witness) => witness.close()), strangers.end()]);
  },
};

/** Waits until the agent of the probe delivers such a bundle. */
async function probesBundle(
  { target, signal }: ScenarioContext,
  what: string,
  wanted: (authorities: readonly string[]) => boolean,
): Promise<void> {
  await eventually(
    `the agent of the probe delivers ${what}`,
    async () => {
      const authorities = (await target.authorities()).map((pem) => authorityId(readCertificate(pemToDer(pem))) ?? '');
      if (!wanted(authorities)) throw new FixtureError(`it delivers ${authorities.join(', ')}`);
      return true;
    },
    { withinMs: deliveredWithinMs, everyMs: 100, signal },
  );
}

/** Waits until the probe itself has an SVID of the new authority. */
async function probeRenews({ target, signal }: ScenarioContext, next: string, withinMs: number): Promise<void> {
  await eventually(
    'the probe is given an SVID of the new authority',
    async () => {
      const { cert } = await target.probeIdentity();
      const { authorityKeyId } = readCertificate(pemToDer(cert));
      if (authorityKeyId !== next) throw new FixtureError(`it has one of ${authorityKeyId}`);
      return true;
    },
    { withinMs, everyMs: 100, signal },
  );
}

/** The agents whose own SVIDs are good: by id, the serial number of each. */
async function livingAgents(api: ServerApi): Promise<ReadonlyMap<string, string>> {
  const agents = await api.listAgents();
  return new Map(
    agents
      .filter(({ banned, expiresAt }) => !banned && expiresAt.getTime() > Date.now())
      .map(({ spiffeId, serialNumber }) => [spiffeId, serialNumber]),
  );
}

/** Waits until each agent has another SVID than it had, or that is overdue: one that has not would be locked out. Gives the ids of those. */
async function renewed(
  { signal }: ScenarioContext,
  api: ServerApi,
  before: ReadonlyMap<string, string>,
  withinMs: number,
): Promise<readonly string[]> {
  let left: string[] = [];
  const done = async () => {
    const now = await livingAgents(api);
    left = [...before].flatMap(([id, serial]) => (now.get(id) === serial ? [`agent ${id}`] : []));
    return left.length === 0;
  };
  await inTime(eventually('every agent has renewed its own SVID', done, { withinMs, everyMs: 250, signal }));
  return left;
}

/** Waits until each service shows an SVID of an authority, or that is overdue. Gives the names of those that do not. */
async function showsOf(
  { target, recorder, signal }: ScenarioContext,
  authority: string,
  withinMs: number,
): Promise<readonly string[]> {
  const left = new Set(nodesIn(target, 'server').map(({ name }) => name));
  const showing = (entry: Entry) => {
    if (entry.kind === 'svid' && entry.seen === 'presented' && entry.authority === authority) left.delete(entry.node);
    return left.size === 0;
  };
  const all = recorder.until('every service shows an SVID of the new authority', showing, {
    ...{ fromIndex: recorder.next, withinMs, signal },
  });
  await inTime(all);
  return [...left];
}
