import type { ClauseId } from '../../src/clauses/catalogue.ts';
import { forgeAuthority, type Change } from '../../src/svid/x509/forge.ts';
import { extensionOids } from '../../src/svid/x509/extensions.ts';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import type { Held } from '../../mesh/node/held.ts';
import { watchX509Context, type X509Context } from '../../spiffe/workload-api.ts';
import { leafOf } from '../delivered.ts';
import type { Impostor, ImpostorNode } from '../impostor.ts';
import { trustDomainOf } from '../judges.ts';

/** An SVID that nobody should have issued, in the hands of a node. */
interface Misissue {
  readonly id: string;
  /** What the SVID is or says: the rest of "shows an SVID that …". */
  readonly title: string;
  readonly breaks: ClauseId;
  readonly reason: string;
  readonly change: (spiffeId: string) => Change;
  readonly source?: string;
}

// digitalSignature, as a bit string of one bit. Source: RFC 5280 §4.2.1.3.
const signatureAlone = Buffer.from('03020780', 'hex');

const misissued: readonly Misissue[] = [
  {
    id: 'two-names',
    title: 'names a second service beside its own',
    breaks: 'x509-svid/shown/one-uri-san',
    reason: 'has 2 URI SANs',
    change: (spiffeId) => ({ uriSans: [spiffeId, `${spiffeId}-too`] }),
    source: 'X509-SVID §2',
  },
  {
    id: 'without-subject',
    title: 'has neither a subject nor critical names',
    breaks: 'x509-svid/shown/name-critical',
    reason: 'has no subject, and its alternative names are not critical',
    change: () => ({ noSubject: true }),
    source: 'X509-SVID §3.1',
  },
  {
    id: 'ca',
    title: 'is a CA',
    breaks: 'x509-svid/shown/not-a-ca',
    reason: 'is a CA',
    change: () => ({ isCa: true }),
    source: 'X509-SVID §4.1',
  },
  {
    id: 'without-key-usage',
    title: 'has no key usage',
    breaks: 'x509-svid/shown/key-usage',
    reason: 'has no key usage',
    change: () => ({ keyUsage: [] }),
    source: 'X509-SVID §4.3',
  },
  {
    id: 'uncritical-key-usage',
    title: 'has a key usage that is not critical',
    breaks: 'x509-svid/shown/key-usage-critical',
    reason: 'has a key usage that is not critical',
    change: () => ({
      keyUsage: [],
      extensions: [{ oid: extensionOids.keyUsage, critical: false, value: signatureAlone }],
    }),
    source: 'X509-SVID §4.3',
  },
  {
    id: 'signs-no-handshakes',
    title: 'is for agreeing on keys alone',
    breaks: 'x509-svid/shown/digital-signature',
    reason: 'has a key usage without digitalSignature',
    change: () => ({ keyUsage: ['keyAgreement'] }),
    source: 'X509-SVID §4.3',
  },
  {
    id: 'signs-certificates',
    title: 'may sign certificates',
    breaks: 'x509-svid/shown/no-cert-sign',
    reason: 'has a key usage with keyCertSign',
    change: () => ({ keyUsage: ['digitalSignature', 'keyCertSign'] }),
    source: 'X509-SVID §4.3',
  },
  {
    id: 'signs-crls',
    title: 'may sign CRLs',
    breaks: 'x509-svid/shown/no-crl-sign',
    reason: 'has a key usage with cRLSign',
    change: () => ({ keyUsage: ['digitalSignature', 'cRLSign'] }),
    source: 'X509-SVID §4.3',
  },
  {
    id: 'without-purposes',
    title: 'has no extended key usage',
    breaks: 'x509-svid/shown/extended-key-usage',
    reason: 'has no extended key usage',
    change: () => ({ extendedKeyUsage: [] }),
    source: 'X509-SVID §4.4',
  },
  {
    id: 'one-purpose',
    title: 'is good for servers only',
    breaks: 'x509-svid/shown/both-ends',
    reason: 'has an extended key usage without clientAuth',
    change: () => ({ extendedKeyUsage: ['serverAuth'] }),
    source: 'X509-SVID §4.4',
  },
];

/** Nodes that judge their peers as they should, and show an SVID that is none of the kind that there should be. */
export const shownImpostors: readonly Impostor[] = misissued.flatMap((one) => [
  impostor(one, 'server'),
  impostor(one, 'client'),
]);

function impostor({ id, title, reason, change, ...rest }: Misissue, role: 'server' | 'client'): ImpostorNode {
  return {
    ...rest,
    kind: 'node',
    id: `shows-${id}-as-${role}`,
    title: `As ${role} it shows an SVID that ${title}`,
    reason: new RegExp(`^NODE: as ${role}, its SVID ${reason}`),
    change: showing(role, change),
  };
}

function showing(role: 'server' | 'client', change: Misissue['change']): Partial<Behaviour> {
  let shown: Pick<Held, 'certPem' | 'keyPem'> | undefined;
  const watch: Behaviour['watch'] = (socket, options) =>
    watchX509Context(socket, {
      ...options,
      onUpdate: (context) => {
        void reissued(context, change).then((svid) => {
          shown = svid;
          options.onUpdate(context);
        });
      },
    });
  return role === 'server'
    ? { watch, serverTls: (held) => reference.serverTls({ ...held, ...shown }) }
    : { watch, clientTls: (held) => reference.clientTls({ ...held, ...shown }) };
}

async function reissued(context: X509Context, change: Misissue['change']): Promise<Pick<Held, 'certPem' | 'keyPem'>> {
  const { uriSans, notBefore, notAfter } = leafOf(context);
  const [spiffeId = ''] = uriSans;
  const issuer = await forgeAuthority({ trustDomain: trustDomainOf(spiffeId) });
  const svid = await issuer.issue({ spiffeId, notBefore, notAfter, change: change(spiffeId) });
  return { certPem: svid.certificatePem, keyPem: svid.privateKeyPem };
}
