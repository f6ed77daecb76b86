import * as proof from '../../src/clauses/spiffe-id/proof.ts';
import { row } from '../identity/row.ts';

/** The right ID, vouched for by nobody whom the mesh trusts. */
export const rows = [
  row(proof.selfSigned, 'self-signed', () => ({ change: { selfSigned: true } }), { signer: 'like-spire' }),
  row(proof.strangerAuthority, 'a stranger with the names and key identifiers of a trusted authority', () => ({}), {
    signer: 'like-own',
  }),
  row(proof.strangerAuthority, "a stranger with the names and key identifiers of SPIRE's authority", () => ({}), {
    signer: 'like-spire',
  }),
  row(proof.idSigned, 'the right ID in place of the one that was signed', ({ right, id }) => ({
    spiffeId: id('/service/assay-other'),
    change: { afterSigning: { uriSans: [right] } },
  })),
];
