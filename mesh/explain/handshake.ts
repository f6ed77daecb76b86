import type { TrustBundles } from '../../src/svid/bundle.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid, type Verification, type VerifyFailure } from '../../src/svid/x509/verify.ts';
import { found, ruledOut, unseen, type Cause, type Finding } from './cause.ts';
import type { PeerSeen, Scene, TlsSeen } from './scene.ts';

// The second tree of the workload identity document: TLS handshake failures.

const tree = 'handshake';
const peerNeeded = unseen('name the service that is called: --peer');
const branches = {
  reach: 'See who answers at the address',
  validity: 'Verify the validity of certificates',
  bundle: 'Check the trust bundle configuration',
  identity: 'Verify the identity of the service',
  policy: 'Check whom the service lets in',
} as const;

/** Why a service and its caller do not come together, in the order in which a handshake comes to it. */
export const handshakeCauses: readonly Cause[] = [
  {
    ...{ id: 'nobody-listens', tree, branch: branches.reach },
    title: 'Nobody takes connections at the address of the service',
    symptom: '`connection refused`, or a connect that runs into its time limit',
    remedy: 'see whether the service runs and listens there, and what stands between (policies, firewalls, names)',
    look({ peer }) {
      if (peer === undefined) return peerNeeded;
      return peer.port.state === 'open' ? ruledOut(peer.port.says) : found(peer.port.says);
    },
  },
  {
    ...{ id: 'peer-speaks-no-tls', tree, branch: branches.reach },
    title: 'The service speaks no TLS at that address',
    symptom: '`wrong version number` at the client; whoever asks without TLS gets an answer',
    remedy:
      'call the port of its mTLS listener; where this is that port, switch TLS on: whoever is on the way reads everything now',
    look: ofTls('not-tls'),
  },
  {
    ...{ id: 'peer-speaks-old-tls', tree, branch: branches.reach },
    title: 'The service speaks TLS 1.2, and nothing newer',
    symptom: '`protocol version` at a client that wants TLS 1.3',
    remedy: 'raise its newest TLS version; a mesh promises TLS 1.3 and nothing else',
    look: ofTls('old'),
  },
  {
    ...{ id: 'own-identity-missing', tree, branch: branches.validity },
    title: 'The caller itself has no valid SVID',
    symptom: 'every service turns it away, each with another alert',
    remedy: 'see `assay mesh explain rotation` for why',
    look({ workloadApi, now }) {
      if (workloadApi === undefined) return unseen('name the socket of the agent: --workload-api');
      if (workloadApi.state !== 'handed') return found(`${workloadApi.socket}: ${workloadApi.says}`);
      const { svids } = workloadApi.context;
      const judged = svids.map(({ chain }) =>
        verifyX509Svid(
          chain.map((der) => readCertificate(der)),
          bundlesOf(workloadApi.context.bundles),
          now,
        ),
      );
      const wrong = judged.find((one) => !one.ok);
      if (svids.length === 0) return found('the agent hands out none');
      return wrong === undefined || wrong.ok
        ? ruledOut('its own bundle accepts it')
        : found(`${wrong.reason}: ${wrong.detail}`);
    },
  },
  {
    ...{ id: 'peer-svid-ended', tree, branch: branches.validity },
    title: 'The SVID of the service has ended',
    symptom: '`certificate has expired` at every caller at once',
    remedy:
      'see there why it is not renewed or not taken up: `assay mesh explain rotation`; a restart of the service takes up what its agent has',
    look: ofPeer(['expired']),
  },
  {
    ...{ id: 'peer-svid-not-yet', tree, branch: branches.validity },
    title: 'The SVID of the service is not valid yet, by the clock of this machine',
    symptom: '`certificate is not yet valid` at this caller, and at no other',
    remedy: 'have this machine follow a time server: its clock is behind that of the server that issued it',
    look: ofPeer(['not-yet-valid']),
  },
  {
    ...{ id: 'peer-of-unknown-domain', tree, branch: branches.bundle },
    title: 'The service is of a trust domain whose bundle this caller does not have',
    symptom: '`certificate signed by unknown authority` between trust domains, and none within them',
    remedy:
      'federate: the server needs the bundle of the other trust domain, and the entry of the caller `-federatesWith`',
    look: ofPeer(['unknown-trust-domain']),
  },
  {
    ...{ id: 'peer-of-unknown-authority', tree, branch: branches.bundle },
    title: 'The service shows an SVID of an authority that is not in the bundle of this caller',
    symptom:
      '`certificate signed by unknown authority`, often after an authority was rotated or a server was set up anew',
    remedy:
      'compare the authorities: `assay mesh status` here, `spire-server bundle show` there; an agent that was away follows at its next synchronisation; an intermediate that is not shown is for the service to show',
    look: ofPeer(['unknown-authority', 'bad-chain']),
  },
  {
    ...{ id: 'peer-shows-no-svid', tree, branch: branches.identity },
    title: 'What the service shows is no X509-SVID',
    symptom: 'the chain verifies for `openssl`, and no SPIFFE library takes it',
    remedy: 'have it serve the SVID of its agent: one URI SAN, a leaf and no CA, the key usage of a leaf',
    look: ofPeer(['no-uri-san', 'two-uri-sans', 'not-a-spiffe-id', 'no-path', 'ca-leaf', 'key-usage']),
  },
  {
    ...{ id: 'peer-is-another', tree, branch: branches.identity },
    title: 'Another service answers than the one that is expected',
    symptom: 'the chain verifies, and the ID is not the one that is pinned',
    remedy:
      'correct the address, the pin, or the entry by which the service got its ID: IDs are compared letter by letter',
    look(scene) {
      const seen = judgedPeer(scene);
      if ('state' in seen) return seen;
      const { expect } = scene.peer!;
      if (expect === undefined) return unseen('say whom you expect: --expect');
      if (!seen.ok) return unseen('who it is cannot be told: see the others');
      return seen.spiffeId.text === expect
        ? ruledOut(`it is ${expect}`)
        : found(`it is ${seen.spiffeId.text}, and ${expect} is expected`);
    },
  },
  {
    ...{ id: 'refused-as-unknown', tree, branch: branches.bundle },
    title: 'The service does not know the authority of this caller',
    symptom: 'alert `unknown ca` right after the handshake',
    remedy:
      'see which authorities its bundle has: it may keep an old one, or that of another trust domain; a bundle that is read once has to be read again',
    look: ofVerdict('unknown ca'),
  },
  {
    ...{ id: 'refused-as-ended', tree, branch: branches.validity },
    title: 'The service takes the SVID of this caller for one that has ended',
    symptom: 'alert `certificate expired`, though it has not',
    remedy: 'look at the clock of the machine of the service',
    look: ofVerdict('certificate expired'),
  },
  {
    ...{ id: 'refused-without-certificate', tree, branch: branches.policy },
    title: 'The service wants a certificate, and was shown none',
    symptom: 'alert `certificate required`',
    remedy: 'give the caller an identity: `assay mesh explain rotation`',
    look(scene) {
      const verdict = verdictOn(scene);
      if (!('refusal' in verdict)) return verdict;
      const { alert, says } = verdict.refusal;
      if (alert === 'certificate required') return found(says);
      // Others than OpenSSL and Go have another alert for it, or none.
      return scene.peer?.shown === undefined ? found(`${says}; it was shown none`) : ruledOut('it was shown one');
    },
  },
  {
    ...{ id: 'refused-by-policy', tree, branch: branches.policy },
    title: 'The service does not let this caller in',
    symptom:
      'the handshake ends well at the client, and the connection is closed or ends with another alert before an answer',
    remedy:
      'see its log for whom it turned away, and why: some servers end the connection of a caller whose authority they do not know in the same way; add the exact SPIFFE ID of the caller to what the service allows',
    look(scene) {
      const verdict = verdictOn(scene);
      if ('refusal' in verdict) {
        const { alert, says } = verdict.refusal;
        if (alert !== undefined && named.has(alert)) return ruledOut(says);
        return scene.peer?.shown === undefined ? unseen('it was shown no identity that it could let in') : found(says);
      }
      return verdict;
    },
  },
];

const named: ReadonlySet<string> = new Set(['unknown ca', 'certificate expired', 'certificate required']);

function ofTls(state: Exclude<TlsSeen['state'], 'shown' | 'broken'>): (scene: Scene) => Finding {
  return ({ peer }) => {
    const tls = tlsOf(peer);
    if (tls.state === 'unseen') return tls;
    if (tls.state === state) return found(tls.says);
    return tls.state === 'broken'
      ? unseen(tls.says)
      : ruledOut(tls.state === 'shown' ? 'it shook hands by TLS 1.3' : tls.says);
  };
}

function tlsOf(peer: PeerSeen | undefined): TlsSeen | (Finding & { readonly state: 'unseen' }) {
  const open = { state: 'unseen' } as const;
  if (peer === undefined) return { ...peerNeeded, ...open };
  return peer.tls ?? { ...open, says: peer.port.says };
}

/** What its certificates are to us; or why that is not known. */
function judgedPeer({ peer, workloadApi, now }: Scene): Verification | Finding {
  const tls = tlsOf(peer);
  if (tls.state !== 'shown') return unseen(tls.says);
  if (workloadApi === undefined) return unseen('takes a bundle: name the socket of the agent, --workload-api');
  if (workloadApi.state !== 'handed') return unseen('takes a bundle, and none is handed out here');
  return verifyX509Svid(tls.chain, bundlesOf(workloadApi.context.bundles), now);
}

function ofPeer(reasons: readonly VerifyFailure[]): (scene: Scene) => Finding {
  return (scene) => {
    const seen = judgedPeer(scene);
    if ('state' in seen) return seen;
    if (seen.ok) return ruledOut(`it shows a valid SVID of ${seen.spiffeId.text}`);
    return reasons.includes(seen.reason)
      ? found(`${seen.reason}: ${seen.detail}`)
      : ruledOut(`${seen.reason}: ${seen.detail}`);
  };
}

function verdictOn({
  peer,
}: Scene): Finding | { readonly refusal: { readonly alert?: string; readonly says: string } } {
  const tls = tlsOf(peer);
  if (tls.state !== 'shown') return unseen(tls.says);
  const { state, says } = tls.verdict;
  if (state === 'refused') return { refusal: tls.verdict };
  if (state === 'accepted' && tls.verdict.protocol !== undefined)
    return unseen(
      `${says}; it speaks ${tls.verdict.protocol}, and may still turn this caller away by its answer, as nginx does: ask it something as this caller`,
    );
  return state === 'accepted' ? ruledOut(says) : unseen(says);
}

// What servers say that do not tell one reason from another: Go where the program itself verifies, as go-spiffe does; Java; OpenSSL by an extension.
const vague: ReadonlySet<string> = new Set([
  'bad certificate',
  'certificate unknown',
  'handshake failure',
  'internal error',
]);

function ofVerdict(wanted: string): (scene: Scene) => Finding {
  return (scene) => {
    const verdict = verdictOn(scene);
    if (!('refusal' in verdict)) return verdict;
    const { alert, says } = verdict.refusal;
    if (alert === wanted) return found(says);
    if (scene.peer?.shown === undefined) return ruledOut('it was shown no certificate');
    return alert === undefined || vague.has(alert)
      ? unseen(`${says}, which may mean this, too: its log says`)
      : ruledOut(says);
  };
}

function bundlesOf(bundles: ReadonlyMap<string, readonly Uint8Array[]>): TrustBundles {
  return new Map(
    [...bundles].map(([name, ders]): [string, Certificate[]] => [name, ders.map((der) => readCertificate(der))]),
  );
}
