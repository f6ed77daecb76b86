import type { Finding } from '../../mesh/explain/cause.ts';
import { trees, type Cause, type Tree } from '../../mesh/explain/cause.ts';
import { causes } from '../../mesh/explain/causes.ts';
import { lookAtFiles } from '../../mesh/explain/look/files.ts';
import { lookAtPeer } from '../../mesh/explain/look/peer.ts';
import { lookAtPort } from '../../mesh/explain/look/port.ts';
import { lookAtWorkloadApi } from '../../mesh/explain/look/workload-api.ts';
import type { Scene, WorkloadApiSeen } from '../../mesh/explain/scene.ts';
import { readSettings } from '../../mesh/helper/settings.ts';
import { held } from '../../mesh/node/held.ts';
import { parseHostPort } from '../../mesh/node/contract.ts';
import { readAgentData } from '../../mesh/status/agent-data.ts';
import { nodesOf, type NodeStatus } from '../../mesh/status/agents.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { parseEndpointSocket } from '../../spiffe/workload-api.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { readFlagFile } from '../flag-file.ts';
import { adminPathOf, checkNodeId, notReached } from './server-flags.ts';

/** The flags of `assay mesh explain`. */
export interface ExplainFlags {
  readonly workloadApi?: string;
  readonly trustDomain?: string;
  /** host:port of the SPIRE server. */
  readonly server?: string;
  readonly spireServer?: string;
  /** SPIFFE ID of the node that is asked about; left out: all. */
  readonly node?: string;
  readonly agentData?: string;
  /** host:port of the service that is called. */
  readonly peer?: string;
  readonly expect?: string;
  readonly helperDir?: string;
  /** File of the helper's settings. */
  readonly helperConfig?: string;
  /** Milliseconds, for each look. */
  readonly within: number;
  readonly json: boolean;
}

interface Looked {
  readonly cause: Cause;
  readonly finding: Finding;
}

/**
 * `assay mesh explain [tree]`: walks the trees of troubleshooting, and names what is wrong. Exit code 1 where something is, 3 where nothing was found and not
 * all could be looked at.
 *
 * @throws UsageError for a flag that is wrong or a tree that lacks what it is about, FixtureError where a SPIRE server that was named does not answer
 */
export async function explainCommand(tree: string | undefined, flags: ExplainFlags): Promise<number> {
  const asked = treesAsked(tree, flags);
  const scene = await look(flags);
  const looked = causes
    .filter((cause) => asked.includes(cause.tree))
    .map((cause) => ({ cause, finding: cause.look(scene) }));
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(looked.map(({ cause: { look: _look, ...cause }, finding }) => ({ ...cause, ...finding })))}\n`
      : inWords(looked),
  );
  const of = (state: Finding['state']) => looked.some(({ finding }) => finding.state === state);
  return of('found') ? exitCodes.fail : of('unseen') ? exitCodes.inconclusive : exitCodes.pass;
}

/** What has to be named for a tree to say anything. */
const about: Readonly<Record<Tree, readonly (keyof ExplainFlags)[]>> = {
  rotation: ['workloadApi', 'agentData', 'spireServer', 'server'],
  handshake: ['peer'],
  helper: ['helperDir'],
};

const flagNames: Readonly<Partial<Record<keyof ExplainFlags, string>>> = {
  workloadApi: '--workload-api (or SPIFFE_ENDPOINT_SOCKET)',
  agentData: '--agent-data',
  spireServer: '--spire-server',
  server: '--server',
  peer: '--peer',
  helperDir: '--helper-dir',
};

/** @throws UsageError where there is no such tree, or nothing that it is about */
function treesAsked(tree: string | undefined, flags: ExplainFlags): readonly Tree[] {
  const has = (one: Tree) =>
    about[one].some((flag) => flags[flag] !== undefined || (flag === 'workloadApi' && socketOf(flags) !== undefined));
  const wants = (one: Tree) => `${one} is about ${about[one].map((flag) => flagNames[flag]!).join(', ')}`;
  if (tree === undefined) {
    const some = trees.filter(has);
    if (some.length === 0) throw new UsageError(`explain: nothing to look at: ${trees.map(wants).join('; ')}`);
    return some;
  }
  const one = trees.find((name) => name === tree);
  if (one === undefined) throw new UsageError(`explain ${tree}: there is no such tree; there are ${trees.join(', ')}`);
  if (!has(one)) throw new UsageError(`explain ${one}: nothing to look at: ${wants(one)}`);
  return [one];
}

const socketOf = ({ workloadApi }: ExplainFlags) => workloadApi ?? process.env.SPIFFE_ENDPOINT_SOCKET;

async function look(flags: ExplainFlags): Promise<Scene> {
  const { trustDomain, server, peer, expect, agentData, spireServer, helperDir, within } = flags;
  if (expect !== undefined) checkNodeId('--expect', expect);
  if (flags.node !== undefined) checkNodeId('--node', flags.node);
  const at = peer === undefined ? undefined : parseHostPort(peer, '--peer');
  const serverAt = server === undefined ? undefined : parseHostPort(server, '--server');
  const agent = agentData === undefined ? undefined : readAgentData(agentData);
  const [workloadApi, serverPort, nodes] = await Promise.all([
    workloadApiOf(socketOf(flags), within),
    serverAt && lookAtPort(serverAt, within),
    spireServer === undefined ? undefined : nodesAt(spireServer, flags.node),
  ]);
  const own = workloadApi?.state === 'handed' ? held(workloadApi.context) : undefined;
  const call = { ...(expect !== undefined && { expect }), ...(own && { own }), withinMs: within };
  const seen = at && (await lookAtPeer({ at, ...call }));
  const files = helperDir === undefined ? undefined : lookAtFiles(helperDir, wrongIn(flags.helperConfig));
  return {
    // When all was seen: what ends meanwhile has ended.
    now: new Date(),
    ...(trustDomain !== undefined && { trustDomain }),
    ...(workloadApi && { workloadApi }),
    ...(agent && { agent }),
    ...(serverPort && { serverPort }),
    ...(nodes && { nodes }),
    ...(seen && { peer: seen }),
    ...(files && { files }),
  };
}

/** What a helper would not take of its configuration; undefined where that was not named. @throws UsageError where it cannot be read */
function wrongIn(helperConfig: string | undefined): readonly string[] | undefined {
  if (helperConfig === undefined) return undefined;
  const text = readFlagFile('--helper-config', helperConfig);
  try {
    readSettings(text, helperConfig);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [error.message];
  }
}

async function workloadApiOf(socket: string | undefined, withinMs: number): Promise<WorkloadApiSeen | undefined> {
  if (socket === undefined) return undefined;
  let endpoint;
  try {
    endpoint = parseEndpointSocket(socket);
  } catch (error) {
    throw new UsageError(`--workload-api: ${messageOf(error)}`);
  }
  return lookAtWorkloadApi(socket, endpoint, withinMs);
}

async function nodesAt(spireServer: string, node: string | undefined): Promise<readonly NodeStatus[]> {
  using api = connectServerApi(adminPathOf(spireServer));
  const [agents, entries] = await Promise.all([api.listAgents(), api.listEntries()]).catch(notReached);
  const all = nodesOf(agents, entries, node === undefined ? [] : [node], new Date());
  return node === undefined ? all : all.filter((one) => one.node === node);
}

function inWords(looked: readonly Looked[]): string {
  return trees
    .map((tree) => looked.filter(({ cause }) => cause.tree === tree))
    .filter((some) => some.length > 0)
    .map((some) => treeInWords(some).join('\n'))
    .join('\n\n')
    .concat('\n');
}

function treeInWords(looked: readonly Looked[]): string[] {
  const of = (state: Finding['state']) => looked.filter(({ finding }) => finding.state === state);
  const [found, out, unseen] = [of('found'), of('ruled-out'), of('unseen')];
  const reasons = Map.groupBy(unseen, ({ finding }) => finding.says);
  return [
    `${looked[0]!.cause.tree}: ${found.length === 0 ? 'nothing was found' : `${found.length} found`}, ${out.length} ruled out, ${unseen.length} not looked at`,
    ...found.flatMap(({ cause, finding }) => [
      `✗ ${cause.title} (${cause.id})`,
      `    ${finding.says}`,
      `    ${cause.branch}: ${cause.remedy}`,
    ]),
    ...[...reasons].map(([says, all]) => `? ${all.map(({ cause }) => cause.id).join(', ')}: ${says}`),
    ...(found.length === 0 && out.length > 0 ? [`✓ ${out.map(({ cause }) => cause.id).join(', ')}`] : []),
  ];
}
