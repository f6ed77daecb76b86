import type { LeafSays } from '../../../src/history.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { judgedNodes, ofKind } from './entries.ts';
import { everyPartLookedAt } from './exchanges.ts';

// From X509-SVID §2 to §4: what a leaf has to say, and what it must not.

function leaf(isRight: (says: LeafSays) => boolean): Oracle {
  return (history, clause) => {
    const judged = judgedNodes(history);
    const names = new Map(ofKind(history, 'node').map(({ node, spiffeId }) => [node, spiffeId]));
    const shown = ofKind(history, 'leaf').filter(({ node }) => judged.has(node));
    let open = false;
    for (const { node, role, says } of shown) {
      const isTheirs = says !== undefined && (role === 'client' || says.uriSans.includes(names.get(node)!));
      if (isTheirs && !isRight(says)) return 'fail';
      open ||= !isTheirs;
    }
    return open ? 'inconclusive' : everyPartLookedAt(history, clause, shown);
  };
}

const isFor = ({ keyUsage }: LeafSays, usage: string) => keyUsage?.includes(usage) === true;

export const shownLeafOracles: Oracles = {
  'x509-svid/shown/one-uri-san': leaf(({ uriSans }) => uriSans.length === 1),
  'x509-svid/shown/name-critical': leaf((says) => says.namesAreCritical || !says.subjectIsEmpty),
  'x509-svid/shown/not-a-ca': leaf(({ isCa }) => !isCa),
  'x509-svid/shown/key-usage': leaf(({ keyUsage }) => keyUsage !== null),
  'x509-svid/shown/key-usage-critical': leaf((says) => says.keyUsageIsCritical || says.keyUsage === null),
  'x509-svid/shown/digital-signature': leaf((says) => says.keyUsage === null || isFor(says, 'digitalSignature')),
  'x509-svid/shown/no-cert-sign': leaf((says) => !isFor(says, 'keyCertSign')),
  'x509-svid/shown/no-crl-sign': leaf((says) => !isFor(says, 'cRLSign')),
  'x509-svid/shown/extended-key-usage': leaf(({ extendedKeyUsage }) => extendedKeyUsage !== null),
  'x509-svid/shown/both-ends': leaf(
    ({ extendedKeyUsage: ends }) => ends === null || (ends.includes('serverAuth') && ends.includes('clientAuth')),
  ),
};
