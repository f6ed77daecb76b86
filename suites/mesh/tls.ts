import { setTimeout as sleep } from 'node:timers/promises';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { dialForged, type Show } from '../../fixtures/probes/forged-server.ts';
import { offerHello, offerPlaintext, type Offer, type Seen } from '../../fixtures/probes/probe.ts';
import type { TargetNode } from '../../fixtures/target/target.ts';
import { maxEarlyData } from '../../src/tls-session.ts';
import {
  doesNotDial,
  eachRow,
  judgedNodes,
  leaveUntried,
  nodesThatAcceptUs,
  recordExchange,
  skip,
  type ControlGroup,
  type Row,
  type Suite,
  type SuiteContext,
} from '../suite.ts';

/** TLS 1.3 only, with a valid SVID in hand: the only thing that differs from the control is the row's own. */
export const tls: Suite = {
  id: 'tls',
  title: 'TLS 1.3 only',
  clauses: [
    'mesh/tls/version-as-server',
    'mesh/tls/version-as-client',
    'mesh/tls/aead-only',
    'mesh/tls/plaintext-refused',
    'mesh/tls/client-certificate-required',
    'mesh/tls/client-presents-svid',
    'mesh/tls/no-early-data',
    'mesh/tls/ticket-not-past-svid',
  ],
  async run(context) {
    await allEnded([
      ...nodesThatAcceptUs(context, asServerClauses).map((node) => asServer(context, node)),
      ...judgedNodes(context).flatMap((node) => [asClient(context, node), ticketPastSvid(context, node)]),
    ]);
  },
};

const asServerClauses = [
  'mesh/tls/version-as-server',
  'mesh/tls/aead-only',
  'mesh/tls/plaintext-refused',
  'mesh/tls/client-certificate-required',
  'mesh/tls/no-early-data',
];
const asClientClauses = [
  'mesh/tls/version-as-client',
  'mesh/tls/client-presents-svid',
  'mesh/tls/aead-only',
  'mesh/tls/plaintext-refused',
];

const aead = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

interface OfferRow extends Row {
  readonly offer: Offer | 'plaintext';
}

const serverRows = (valid: NonNullable<Offer['identity']>): OfferRow[] => {
  const refused = { expect: 'refused' } as const;
  return [
    {
      clause: 'mesh/tls/version-as-server',
      row: 'TLS 1.2 alone',
      ...refused,
      offer: { identity: valid, versions: ['TLSv1.2', 'TLSv1.2'] },
    },
    {
      clause: 'mesh/tls/version-as-server',
      row: 'TLS 1.1 alone',
      ...refused,
      offer: { identity: valid, versions: ['TLSv1.1', 'TLSv1.1'] },
    },
    {
      clause: 'mesh/tls/version-as-server',
      row: 'TLS 1.0 alone',
      ...refused,
      offer: { identity: valid, versions: ['TLSv1', 'TLSv1'] },
    },
    {
      clause: 'mesh/tls/version-as-server',
      row: 'TLS 1.0 to 1.2',
      ...refused,
      offer: { identity: valid, versions: ['TLSv1', 'TLSv1.2'] },
    },
    {
      clause: 'mesh/tls/version-as-server',
      row: 'TLS 1.0 to 1.3',
      expect: 'accepted',
      offer: { identity: valid, versions: ['TLSv1', 'TLSv1.3'] },
    },
    {
      clause: 'mesh/tls/aead-only',
      row: 'AES-128-CCM-8, with its short tag, alone',
      ...refused,
      offer: { identity: valid, ciphers: 'TLS_AES_128_CCM_8_SHA256:ALL:@SECLEVEL=0' },
    },
    {
      clause: 'mesh/tls/aead-only',
      row: 'CBC suites of TLS 1.2',
      ...refused,
      offer: {
        identity: valid,
        versions: ['TLSv1.2', 'TLSv1.2'],
        ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA:@SECLEVEL=0',
      },
    },
    {
      clause: 'mesh/tls/aead-only',
      row: 'static RSA suites of TLS 1.2',
      ...refused,
      offer: { identity: valid, versions: ['TLSv1.2', 'TLSv1.2'], ciphers: 'AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0' },
    },
    { clause: 'mesh/tls/plaintext-refused', row: 'plaintext HTTP', ...refused, offer: 'plaintext' },
    { clause: 'mesh/tls/client-certificate-required', row: 'an empty certificate list', ...refused, offer: {} },
  ];
};

async function asServer(context: SuiteContext, node: TargetNode): Promise<void> {
  const valid = await context.target.probeIdentity();
  const group: ControlGroup = { control: `tls/${node.name}/server`, node, role: 'server' };
  const control = async () => {
    const seen = await offerHello(node.address, { identity: await context.target.probeIdentity() });
    recordExchange(
      context,
      group,
      { clause: 'mesh/tls/version-as-server', row: 'TLS 1.3 with a valid SVID', expect: 'accepted' },
      seen,
    );
    return seen;
  };
  const first = await control();
  if (context.wants('mesh/tls/no-early-data')) earlyData(context, node, first);
  if (first.outcome === 'unknown') {
    leaveUntried(
      context,
      group,
      serverRows(valid).filter(({ clause }) => context.wants(clause)),
      first,
    );
    return;
  }
  await eachRow(
    context,
    serverRows(valid).filter(({ clause }) => context.wants(clause)),
    4,
    async ({ offer, ...row }) => {
      const seen = offer === 'plaintext' ? await offerPlaintext(node.address) : await offerHello(node.address, offer);
      recordExchange(context, group, row, row.row === 'TLS 1.0 to 1.3' ? only13(seen) : seen);
    },
  );
  if (context.wants('mesh/tls/aead-only')) {
    await eachRow(context, aead, 3, async (suite) => {
      const seen = await offerHello(node.address, { identity: valid, ciphers: suite });
      // Which of the three a node speaks is its own choice; it has to speak one, which the control shows.
      if (seen.outcome === 'accepted')
        recordExchange(context, group, { clause: 'mesh/tls/aead-only', row: suite, expect: 'accepted' }, seen);
    });
  }
  await control();
}

/** Accepted is not enough where a range was offered: it has to be TLS 1.3 that was agreed on. */
function only13(seen: Seen): Seen {
  if (seen.outcome !== 'accepted' || seen.tls?.version === 'TLSv1.3') return seen;
  return { ...seen, outcome: 'refused', how: `agreed on ${seen.tls?.version ?? 'nothing'} although 1.3 was offered` };
}

function earlyData({ recorder }: SuiteContext, node: TargetNode, control: Seen): void {
  const granted = control.sessions.map(maxEarlyData);
  const most = Math.max(0, ...granted);
  recorder.record({
    kind: 'fact',
    clause: 'mesh/tls/no-early-data',
    subject: node.name,
    state: control.outcome !== 'accepted' ? 'unknown' : most > 0 ? 'broken' : 'holds',
    says:
      control.outcome !== 'accepted'
        ? `no accepted exchange to look at: ${control.how}`
        : most > 0
          ? `its session tickets allow ${most} bytes of early data`
          : granted.length === 0
            ? 'it gives no session tickets'
            : `${granted.length} session tickets, none allows early data`,
  });
}

interface ShowRow extends Row {
  readonly show: Omit<Show, 'identity'>;
}

const clientRows: ShowRow[] = [
  {
    clause: 'mesh/tls/version-as-client',
    row: 'a server of TLS 1.2',
    expect: 'refused',
    show: { versions: ['TLSv1.2', 'TLSv1.2'] },
  },
  {
    clause: 'mesh/tls/version-as-client',
    row: 'a server of TLS 1.1',
    expect: 'refused',
    show: { versions: ['TLSv1.1', 'TLSv1.1'] },
  },
  {
    clause: 'mesh/tls/version-as-client',
    row: 'a server of TLS 1.0',
    expect: 'refused',
    show: { versions: ['TLSv1', 'TLSv1'] },
  },
  {
    clause: 'mesh/tls/version-as-client',
    row: 'a server of TLS 1.0 to 1.2',
    expect: 'refused',
    show: { versions: ['TLSv1', 'TLSv1.2'] },
  },
  {
    clause: 'mesh/tls/aead-only',
    row: 'a server of AES-128-CCM-8 alone',
    expect: 'refused',
    show: { ciphers: 'TLS_AES_128_CCM_8_SHA256:ALL:@SECLEVEL=0' },
  },
  { clause: 'mesh/tls/plaintext-refused', row: 'a server without TLS', expect: 'refused', show: { plaintext: true } },
];

async function asClient(context: SuiteContext, node: TargetNode): Promise<void> {
  const { target } = context;
  const rows = clientRows.filter(({ clause }) => context.wants(clause));
  const presents = context.wants('mesh/tls/client-presents-svid');
  if (rows.length === 0 && !presents) return;
  if (node.admin === undefined) {
    withoutDial(context, node);
    return;
  }
  const { admin } = node;
  const identity = await target.probeIdentity();
  const group: ControlGroup = { control: `tls/${node.name}/client`, node, role: 'client' };
  const control = async () => {
    const seen = await dialForged(admin, target.harnessHost, identity.spiffeId, { identity });
    if (seen !== undefined)
      recordExchange(
        context,
        group,
        { clause: 'mesh/tls/version-as-client', row: 'a server of TLS 1.3 with a valid SVID', expect: 'accepted' },
        seen,
      );
    return seen;
  };
  const first = await control();
  if (first === undefined) {
    withoutDial(context, node);
    return;
  }
  if (presents) {
    const shown = first.client?.uriSans.join(', ');
    context.recorder.record({
      kind: 'fact',
      clause: 'mesh/tls/client-presents-svid',
      subject: node.name,
      state: first.outcome !== 'accepted' ? 'unknown' : shown === node.spiffeId ? 'holds' : 'broken',
      says:
        first.outcome !== 'accepted'
          ? `its call was not accepted: ${first.how}`
          : `called as ${shown ?? 'nobody: it showed no certificate'}${shown === node.spiffeId ? '' : `, wanted ${node.spiffeId}`}`,
    });
  }
  if (first.outcome === 'unknown') {
    leaveUntried(context, group, rows, first);
    return;
  }
  await eachRow(context, rows, 3, async ({ show, ...row }) => {
    const seen = await dialForged(admin, target.harnessHost, identity.spiffeId, { identity, ...show });
    if (seen !== undefined) recordExchange(context, group, row, seen);
  });
  await control();
}

function withoutDial(context: SuiteContext, node: TargetNode): void {
  for (const clause of asClientClauses)
    if (context.wants(clause)) skip(context, clause, doesNotDial(context, node), { node, role: 'client' });
}

/** A session that was opened with an SVID near its end, offered again after that end. */
async function ticketPastSvid(context: SuiteContext, node: TargetNode): Promise<void> {
  const clause = 'mesh/tls/ticket-not-past-svid';
  if (!context.wants(clause)) return;
  const { forging, probeIds, withheld } = context.target;
  if (forging === undefined) {
    skip(
      context,
      clause,
      withheld?.forging ?? 'needs an authority that the mesh trusts to sign an SVID that soon expires',
      { node, role: 'server' },
    );
    return;
  }
  const group: ControlGroup = { control: `ticket/${node.name}`, node, role: 'server' };
  const issue = async (until: Date) => {
    const svid = await forging.own.issue({
      spiffeId: probeIds.own,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: until,
    });
    return { spiffeId: probeIds.own, cert: svid.certificatePem, key: svid.privateKeyPem };
  };
  const open = async (lifeSeconds: number) => {
    // Validity counts in whole seconds: up to one more is left.
    const notAfter = new Date((Math.ceil(Date.now() / 1000) + lifeSeconds) * 1000);
    const identity = await issue(notAfter);
    const opened = await offerHello(node.address, { identity });
    // A ticket may be good for one use only, so that the first is spent on the control and the last kept for afterwards.
    const [spent, ...kept] = opened.sessions;
    const resumed = spent === undefined ? undefined : await offerHello(node.address, { identity, session: spent });
    return {
      notAfter,
      identity,
      opened,
      resumed,
      session: kept.at(-1) ?? spent,
      inTime: Date.now() < notAfter.getTime(),
    };
  };
  // Short enough for a gate; where the machine is so busy that the SVID ended under way, its refusal was right and a longer life is needed.
  let brief = await open(2);
  for (const lifeSeconds of [6, 18]) if (!brief.inTime) brief = await open(lifeSeconds);
  const { notAfter, identity, opened, resumed, session, inTime } = brief;
  const whileAlive = (seen: Seen): Seen =>
    seen.outcome === 'accepted' || inTime
      ? seen
      : { ...seen, outcome: 'unknown', how: `${seen.how}; the SVID came to its end meanwhile` };
  recordExchange(context, group, { clause, row: 'an SVID near its end', expect: 'accepted' }, whileAlive(opened));
  if (resumed !== undefined)
    recordExchange(
      context,
      group,
      { clause, row: 'its session, while the SVID lives', expect: 'accepted' },
      whileAlive(resumed),
    );
  await sleep(Math.max(0, notAfter.getTime() + 1_050 - Date.now()), undefined, { signal: context.signal });
  const late = await offerHello(node.address, { identity, ...(session && { session }) });
  recordExchange(
    context,
    group,
    {
      clause,
      row:
        session === undefined ? 'the SVID after its end (no session was offered)' : "its session, after the SVID's end",
      expect: 'refused',
    },
    late,
  );
  recordExchange(
    context,
    group,
    { clause, row: 'a living SVID', expect: 'accepted' },
    await offerHello(node.address, { identity: await issue(new Date(Date.now() + 600_000)) }),
  );
}
