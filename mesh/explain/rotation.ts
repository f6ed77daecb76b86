import { workloadStatus } from '../status/identity.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { found, ruledOut, unseen, type Cause, type Finding } from './cause.ts';
import type { Scene, WorkloadApiSeen } from './scene.ts';

// The first tree of the workload identity document: certificate rotation failures.

const tree = 'rotation';
const socketNeeded = unseen('name the socket of the agent: --workload-api');
const branches = {
  agent: 'Ask the agent',
  domain: 'Verify the trust domain configuration',
  network: 'Check the network connectivity to the SPIRE server',
  service: 'Verify that the service takes up what it is handed',
} as const;

/** Why identities are not renewed, or not taken up, in the order in which they are looked for. */
export const rotationCauses: readonly Cause[] = [
  {
    ...{ id: 'agent-socket-missing', tree, branch: branches.agent },
    title: 'There is no socket of an agent where the workload looks for one',
    symptom: 'every client of the Workload API says `no such file or directory`',
    remedy:
      'start the agent, or correct SPIFFE_ENDPOINT_SOCKET; in a container mount the directory of the socket, and not the socket',
    look: ofSocket('missing'),
  },
  {
    ...{ id: 'agent-socket-stale', tree, branch: branches.agent },
    title: 'The socket is there, and nobody listens behind it',
    symptom:
      '`connection refused` on a socket that exists: its agent was killed, or a container still has the socket of an agent that is gone',
    remedy:
      'start the agent, which makes the socket anew; a container that mounted the socket itself has to be started again, and should mount its directory',
    look: ofSocket('stale'),
  },
  {
    ...{ id: 'agent-socket-forbidden', tree, branch: branches.agent },
    title: 'This user may not open the socket',
    symptom: '`permission denied` on connecting; root gets an answer',
    remedy:
      'give the user the directory and the socket to read and write; the agent attests who calls, so that the socket is no secret',
    look: ofSocket('forbidden'),
  },
  {
    ...{ id: 'agent-socket-other', tree, branch: branches.agent },
    title: 'Whoever listens at the socket serves no Workload API',
    symptom: 'calls fail with `Unimplemented`, or with an error of HTTP/2',
    remedy:
      'correct SPIFFE_ENDPOINT_SOCKET: the admin socket of an agent and that of a server look alike, and serve another API',
    look: ofSocket('other'),
  },
  {
    ...{ id: 'agent-silent', tree, branch: branches.agent },
    title: 'The agent takes the call and does not answer',
    symptom: 'clients hang; nothing is logged',
    remedy:
      'see whether the agent is stopped (state T in `ps`), out of descriptors or of processor time; start it again',
    look: ofSocket('silent'),
  },
  {
    ...{ id: 'no-entry', tree, branch: branches.agent },
    title: 'No registration entry fits this process',
    symptom:
      '`no identity issued` (PermissionDenied), also after an entry was deleted: the SVID that was handed out lives on until its end',
    remedy:
      'compare the selectors of the entry with what this process is (uid, path, labels), and its parent with the ID of this node; a new entry is handed out at the next synchronisation',
    look: ofSocket('denied'),
  },
  {
    ...{ id: 'other-trust-domain', tree, branch: branches.domain },
    title: 'The agent is of another trust domain than is expected here',
    symptom: 'identities come, and no peer knows them',
    remedy:
      'correct trust_domain of the agent, or what the service expects: the two have to be the same name, letter by letter',
    look({ workloadApi, trustDomain }) {
      if (trustDomain === undefined) return unseen('say which is expected: --trust-domain');
      if (workloadApi?.state !== 'handed') return notHanded(workloadApi);
      const theirs = workloadApi.context.svids.map(({ spiffeId }) => parseSpiffeId(spiffeId).trustDomain);
      const other = theirs.find((name) => name !== trustDomain);
      return other === undefined
        ? ruledOut(`its identities are of ${trustDomain}`)
        : found(`it hands out an identity of ${other}, and ${trustDomain} is expected`);
    },
  },
  {
    ...{ id: 'server-unreachable', tree, branch: branches.network },
    title: 'The SPIRE server is not reached from here',
    symptom: 'the agent logs `connection refused` or `i/o timeout`, and hands out what it has until that ends',
    remedy:
      'see whether the server runs, what server_address of the agent names, and what stands between them (policies, firewalls, names)',
    look({ serverPort }) {
      if (serverPort === undefined) return unseen('say where the server takes agents: --server');
      return serverPort.state === 'open' ? ruledOut(serverPort.says) : found(serverPort.says);
    },
  },
  {
    ...{ id: 'agent-ended', tree, branch: branches.network },
    title: 'The SVID of the agent has ended, so that it cannot come back to its server by itself',
    symptom:
      'the agent ends soon after it was started, and logs that its certificate has expired; of one that came by a join token every start does so',
    remedy:
      'start it once more where it can attest itself anew; one that came by a join token needs a new one: `assay mesh rejoin`',
    look({ agent, nodes, now }) {
      if (agent !== undefined)
        return agent.notAfter <= now
          ? found(`the SVID of ${agent.spiffeId} ended at ${agent.notAfter.toISOString()}`)
          : ruledOut(`the SVID of ${agent.spiffeId} ends at ${agent.notAfter.toISOString()}`);
      const ended = nodes?.find(({ wrong }) => wrong?.includes('SVID has ended'));
      if (nodes === undefined)
        return unseen(
          'name the data directory of the agent, --agent-data, or the admin socket of the server, --spire-server',
        );
      return ended === undefined
        ? ruledOut('the server knows of no such agent')
        : found(`${ended.node}: ${ended.wrong}`);
    },
  },
  {
    ...{ id: 'agent-banned', tree, branch: branches.network },
    title: 'The agent is banned at its server',
    symptom: 'the agent ends at its next synchronisation; what it handed out is valid until its end',
    remedy: 'where that was a mistake, evict it (`spire-server agent evict`), and have it attested anew',
    look({ nodes }) {
      if (nodes === undefined) return unseen('name the admin socket of the server: --spire-server');
      const banned = nodes.find(({ agents }) => agents.length > 0 && agents.every((one) => one.banned));
      return banned === undefined
        ? ruledOut('the server has banned none of them')
        : found(`the agent of ${banned.node} is banned`);
    },
  },
  {
    ...{ id: 'renewal-late', tree, branch: branches.network },
    title: 'The identity was to be renewed by now, and was not',
    symptom: 'the SVID grows older than four fifths of its life; nothing fails yet',
    remedy: "see in the agent's log what keeps it from its server; until the end of the SVID nothing is lost",
    look({ workloadApi, now }) {
      if (workloadApi?.state !== 'handed') return notHanded(workloadApi);
      const { identities, wrong } = workloadStatus(workloadApi.context, now);
      const late = identities.find(({ lateFrom }) => Date.parse(lateFrom) <= now.getTime());
      return late === undefined
        ? ruledOut(`${identities.length === 1 ? 'the identity is' : 'the identities are'} young enough`)
        : found(
            wrong.find((one) => one.includes(late.spiffeId)) ?? `the SVID of ${late.spiffeId} ends at ${late.notAfter}`,
          );
    },
  },
  {
    ...{ id: 'clock-behind', tree, branch: branches.network },
    title: 'The clock of this machine is behind that of the server',
    symptom: 'fresh SVIDs are refused as not yet valid: SPIRE dates them back by ten seconds, and no more',
    remedy: 'have this machine follow a time server, and look at its clock beside that of the server',
    look({ workloadApi, now }) {
      if (workloadApi?.state !== 'handed') return notHanded(workloadApi);
      const early = leavesOf(workloadApi).find(({ notBefore }) => notBefore > now);
      return early === undefined
        ? ruledOut('what is handed out is valid already')
        : found(
            `what is handed out is valid from ${early.notBefore.toISOString()} on, and it is ${now.toISOString()} here`,
          );
    },
  },
  {
    ...{ id: 'service-keeps-old', tree, branch: branches.service },
    title: 'The service goes on with an SVID that was replaced',
    symptom:
      'the agent renews, the service shows the same serial number all the time, and its callers are turned away when that ends',
    remedy:
      'have the service follow the stream of the Workload API, or reload its files at the signal of the helper; until then start it again',
    look({ workloadApi, peer, now }) {
      if (workloadApi?.state !== 'handed') return notHanded(workloadApi);
      const tls = peer?.tls;
      if (tls?.state !== 'shown') return unseen('name the address of the service: --peer');
      const leaf = tls.chain[0];
      // Of one ID there may be more than one, by an entry each.
      const own = leavesOf(workloadApi).filter(({ uriSans }) => uriSans[0] === leaf?.uriSans[0]);
      if (leaf === undefined || own.length === 0)
        return unseen(
          'what it shows is not of an identity that this process is handed, too: ask as the user of the service',
        );
      const newer = own.find(({ notAfter }) => notAfter > leaf.notAfter);
      if (newer === undefined || own.some(({ serial }) => serial === leaf.serial))
        return ruledOut(`it shows SVID ${leaf.serial}, and nothing newer was handed out`);
      // SPIRE renews at half of a life.
      return (leaf.notBefore.getTime() + leaf.notAfter.getTime()) / 2 <= now.getTime()
        ? found(
            `it shows SVID ${leaf.serial}, which ends at ${leaf.notAfter.toISOString()}; ${newer.serial} was handed out since, until ${newer.notAfter.toISOString()}`,
          )
        : unseen(
            `it shows SVID ${leaf.serial}, and this process is handed ${newer.serial}; the former is not due to be renewed, so another instance of the service may have it: ask beside the agent of the one that answers`,
          );
    },
  },
];

const notHanded = (workloadApi: WorkloadApiSeen | undefined) =>
  workloadApi === undefined ? socketNeeded : unseen('takes an identity, and none is handed out here');

function ofSocket(state: Exclude<WorkloadApiSeen['state'], 'handed'>): (scene: Scene) => Finding {
  return ({ workloadApi }) => {
    if (workloadApi === undefined) return socketNeeded;
    if (workloadApi.state === 'handed')
      return ruledOut(
        `${workloadApi.socket} hands out ${workloadApi.context.svids.length === 1 ? 'an identity' : `${workloadApi.context.svids.length} identities`}`,
      );
    return workloadApi.state === state
      ? found(`${workloadApi.socket}: ${workloadApi.says}`)
      : ruledOut(`${workloadApi.socket}: ${workloadApi.says}`);
  };
}

function leavesOf({ context }: Extract<WorkloadApiSeen, { state: 'handed' }>) {
  return context.svids.flatMap(({ chain }) => (chain[0] === undefined ? [] : [readCertificate(chain[0])]));
}
