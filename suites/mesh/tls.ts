import { setTimeout as sleep } from 'node:timers/promises';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { besideControl, openControl, type Control, type Row } from '../../fixtures/probes/beside-control.ts';
import { dialForged, type Show } from '../../fixtures/probes/forged-server.ts';
import { offerHello, offerPlaintext, type Offer, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import { nodesIn, type ForgingGround, type TargetNode } from '../../fixtures/target/target.ts';
import * as tlsClauses from '../../src/clauses/mesh/tls.ts';
import type { Suite, SuiteContext } from '../suite.ts';

const { versionAsServer, versionAsClient, aeadOnly, plaintextRefused, clientCertificateRequired } = tlsClauses;
const { clientPresentsSvid, noEarlyData, ticketNotPastSvid } = tlsClauses;

/** TLS 1.3 only, with a valid SVID in hand: the only thing that differs from the control is the row's own. */
export const tls: Suite = {
  id: 'tls',
  title: 'TLS 1.3 only',
  mesh: 'steady',
  needs: [],
  decides: [
    ...[versionAsServer, versionAsClient, aeadOnly, plaintextRefused, clientCertificateRequired],
    ...[clientPresentsSvid, noEarlyData, { clause: ticketNotPastSvid, needs: ['forging'] as const }],
  ],
  async run(context) {
    const { target, wants } = context;
    const { forging } = target;
    await allEnded([
      ...nodesIn(target, 'server').map((node) => asServer(context, node)),
      ...nodesIn(target, 'client').map((node) => asClient(context, node)),
      ...(forging !== undefined && wants(ticketNotPastSvid)
        ? nodesIn(target, 'server').map((node) => ticketPastSvid(context, node, forging))
        : []),
    ]);
  },
};

const ofServers = [versionAsServer, aeadOnly, plaintextRefused, clientCertificateRequired, noEarlyData];
const ofClients = [versionAsClient, clientPresentsSvid, aeadOnly, plaintextRefused];

const only = (version: 'TLSv1.2' | 'TLSv1.1' | 'TLSv1') => ({ versions: [version, version] as const });
const oldRange = { versions: ['TLSv1', 'TLSv1.2'] } as const;
const wholeRange = { versions: ['TLSv1', 'TLSv1.3'] } as const;
// Suites that are not offered by default stand below OpenSSL's usual security level.
const shortTag = { ciphers: 'TLS_AES_128_CCM_8_SHA256:ALL:@SECLEVEL=0' };
const cbcSuites = 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA:@SECLEVEL=0';
const rsaSuites = 'AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0';
const aead = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

type OfferRow = Omit<Row, 'offer'> & { readonly offer: Omit<Offer, 'identity'> | 'plaintext' | 'anonymous' };

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
];

async function asServer(context: SuiteContext, node: TargetNode): Promise<void> {
  const { recorder, signal, target, wants } = context;
  if (!ofServers.some(wants)) return;
  const identity = await target.probeIdentity();
  const control: Control = {
    ...{ recorder, signal, node, role: 'server', name: `tls/${node.name}/server` },
    right: {
      clause: versionAsServer,
      row: 'TLS 1.3 with a valid SVID',
      offer: async () => offerHello(node.address, { identity: await target.probeIdentity() }),
    },
  };
  const rows = [
    ...serverRows.map((row) => offered(node, identity, row)),
    ...aead.map((suite) => strong(node, identity, suite)),
  ];
  await besideControl(
    control,
    rows.filter(({ clause }) => wants(clause)),
  );
}

function offered({ address }: TargetNode, identity: TlsIdentity, { offer, ...row }: OfferRow): Row {
  if (offer === 'plaintext') return { ...row, offer: () => offerPlaintext(address) };
  if (offer === 'anonymous') return { ...row, offer: () => offerHello(address, {}) };
  return { ...row, offer: () => offerHello(address, { identity, ...offer }) };
}

/** Which of the strong suites a node speaks is its own choice; it has to speak one, which the control shows. */
function strong({ address }: TargetNode, identity: TlsIdentity, suite: string): Row {
  return {
    clause: aeadOnly,
    row: suite,
    expect: 'either',
    offer: () => offerHello(address, { identity, ciphers: suite }),
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
  const identity = await target.probeIdentity();
  const call = (show: Omit<Show, 'identity'>) =>
    dialForged(node.admin!, target.harnessHost, identity.spiffeId, { identity, ...show });
  const right = { clause: versionAsClient, row: 'a server of TLS 1.3 with a valid SVID', offer: () => call({}) };
  const rows = clientRows
    .filter(({ clause }) => wants(clause))
    .map(({ show, ...row }): Row => ({ ...row, offer: () => call(show) }));
  const control: Control = {
    recorder,
    signal,
    node,
    role: 'client',
    name: `tls/${node.name}/client`,
    right,
    shows: [clientPresentsSvid],
  };
  await besideControl(control, rows, 3);
}

/** A session that was opened with an SVID near its end, offered again after that end. */
async function ticketPastSvid(context: SuiteContext, node: TargetNode, forging: ForgingGround): Promise<void> {
  const { recorder, signal, target } = context;
  const issue = async (notAfter: Date): Promise<TlsIdentity> => {
    const spiffeId = target.probeIds.own;
    const svid = await forging.own.issue({ spiffeId, notBefore: new Date(Date.now() - 60_000), notAfter });
    return { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
  };
  // Short enough for a gate; where the machine is so busy that the SVID ended under way, its refusal was right and a longer life is needed.
  let brief = await openSession(node, issue, 2);
  for (const lifeSeconds of [6, 18]) if (!brief.inTime) brief = await openSession(node, issue, lifeSeconds);
  const { identity, notAfter, opened, resumed, session, inTime } = brief;
  const whileAlive = (seen: Seen): Seen =>
    seen.outcome === 'accepted' || inTime
      ? seen
      : { ...seen, outcome: 'unknown', how: `${seen.how}; the SVID came to its end meanwhile` };
  const control = await openControl({
    ...{ recorder, signal, node, role: 'server', name: `ticket/${node.name}` },
    right: { clause: ticketNotPastSvid, row: 'an SVID near its end', offer: () => Promise.resolve(whileAlive(opened)) },
    after: {
      row: 'a living SVID',
      offer: async () => offerHello(node.address, { identity: await issue(new Date(Date.now() + 600_000)) }),
    },
  });
  const alive: Row[] =
    resumed === undefined
      ? []
      : [
          {
            clause: ticketNotPastSvid,
            row: 'its session, while the SVID lives',
            expect: 'accepted',
            offer: () => Promise.resolve(whileAlive(resumed)),
          },
        ];
  await control.try(alive);
  await sleep(Math.max(0, notAfter.getTime() + 1_050 - Date.now()), undefined, { signal });
  const row =
    session === undefined ? 'the SVID after its end (no session was offered)' : "its session, after the SVID's end";
  const late = () => offerHello(node.address, { identity, ...(session && { session }) });
  await control.try([{ clause: ticketNotPastSvid, row, expect: 'refused', offer: late }]);
  await control.close();
}

async function openSession(node: TargetNode, issue: (notAfter: Date) => Promise<TlsIdentity>, lifeSeconds: number) {
  // Validity counts in whole seconds: up to one more is left.
  const notAfter = new Date((Math.ceil(Date.now() / 1000) + lifeSeconds) * 1000);
  const identity = await issue(notAfter);
  const opened = await offerHello(node.address, { identity });
  // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
  const [spent, ...kept] = opened.sessions;
  const resumed = spent === undefined ? undefined : await offerHello(node.address, { identity, session: spent });
  const inTime = Date.now() < notAfter.getTime();
  return { notAfter, identity, opened, resumed, session: kept.at(-1) ?? spent, inTime };
}
