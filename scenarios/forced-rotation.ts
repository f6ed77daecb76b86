import { setTimeout as sleep } from 'node:timers/promises';
import { offerTo, type TlsIdentity } from '../fixtures/probes/probe.ts';
import { allEnded } from '../fixtures/run/all-ended.ts';
import { eventually, inTime } from '../fixtures/run/eventually.ts';
import { deliveredWithinMs, followsMs, renewsMs } from '../fixtures/target/follows.ts';
import { nameTo, nodesIn, type TargetNode } from '../fixtures/target/target.ts';
import type { ServerApi } from '../spiffe/server-api.ts';
import * as clauses from '../src/clauses/mesh/rotation.ts';
import type { Role } from '../src/clause.ts';
import { healthyTraffic } from '../src/clauses/mesh/traffic.ts';
import { FixtureError } from '../src/errors.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import { entriesOf, type AuthorityMark, type Entry, type Written } from '../src/history.ts';
import { pemToDer } from '../src/svid/x509/pem.ts';
import { authorityId, readCertificate } from '../src/svid/x509/read.ts';
import { openWitness, type Identities } from './rotation/witness.ts';
import type { BoundDeclaration, Scenario, ScenarioContext } from './scenario.ts';
import { sendStrangers } from './steps/strangers.ts';

// Before anything changes, so that what is lost later has something to stand beside.
const calmMs = 3_000;
const lookMs = 250;
// Behind one address may stand several, of which each has to have renewed: one of three goes unmet by less than one run in a hundred.
const inARow = 12;
// By how much the SVID that is shown again outlives that.
const marginMs = 10_000;

const followsBound: BoundDeclaration = {
  name: 'follows',
  says: 'from a change of the bundle at the agent of the probe to the moment at which every service has followed: a sync interval of the other agents, a tenth more, a second and a half for caches, and as long as a service may take (`uptake`)',
};
const renewsBound: BoundDeclaration = {
  name: 'renews',
  says: 'from the taint to the moment at which every service shows an SVID of the new authority: as long as it takes to follow, as long as an agent takes to look after its SVIDs, and twelve calls',
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
    clauses.rotatedSvidPresented,
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
    'Every service of the file shows an SVID of the new authority, also one that lets nobody of ours in, and every agent has renewed its own. Where one has not in time the old authority is not revoked, and the report says so with the command.',
    'The old authority is revoked. When the agent of the probe has dropped it, every service is given its time to follow.',
    'The SVID and the ticket of the beginning are shown again: now they have to be refused, while a new SVID is accepted.',
  ],
  faults: [],
  bounds: [followsBound, renewsBound],
  async run(context) {
    const { target, recorder, signal, bound } = context;
    const { api, address: at } = target.server ?? {};
    if (api === undefined) throw new FixtureError('forced-rotation: there is no SPIRE server that could be told to');
    const { syncIntervalMs, uptakeMs } = target.timing;
    const longestMs = Math.max(...target.nodes.map((node) => node.uptakeMs ?? uptakeMs));
    const followedWithinMs = bound(followsBound, followsMs(syncIntervalMs, longestMs));
    const renewedWithinMs = bound(
      renewsBound,
      followedWithinMs + renewsMs(syncIntervalMs) + Math.ceil((1_000 * inARow) / (target.callsPerSecond ?? inARow)),
    );
    const pause = (ms: number) => sleep(ms, undefined, { signal });
    const mark = (state: AuthorityMark['state'], authority: string) =>
      recorder.record({ kind: 'authority', mesh: target.name, state, authority });
    const { active } = await api.getX509AuthorityState();
    if (active === undefined) throw new FixtureError('forced-rotation: the SPIRE server names no active authority');
    const old = active.authorityId;

    await pause(calmMs);
    const shownAs = await identitiesBefore(target, 2 * followedWithinMs + renewedWithinMs + longestMs + marginMs);
    await allShow(context, old);
    await using strangers = await sendStrangers(
      context,
      clauses.strangersRefusedMeanwhile,
      'while the authority is rotated',
    );
    const judged = target.nodes.filter((node) => node.judged);
    const witnesses = await Promise.all(judged.map((node) => openWitness(context, node, shownAs(node))));
    const { authorityId: next, expiresAt } = await api.prepareX509Authority();
    mark('prepared', next);
    recorder.record({
      ...{ kind: 'written', what: `a new authority of ${target.trustDomain} (${next})`, at: at ?? '' },
      ...{ until: expiresAt.toISOString(), then: 'it signs from its activation on, until SPIRE itself rotates it' },
    });
    await probesBundle(context, `the prepared authority ${next}`, (authorities) => authorities.includes(next));
    await pause(followedWithinMs);

    await api.activateX509Authority(next);
    mark('activated', next);
    const agents = await livingAgents(api);
    const shown = unseenOf(context, next, renewedWithinMs);
    heardElsewhere(shown);
    // Before it is done: whoever stops the run from here on has it in the report.
    const tainted: Written = {
      ...{
        kind: 'written',
        what: `the authority ${old} of ${target.trustDomain}, tainted and not revoked`,
        at: at ?? '',
      },
      until: active.expiresAt.toISOString(),
      then: `it is trusted until then; when every agent and every service has renewed, take it away with: spire-server localauthority x509 revoke -authorityID ${old}`,
    };
    recorder.record(tainted);
    await api.taintX509Authority(old);
    mark('tainted', old);
    const [services, hosts] = await Promise.all([
      shown,
      unrenewed(context, api, agents, renewedWithinMs).then((left) => {
        if (left.length === 0) mark('followed', next);
        return left;
      }),
    ]);
    const left = [...services, ...hosts];
    if (left.length > 0) {
      // So that it is seen what is shown when the time for it is over.
      await pause(2 * syncIntervalMs);
      await strangers.end();
      recorder.record({
        kind: 'trouble',
        clauses: [clauses.revokedAuthorityRefused.id, clauses.ticketNotPastAuthority.id],
        message: `${left.join(', ')} had not renewed ${(renewedWithinMs / 1000).toFixed(0)} s after the taint, so that the old authority is not revoked: they would be turned away. Left: authority ${old} is tainted; ${tainted.then}`,
      });
      return;
    }
    // Behind one address may stand several, of which each has as long.
    await pause(longestMs);
    await probeRenews(context, next, renewedWithinMs);
    await api.revokeX509Authority(old);
    mark('revoked', old);
    recorder.record({ ...tainted, undone: true });
    await probesBundle(
      context,
      `a bundle without the revoked authority ${old}`,
      (authorities) => !authorities.includes(old),
    );
    await pause(followedWithinMs - longestMs);
    await allEnded([...witnesses.map((witness) => witness.close()), strangers.end()]);
  },
};

/** What each node is shown before anything changes, and what will be there instead. @throws FixtureError as `outlives` */
async function identitiesBefore(
  target: ScenarioContext['target'],
  wantedMs: number,
): Promise<(node: TargetNode) => (role: Role) => Identities> {
  const ofCaller = async (caller: string | undefined) => {
    const old = await target.probeIdentity(caller);
    outlives(old, wantedMs, caller);
    let after: ReturnType<typeof target.probeIdentity> | undefined;
    return [caller, { old, renewed: () => (after ??= target.probeIdentity(caller)) }] as const;
  };
  const callers = new Set([undefined, ...target.nodes.flatMap(({ caller, callee }) => [caller, callee])]);
  const all = new Map(await Promise.all([...callers].map(ofCaller)));
  return (node) => (role) => all.get(nameTo(node, role))!;
}

/** An SVID that ends before it is shown again would be refused for that. @throws FixtureError that says so, before anything has changed */
function outlives({ cert }: TlsIdentity, wantedMs: number, caller: string | undefined): void {
  const leftMs = readCertificate(pemToDer(cert)).notAfter.getTime() - Date.now();
  if (leftMs < wantedMs)
    throw new FixtureError(
      `forced-rotation: the SVID of ${caller ?? 'the probe'} lives for ${(leftMs / 1000).toFixed(0)} s longer, and ${(wantedMs / 1000).toFixed(0)} s are needed: nothing is rotated; ${caller === undefined ? 'give its registration entry a longer x509_svid_ttl' : 'what Assay has issued lives for minutes: have the service allow the probe itself'}`,
    );
}

/**
 * Whoever is dead, or signed by another server, never shows an SVID of the next authority.
 *
 * @throws FixtureError that names them, before anything has changed
 */
async function allShow({ target, recorder }: ScenarioContext, authority: string): Promise<void> {
  const bySerial = new Map(entriesOf(recorder.history, 'svid').map((svid) => [svid.serial, svid.authority]));
  const seen = entriesOf(recorder.history, 'request').filter(({ outcome }) => outcome === 'ok');
  const called = nodesIn(target, 'server').flatMap(({ name }) => {
    const own = seen.filter(({ to }) => to === name);
    if (own.length === 0) return [`${name} answered nothing`];
    const others = own.flatMap(({ server }) => (server ? [bySerial.get(server.serial)] : []));
    const other = others.find((one) => one !== authority);
    return other === undefined ? [] : [`${name} shows an SVID of ${other}`];
  });
  const strangers = await Promise.all(
    unaccepting(target).map(async (node) =>
      (await authorityShownBy(node)) === authority ? [] : [`${node.name} shows no SVID of it`],
    ),
  );
  const all = [...called, ...strangers.flat()];
  if (all.length > 0)
    throw new FixtureError(
      `forced-rotation: nothing is rotated, as not every service shows an SVID of the active authority ${authority} of this server: ${all.join('; ')}`,
    );
}

/** Those that let nobody of ours in, and show who they are all the same. */
function unaccepting(target: ScenarioContext['target']): readonly TargetNode[] {
  const called = new Set(nodesIn(target, 'server').map(({ name }) => name));
  return nodesIn(target, 'server', 'byStrangers').filter(({ name }) => !called.has(name));
}

async function authorityShownBy(node: TargetNode): Promise<string | undefined> {
  return (await offerTo(node, {})).server?.[0]?.authorityKeyId;
}

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
async function unrenewed(
  { signal }: ScenarioContext,
  api: ServerApi,
  before: ReadonlyMap<string, string>,
  withinMs: number,
): Promise<readonly string[]> {
  let left: string[] = [...before.keys()];
  const done = async () => {
    const now = await livingAgents(api);
    left = [...before].flatMap(([id, serial]) => (now.get(id) === serial ? [`agent ${id}`] : []));
    return left.length === 0;
  };
  await inTime(eventually('every agent has renewed its own SVID', done, { withinMs, everyMs: lookMs, signal }));
  return left;
}

/**
 * Waits until each service shows an SVID of an authority so many times in a row that all who stand behind its address do, or that is overdue. Gives the
 * names of those that do not.
 */
async function unseenOf(
  { target, recorder, signal }: ScenarioContext,
  authority: string,
  withinMs: number,
): Promise<readonly string[]> {
  const rows = new Map(nodesIn(target, 'server').map(({ name }) => [name, 0]));
  const left = () => [...rows].flatMap(([name, row]) => (row >= inARow ? [] : [name]));
  const fresh = new Set<string>();
  const showing = (entry: Entry) => {
    if (entry.kind === 'svid' && entry.authority === authority) fresh.add(entry.serial);
    if (entry.kind === 'request' && entry.connection === 'new' && entry.server !== undefined) {
      const row = rows.get(entry.to) ?? inARow;
      if (row < inARow) rows.set(entry.to, fresh.has(entry.server.serial) ? row + 1 : 0);
    }
    return left().length === 0;
  };
  const all = recorder.until('every service shows SVIDs of the new authority alone', showing, {
    ...{ fromIndex: recorder.next, withinMs, signal },
  });
  const unseen = await Promise.all([
    inTime(all).then(left),
    ...unaccepting(target).map(async (node) =>
      (await inTime(shows(node, authority, withinMs, signal))) ? [] : [node.name],
    ),
  ]);
  return unseen.flat();
}

async function shows(node: TargetNode, authority: string, withinMs: number, signal: AbortSignal): Promise<void> {
  let row = 0;
  const look = async () => {
    row = (await authorityShownBy(node)) === authority ? row + 1 : 0;
    return row >= inARow;
  };
  await eventually(`${node.name} shows SVIDs of the new authority alone`, look, { withinMs, everyMs: lookMs, signal });
}
