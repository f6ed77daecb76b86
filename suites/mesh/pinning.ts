import type { Authority, Change } from '../../src/svid/x509/forge.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { offerHello, type Seen, type TlsIdentity } from '../../fixtures/probes/probe.ts';
import type { ForgingGround, Target, TargetNode } from '../../fixtures/target/target.ts';
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

/** Who is accepted: a matrix of identities that are right but for one thing, shown to each node as client and as server. */
export const pinning: Suite = {
  id: 'pinning',
  title: 'ID pinning',
  clauses: [
    'mesh/pinning/exact-id',
    'mesh/pinning/sibling-path',
    'mesh/pinning/prefix',
    'mesh/pinning/suffix',
    'mesh/pinning/case',
    'mesh/pinning/trailing-slash',
    'mesh/pinning/foreign-domain-known',
    'mesh/pinning/foreign-domain-unknown',
    'mesh/pinning/expected-peer',
    'x509-svid/path/foreign-authority',
    'x509-svid/leaf/name-elsewhere',
    'x509-svid/leaf/two-uri-sans',
    'x509-svid/leaf/no-uri-san',
    'spiffe-id/syntax/id-with-query',
    'spiffe-id/syntax/id-with-port',
    'spiffe-id/syntax/id-with-user',
    'x509-svid/leaf/ca-as-leaf',
    'x509-svid/leaf/key-usage',
    'x509-svid/path/expired',
    'x509-svid/path/not-yet-valid',
    'spiffe-id/proof/self-signed',
    'spiffe-id/proof/stranger-authority',
  ],
  async run(context) {
    const { forging } = context.target;
    if (forging === undefined) {
      await withoutForging(context);
      return;
    }
    const rows = (await wrongIdentities(context.target, forging)).filter(({ clause }) => context.wants(clause));
    const right = await issue(forging.own, context.target.probeIds.own);
    const ally = await issue(forging.federated.authority, context.target.probeIds.federated ?? '');
    await allEnded(
      judgedNodes(context).flatMap((node) => [
        asServer(context, node, rows, right, ally),
        asClient(context, node, rows, right, ally),
      ]),
    );
  },
};

interface WrongIdentity {
  readonly clause: string;
  readonly row: string;
  readonly identity: TlsIdentity;
}

const year = 365 * 86_400_000;

async function issue(authority: Authority, spiffeId: string, change?: Change): Promise<TlsIdentity> {
  const now = Date.now();
  const svid = await authority.issue({
    spiffeId,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 3_600_000),
    ...(change && { change }),
  });
  return { spiffeId, cert: svid.certificatePem, key: svid.privateKeyPem };
}

/** Each differs from the right identity in the one thing that its row names. */
async function wrongIdentities(target: Target, forging: ForgingGround): Promise<WrongIdentity[]> {
  const { own, federated } = forging;
  const right = target.probeIds.own;
  const { trustDomain } = target;
  const path = right.slice(`spiffe://${trustDomain}`.length);
  const now = Date.now();
  const spire = (await target.authorities())
    .map((pem) => readCertificate(derOf(pem)))
    .filter(({ fingerprint }) => fingerprint !== own.certificate.fingerprint);
  const [unknownDomain, likeOwn, ...likeSpire] = await Promise.all([
    forgeAuthority({ trustDomain: 'stranger.mesh' }),
    forgeAuthority({ trustDomain, like: own.certificate }),
    ...spire.slice(0, 1).map((like) => forgeAuthority({ trustDomain, like })),
  ]);
  const rows: [clause: string, row: string, authority: Authority, id: string, change?: Change][] = [
    ['mesh/pinning/sibling-path', 'a sibling: /service/assay-other', own, `spiffe://${trustDomain}/service/assay-other`],
    ['mesh/pinning/prefix', 'its first segment only: /service', own, `spiffe://${trustDomain}/service`],
    ['mesh/pinning/prefix', 'all but its last letter', own, right.slice(0, -1)],
    ['mesh/pinning/suffix', 'one more segment', own, `${right}/extra`],
    ['mesh/pinning/suffix', 'one more letter', own, `${right}s`],
    ['mesh/pinning/suffix', 'a segment before it', own, `spiffe://${trustDomain}/evil${path}`],
    ['mesh/pinning/case', 'another case', own, `spiffe://${trustDomain}/service/Assay-Probe`],
    ['mesh/pinning/trailing-slash', 'a trailing slash', own, right, { uriSans: [`${right}/`] }],
    [
      'mesh/pinning/foreign-domain-known',
      'the same path in a federated trust domain',
      federated.authority,
      `spiffe://${federated.trustDomain}${path}`,
    ],
    [
      'mesh/pinning/foreign-domain-unknown',
      'the same path in an unknown trust domain',
      unknownDomain,
      `spiffe://stranger.mesh${path}`,
    ],
    [
      'mesh/pinning/foreign-domain-unknown',
      'a foreign ID signed by our own authority',
      own,
      right,
      { uriSans: [`spiffe://stranger.mesh${path}`] },
    ],
    ['x509-svid/path/foreign-authority', 'the right ID signed by a federated authority', federated.authority, right],
    ['x509-svid/leaf/name-elsewhere', 'the right ID as CN', own, right, { uriSans: [], commonName: right }],
    [
      'x509-svid/leaf/name-elsewhere',
      'the service name as DNS SAN and CN',
      own,
      right,
      { uriSans: [], dnsSans: ['assay-probe', `assay-probe.${trustDomain}`], commonName: 'assay-probe' },
    ],
    [
      'x509-svid/leaf/name-elsewhere',
      'the right ID as CN, another as URI SAN',
      own,
      right,
      { uriSans: [`spiffe://${trustDomain}/service/assay-other`], commonName: right },
    ],
    [
      'x509-svid/leaf/two-uri-sans',
      'the right ID first, another second',
      own,
      right,
      { uriSans: [right, `spiffe://${trustDomain}/service/assay-other`] },
    ],
    [
      'x509-svid/leaf/two-uri-sans',
      'another ID first, the right one second',
      own,
      right,
      { uriSans: [`spiffe://${trustDomain}/service/assay-other`, right] },
    ],
    [
      'x509-svid/leaf/two-uri-sans',
      'the right ID and a URI of another scheme',
      own,
      right,
      { uriSans: [right, `https://${trustDomain}/`] },
    ],
    ['x509-svid/leaf/no-uri-san', 'no SAN at all', own, right, { uriSans: [] }],
    ['spiffe-id/syntax/id-with-query', 'a query behind the ID', own, right, { uriSans: [`${right}?admin=1`] }],
    [
      'spiffe-id/syntax/id-with-port',
      'a port in the trust domain',
      own,
      right,
      { uriSans: [`spiffe://${trustDomain}:8443${path}`] },
    ],
    [
      'spiffe-id/syntax/id-with-user',
      'user information before the trust domain',
      own,
      right,
      { uriSans: [`spiffe://admin@${trustDomain}${path}`] },
    ],
    ['x509-svid/leaf/ca-as-leaf', 'a CA certificate with the right ID', own, right, { isCa: true }],
    [
      'x509-svid/leaf/key-usage',
      'a leaf that may sign certificates',
      own,
      right,
      { keyUsage: ['digitalSignature', 'keyCertSign'] },
    ],
    ['x509-svid/leaf/key-usage', 'a leaf that may sign CRLs', own, right, { keyUsage: ['digitalSignature', 'cRLSign'] }],
    [
      'x509-svid/path/expired',
      'expired a minute ago',
      own,
      right,
      { notBefore: new Date(now - 3_600_000), notAfter: new Date(now - 60_000) },
    ],
    [
      'x509-svid/path/not-yet-valid',
      'valid from in an hour',
      own,
      right,
      { notBefore: new Date(now + 3_600_000), notAfter: new Date(now + year) },
    ],
    ['spiffe-id/proof/self-signed', 'self-signed', own, right, { selfSigned: true }],
    [
      'spiffe-id/proof/stranger-authority',
      'a stranger with the names and key identifiers of a trusted authority',
      likeOwn!,
      right,
    ],
    ...likeSpire.map((authority): [string, string, Authority, string] => [
      'spiffe-id/proof/stranger-authority',
      "a stranger with the names and key identifiers of SPIRE's authority",
      authority,
      right,
    ]),
  ];
  return Promise.all(
    rows.map(async ([clause, row, authority, id, change]) => ({
      clause,
      row,
      identity: { ...(await issue(authority, id, change)), spiffeId: right },
    })),
  );
}

async function asServer(
  context: SuiteContext,
  node: TargetNode,
  rows: readonly WrongIdentity[],
  right: TlsIdentity,
  ally: TlsIdentity | undefined,
): Promise<void> {
  const group: ControlGroup = { control: `pin/${node.name}/server`, node, role: 'server' };
  const accepted = (row: string): Row => ({ clause: 'mesh/pinning/exact-id', row, expect: 'accepted' });
  const control = async () => {
    const seen = await offerHello(node.address, { identity: right });
    const misnamed = seen.outcome === 'accepted' && !seen.how.endsWith('naming the caller');
    recordExchange(
      context,
      group,
      accepted('exactly the allowed ID'),
      misnamed ? { ...seen, outcome: 'refused' } : seen,
    );
    return seen;
  };
  const first = await control();
  if (first.outcome === 'unknown') {
    leaveUntried(
      context,
      group,
      rows.map(({ clause, row }) => ({ clause, row, expect: 'refused' })),
      first,
    );
    return;
  }
  const federation = await federates(
    context,
    node,
    (ally) => offerHello(node.address, { identity: ally }),
    ally,
    'server',
  );
  await eachRow(context, rows, 4, async ({ clause, row, identity }) => {
    if (needsFederation.has(row) && !federation) return;
    recordExchange(
      context,
      needsFederation.has(row) ? { ...group, control: `ally/${node.name}/server` } : group,
      { clause, row, expect: 'refused' },
      await offerHello(node.address, { identity }),
    );
  });
  if (federation)
    await federates(context, node, (again) => offerHello(node.address, { identity: again }), ally, 'server');
  await control();
}

async function asClient(
  context: SuiteContext,
  node: TargetNode,
  rows: readonly WrongIdentity[],
  right: TlsIdentity,
  ally: TlsIdentity,
): Promise<void> {
  const { target } = context;
  const { admin } = node;
  const group: ControlGroup = { control: `pin/${node.name}/client`, node, role: 'client' };
  const dial = (identity: TlsIdentity, expect = right.spiffeId) =>
    admin === undefined ? undefined : dialForged(admin, target.harnessHost, expect, { identity });
  const control = async () => {
    const seen = await dial(right);
    if (seen !== undefined)
      recordExchange(
        context,
        group,
        { clause: 'mesh/pinning/exact-id', row: 'exactly the expected ID', expect: 'accepted' },
        seen,
      );
    return seen;
  };
  const first = await control();
  if (first === undefined) {
    withoutDial(context, node, pinning.clauses);
    return;
  }
  if (first.outcome === 'unknown') {
    leaveUntried(
      context,
      group,
      rows.map(({ clause, row }) => ({ clause, row, expect: 'refused' })),
      first,
    );
    return;
  }
  const federation = await federates(context, node, (identity) => dial(identity, identity.spiffeId), ally, 'client');
  await eachRow(context, rows, 3, async ({ clause, row, identity }) => {
    if (needsFederation.has(row) && !federation) return;
    const seen = await dial(identity);
    if (seen !== undefined)
      recordExchange(
        context,
        needsFederation.has(row) ? { ...group, control: `ally/${node.name}/client` } : group,
        { clause, row, expect: 'refused' },
        seen,
      );
  });
  if (context.wants('mesh/pinning/expected-peer')) await expectedPeer(context, group, dial);
  if (federation) await federates(context, node, (identity) => dial(identity, identity.spiffeId), ally, 'client');
  await control();
}

/** Two IDs that the node allows; it asks for the one and meets the other. */
async function expectedPeer(
  context: SuiteContext,
  group: ControlGroup,
  dial: (identity: TlsIdentity) => ReturnType<typeof dialForged> | undefined,
): Promise<void> {
  const { forging, nodes } = context.target;
  const other = nodes.find(({ name }) => name !== group.node.name);
  if (forging === undefined || other === undefined) {
    skip(context, 'mesh/pinning/expected-peer', 'needs a second ID that the node allows', { node: group.node, role: 'client' });
    return;
  }
  const seen = await dial(await issue(forging.own, other.spiffeId));
  if (seen !== undefined)
    recordExchange(
      context,
      group,
      { clause: 'mesh/pinning/expected-peer', row: `${other.spiffeId}, allowed but not asked for`, expect: 'refused' },
      seen,
    );
}

// Rows that say something only of a node that trusts the federated authority for its own IDs.
const needsFederation = new Set([
  'the same path in a federated trust domain',
  'the right ID signed by a federated authority',
]);

/** Whether the node accepts the federated peer that it allows: the control of the rows above. */
async function federates(
  context: SuiteContext,
  node: TargetNode,
  exchange: (ally: TlsIdentity) => Promise<Seen | undefined> | undefined,
  ally: TlsIdentity | undefined,
  role: 'server' | 'client',
): Promise<boolean> {
  if (ally === undefined) return false;
  const wanted = ['mesh/pinning/foreign-domain-known', 'x509-svid/path/foreign-authority'].filter((clause) => context.wants(clause));
  if (wanted.length === 0) return false;
  const seen = await exchange(ally);
  if (seen?.outcome === 'accepted') {
    recordExchange(
      context,
      { control: `ally/${node.name}/${role}`, node, role },
      { clause: 'mesh/pinning/exact-id', row: 'an allowed ID of a federated trust domain', expect: 'accepted' },
      seen,
    );
    return true;
  }
  for (const clause of wanted)
    skip(
      context,
      clause,
      `${node.name} as ${role} accepts no federated peer, so that it refuses one says nothing (${seen?.how ?? 'it does not dial'})`,
      { node, role },
    );
  return false;
}

/** Somebody else's mesh, whose bundle holds no authority of ours: only identities that need none. */
async function withoutForging(context: SuiteContext): Promise<void> {
  const { target } = context;
  const decided = ['mesh/pinning/exact-id', 'mesh/pinning/foreign-domain-unknown', 'spiffe-id/proof/self-signed', 'spiffe-id/proof/stranger-authority'];
  for (const clause of pinning.clauses) {
    if (context.wants(clause) && !decided.includes(clause))
      skip(context, clause, target.withheld?.forging ?? 'needs an authority that the mesh trusts');
  }
  if (context.wants('mesh/pinning/foreign-domain-unknown'))
    skip(
      context,
      'mesh/pinning/foreign-domain-unknown',
      `its row "a foreign ID signed by our own authority" ${target.withheld?.forging ?? 'needs an authority that the mesh trusts'}`,
    );
  for (const node of judgedNodes(context)) withoutDial(context, node, decided);
  const nodes = nodesThatAcceptUs(context, decided);
  if (nodes.length === 0) return;
  const right = await target.probeIdentity();
  const path = right.spiffeId.slice(`spiffe://${target.trustDomain}`.length);
  const authorities = (await target.authorities()).slice(0, 4).map((pem) => readCertificate(derOf(pem)));
  const [strangerDomain, ...strangers] = await Promise.all([
    forgeAuthority({ trustDomain: 'stranger.mesh' }),
    ...authorities.map((like) => forgeAuthority({ trustDomain: target.trustDomain, like })),
  ]);
  const likely = strangers[0] ?? strangerDomain;
  const identities = await Promise.all([
    ...strangers.map(async (stranger, at) => ({
      clause: 'spiffe-id/proof/stranger-authority',
      row: `a stranger with the names and key identifiers of authority ${at + 1} of ${strangers.length}`,
      identity: await issue(stranger, right.spiffeId),
    })),
    (async () => ({
      clause: 'spiffe-id/proof/self-signed',
      row: 'self-signed',
      identity: await issue(likely, right.spiffeId, { selfSigned: true }),
    }))(),
    (async () => ({
      clause: 'mesh/pinning/foreign-domain-unknown',
      row: 'the same path in an unknown trust domain',
      identity: await issue(strangerDomain, `spiffe://stranger.mesh${path}`),
    }))(),
  ]);
  const rows: WrongIdentity[] = identities
    .filter(({ clause }) => context.wants(clause))
    .map((row) => ({ ...row, identity: { ...row.identity, spiffeId: right.spiffeId } }));
  await allEnded(nodes.map((node) => asServer(context, node, rows, right, undefined)));
}

function withoutDial(context: SuiteContext, node: TargetNode, clauses: readonly string[]): void {
  for (const clause of clauses)
    if (context.wants(clause)) skip(context, clause, doesNotDial(context, node), { node, role: 'client' });
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}
