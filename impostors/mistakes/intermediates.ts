import { reference } from '../../mesh/node/behaviour.ts';
import type { Held } from '../../mesh/node/held.ts';
import type { Impostor } from '../impostor.ts';

const leafAlone = (held: Held): Held => ({
  ...held,
  certPem: held.certPem.slice(0, held.certPem.indexOf(end) + end.length),
});
const end = '-----END CERTIFICATE-----\n';
const reason = (role: string) =>
  new RegExp(`^NODE as ${role}: a right peer: accepted, but its SVID was shown without the intermediates`);

/** Nodes that show themselves in a way of their own where their SVID stands below an intermediate. */
export const intermediateImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'chain-leaf-alone-as-server',
    title: 'As server it shows its leaf without the intermediates',
    breaks: 'workload-api/x509-svid/intermediates-sent',
    reason: reason('server'),
    change: { serverTls: (held) => reference.serverTls(leafAlone(held)) },
  },
  {
    kind: 'node',
    id: 'chain-leaf-alone-as-client',
    title: 'As client it shows its leaf without the intermediates',
    breaks: 'workload-api/x509-svid/intermediates-sent',
    reason: reason('client'),
    change: { clientTls: (held) => reference.clientTls(leafAlone(held)) },
  },
];
