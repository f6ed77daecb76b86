import { allEnded } from '../../fixtures/run/all-ended.ts';
import { besideControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { dialForged, type Show } from '../../fixtures/probes/forged-server.ts';
import { offerPlaintext } from '../../fixtures/probes/plaintext.ts';
import { offerTo, type Offer, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { identityTo, nodesIn, type TargetNode } from '../../fixtures/target/target.ts';
import * as tlsClauses from '../../src/clauses/mesh/tls.ts';
import type { Suite, SuiteContext } from '../suite.ts';

const { versionAsServer, versionAsClient, aeadOnly, plaintextRefused, clientCertificateRequired } = tlsClauses;
const { clientPresentsSvid, serverPresentsSvid, noEarlyData } = tlsClauses;

/** TLS 1.3 only, with a valid SVID in hand: the only thing that differs from the control is the row's own. */
export const tls: Suite = {
  id: 'tls',
  title: 'TLS 1.3 only',
  mesh: 'steady',
  needs: [],
  decides: [
    ...[versionAsServer, versionAsClient, aeadOnly, plaintextRefused, clientCertificateRequired],
    ...[clientPresentsSvid, serverPresentsSvid, noEarlyData],
  ],
  async run(context) {
    const { target } = context;
    await allEnded([
      ...nodesIn(target, 'server').map((node) => asServer(context, node)),
      ...nodesIn(target, 'client').map((node) => asClient(context, node)),
    ]);
  },
};

const ofServers = [
  ...[versionAsServer, aeadOnly, plaintextRefused, clientCertificateRequired, serverPresentsSvid, noEarlyData],
];
const ofClients = [versionAsClient, clientPresentsSvid, aeadOnly, plaintextRefused];

const only = (version: 'TLSv1.2' | 'TLSv1.1' | 'TLSv1') => ({ versions: [version, version] as const });
const oldRange = { versions: ['TLSv1', 'TLSv1.2'] } as const;
const wholeRange = { versions: ['TLSv1', 'TLSv1.3'] } as const;
// Suites that are not offered by default stand below OpenSSL's usual security level.
const shortTag = { ciphers: 'TLS_AES_128_CCM_8_SHA256:ALL:@SECLEVEL=0' };
const cbcSuites = 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA:@SECLEVEL=0';
const rsaSuites = 'AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0';
const aead = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

type OfferRow = Omit<Row, 'offer'> & {
  readonly offer:
    Omit<Offer, 'identity'> | 'plaintext' | 'anonymous' | 'anonymous twice' | 'anonymous after the right one';
};

// prettier-ignore
const serverRows: readonly OfferRow[] = [
  { clause: versionAsServer, row: 'TLS 1.2 alone', expect: 'refused', offer: only('TLSv1.2') },
  { clause: versionAsServer, row: 'TLS 1.1 alone', expect: 'refused', offer: only('TLSv1.1') },
  { clause: versionAsServer, row: 'TLS 1.0 alone', expect: 'refused', offer: only('TLSv1') },
  { clause: versionAsServer, row: 'TLS 1.0 to 1.2', expect: 'refused', offer: oldRange },
  { clause: versionAsServer, row: 'TLS 1.0 to 1.3', expect: 'accepted', offer: wholeRange },
  { clause: aeadOnly, row: 'AES-128-CCM-8, with its short tag, alone', expect: 'refused', offer: shortTag },
  { clause: aeadOnly, row: 'CBC suites of TLS 1.2', expect: 'refused', offer: { ...only('TLSv1.2'), ciphers: cbcSuites } },
  { clause: aeadOnly, row: 'static RSA suites of TLS 1.2', expect: 'refused', offer: { ...only('TLSv1.2'), ciphers: rsaSuites } },
  { clause: plaintextRefused, row: 'plaintext HTTP', expect: 'refused', offer: 'plaintext' },
  { clause: clientCertificateRequired, row: 'an empty certificate list', expect: 'refused', offer: 'anonymous' },
  { clause: clientCertificateRequired, row: 'an empty certificate list, with the session of the call before', expect: 'refused', offer: 'anonymous twice' },
  { clause: clientCertificateRequired, row: 'an empty certificate list, right after the right one', expect: 'refused', offer: 'anonymous after the right one' },
];

async function asServer(context: SuiteContext, node: TargetNode): Promise<void> {
  const { recorder, signal, target, wants } = context;
  if (!ofServers.some(wants)) return;
  const identity = await identityTo(target, node, 'server');
  if (node.speaks12 !== undefined)
    recorder.record({
      kind: 'skip',
      clause: versionAsServer.id,
      node: node.name,
      role: 'server',
      reason: node.speaks12,
    });
  const decided = ({ clause }: Pick<Row, 'clause'>) =>
    wants(clause) && !(clause === versionAsServer && node.speaks12 !== undefined);
  const control: Control = {
    ...{ recorder, signal, trust: target, node, role: 'server', name: `tls/${node.name}/server` },
    right: {
      clause: node.speaks12 === undefined ? versionAsServer : clientCertificateRequired,
      row: 'TLS 1.3 with a valid SVID',
      offer: async () => offerTo(node, { identity: await identityTo(target, node, 'server') }),
    },
  };
  const rows = [
    ...serverRows.map((row) => offered(node, identity, row)),
    ...aead.map((suite) => strong(node, identity, suite)),
  ];
  await besideControl(control, rows.filter(decided));
}

function offered(node: TargetNode, identity: TlsIdentity, { offer, ...row }: OfferRow): Row {
  if (offer === 'plaintext') return { ...row, offer: () => offerPlaintext(node) };
  if (offer === 'anonymous') return { ...row, offer: () => offerTo(node, {}) };
  if (offer === 'anonymous twice') return { ...row, offer: () => anonymousTwice(node) };
  if (offer === 'anonymous after the right one') return { ...row, offer: () => anonymousAfter(node, identity) };
  return { ...row, offer: () => offerTo(node, { identity, ...offer }) };
}

/** Who refuses after the handshake has given a ticket before; where none came, the first refusal is what there is. */
async function anonymousTwice(node: TargetNode): Promise<Seen> {
  const first = await offerTo(node, {});
  const session = first.sessions.at(-1);
  return session === undefined ? first : offerTo(node, { session });
}

// Others call meanwhile, and may come between the two.
const timesAfter = 4;

/** Who keeps what it has learnt of the last caller, and takes nobody for that one, is met right after one who is let in. */
async function anonymousAfter(node: TargetNode, identity: TlsIdentity): Promise<Seen> {
  let seen: Seen;
  let times = 0;
  do {
    await offerTo(node, { identity });
    seen = await offerTo(node, {});
  } while (seen.outcome === 'refused' && ++times < timesAfter);
  return seen;
}

/** Which of the strong suites a node speaks is its own choice; it has to speak one, which the control shows. */
function strong(node: TargetNode, identity: TlsIdentity, suite: string): Row {
  return {
    clause: aeadOnly,
    row: suite,
    expect: 'either',
    offer: () => offerTo(node, { identity, ciphers: suite }),
  };
}

type ShowRow = Omit<Row, 'offer'> & { readonly show: Omit<Show, 'identity'> };

// prettier-ignore
const clientRows: readonly ShowRow[] = [
  { clause: versionAsClient, row: 'a server of TLS 1.2', expect: 'refused', show: only('TLSv1.2') },
  { clause: versionAsClient, row: 'a server of TLS 1.1', expect: 'refused', show: only('TLSv1.1') },
  { clause: versionAsClient, row: 'a server of TLS 1.0', expect: 'refused', show: only('TLSv1') },
  { clause: versionAsClient, row: 'a server of TLS 1.0 to 1.2', expect: 'refused', show: oldRange },
  { clause: aeadOnly, row: 'a server of AES-128-CCM-8 alone', expect: 'refused', show: shortTag },
  { clause: plaintextRefused, row: 'a server without TLS', expect: 'refused', show: { plaintext: true } },
];

async function asClient(context: SuiteContext, node: TargetNode): Promise<void> {
  const { recorder, signal, target, wants } = context;
  if (!ofClients.some(wants)) return;
  const identity = await identityTo(target, node, 'client');
  const call = (show: Omit<Show, 'identity'>) =>
    dialForged(node.dialler!, target.harnessHost, identity.spiffeId, { identity, ...show });
  const right = { clause: versionAsClient, row: 'a server of TLS 1.3 with a valid SVID', offer: () => call({}) };
  const rows = clientRows
    .filter(({ clause }) => wants(clause))
    .map(({ show, ...row }): Row => ({ ...row, offer: () => call(show) }));
  const control: Control = {
    recorder,
    signal,
    trust: target,
    node,
    role: 'client',
    name: `tls/${node.name}/client`,
    right,
    shows: [clientPresentsSvid],
  };
  await besideControl(control, rows, 3);
}
