/**
 * SPIFFE for a service of a mesh: an identity that is kept fresh, connections by mutual TLS 1.3 to and from peers whose exact SPIFFE IDs are named,
 * and registration by least privilege. Instants are `Date`; times are milliseconds where a name ends in `Ms`.
 */
export {
  SpiffeController,
  type MeshListener,
  type SpiffeControllerEvents,
  type SpiffeControllerOptions,
} from './controller.ts';
export { ConnectionExpiredError, IdentityLostError, type MtlsConnection } from './mtls-connection.ts';
export { RefusedError } from './node/dial.ts';
export { LeastPrivilegeError, type RegistrationAudit, type RegistrationRecord, type Workload } from './registration.ts';
export { connectServerApi, ServerApiError } from '../spiffe/server-api.ts';
export { WorkloadApiError } from '../spiffe/workload-api.ts';

export type { Attestation, AttestationStrategy, BootstrapAgent } from './attestation.ts';
export type { Handshake } from './node/handshake.ts';
export type { Held } from './node/held.ts';
export type { SvidListener, SvidSource } from './node/identity.ts';
export type { TrustBundles } from '../src/svid/bundle.ts';
