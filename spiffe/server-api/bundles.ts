import { loadProto } from '../grpc/load.ts';
import { pagesOf, type Caller, type ItemStatus, type PageRequest } from './caller.ts';

/** The server's own bundle. */
export interface ServerBundle {
  /** The name alone. */
  readonly trustDomain: string;
  readonly authorities: readonly { readonly der: Uint8Array; readonly tainted: boolean }[];
  /** 0 when the server gives no hint. */
  readonly refreshHintSeconds: number;
  readonly sequenceNumber: number;
}

/** Calls about bundles. */
export interface BundleCalls {
  getBundle(): Promise<ServerBundle>;
  /** Adds X.509 authorities to the server's own bundle; those already there stay once. */
  appendAuthorities(ders: readonly Uint8Array[]): Promise<void>;
  /** Names of the trust domains whose bundles the server holds beside its own. */
  listFederatedDomains(): Promise<readonly string[]>;
  /** Makes or replaces the bundle of another trust domain. */
  setFederatedBundle(bundle: { trustDomain: string; authorities: readonly Uint8Array[] }): Promise<void>;
}

interface BundleMessage {
  trustDomain: string;
  x509Authorities: { asn1: Uint8Array; tainted?: boolean }[];
  refreshHint?: number;
  sequenceNumber?: number;
}

const find = loadProto('spire-bundle.proto');
const service = 'spire.api.server.bundle.v1.Bundle';
const getBundle = find<object, BundleMessage>(service, 'GetBundle');
const appendBundle = find<{ x509Authorities: { asn1: Uint8Array }[] }, BundleMessage>(service, 'AppendBundle');
const listFederated = find<PageRequest & { outputMask: object }, { bundles: BundleMessage[]; nextPageToken: string }>(
  service,
  'ListFederatedBundles',
);
const batchSet = find<{ bundle: BundleMessage[] }, { results: { status: ItemStatus | null }[] }>(
  service,
  'BatchSetFederatedBundle',
);

/** The calls about bundles, made by this caller, whose deadline and ServerApiError are theirs. */
export function bundleCalls(caller: Caller): BundleCalls {
  return {
    async getBundle() {
      const bundle = await caller.unary(getBundle, {});
      return {
        trustDomain: bundle.trustDomain,
        authorities: bundle.x509Authorities.map(({ asn1, tainted }) => ({ der: asn1, tainted: tainted === true })),
        refreshHintSeconds: bundle.refreshHint ?? 0,
        sequenceNumber: bundle.sequenceNumber ?? 0,
      };
    },
    async appendAuthorities(ders) {
      await caller.unary(appendBundle, { x509Authorities: ders.map((asn1) => ({ asn1 })) });
    },
    async listFederatedDomains() {
      const pages = await pagesOf(caller, listFederated, { outputMask: {} });
      return pages.flatMap(({ bundles }) => bundles.map(({ trustDomain }) => trustDomain));
    },
    async setFederatedBundle({ trustDomain, authorities }) {
      const { results } = await caller.unary(batchSet, {
        bundle: [{ trustDomain, x509Authorities: authorities.map((asn1) => ({ asn1 })) }],
      });
      caller.checkBatch(
        batchSet,
        results.map(({ status }) => ({ what: trustDomain, status })),
      );
    },
  };
}
