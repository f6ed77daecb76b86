import { brokerApi } from './broker-api.ts';
import { brokerEndpoint } from './broker-endpoint.ts';
import { federation } from './federation.ts';
import { jwtSvid } from './jwt-svid.ts';
import { mesh } from './mesh.ts';
import type { Requirement } from './requirement.ts';
import { spiffeId } from './spiffe-id.ts';
import { trustDomainAndBundle } from './trust-domain-and-bundle.ts';
import { witSvid } from './wit-svid.ts';
import { workloadApi } from './workload-api.ts';
import { workloadEndpoint } from './workload-endpoint.ts';
import { x509Svid } from './x509-svid.ts';

const every = [
  ...spiffeId,
  ...x509Svid,
  ...jwtSvid,
  ...witSvid,
  ...trustDomainAndBundle,
  ...workloadEndpoint,
  ...workloadApi,
  ...federation,
  ...brokerApi,
  ...brokerEndpoint,
  ...mesh,
] as const;

/** The id of a requirement of the catalogue: one that it does not hold does not compile. */
export type RequirementId = (typeof every)[number]['id'];

/** A requirement that stands in the catalogue. */
export type CataloguedRequirement = Requirement & { readonly id: RequirementId };

/**
 * The requirements of all documents, in the order of the documents and of reading in each.
 *
 * Their texts take milliseconds to load: who needs ids or counts only takes the types of this file, or documents.ts.
 */
export const requirements: readonly CataloguedRequirement[] = every;

const byId: ReadonlyMap<string, CataloguedRequirement> = new Map(requirements.map((one) => [one.id, one]));

/** The requirement with this id, or undefined when the catalogue has none. */
export function findRequirement(id: string): CataloguedRequirement | undefined {
  return byId.get(id);
}
