import { loadProto } from '../grpc/load.ts';
import type { Caller } from './caller.ts';
import { fromUnixSeconds, type SpiffeIdMessage } from './messages.ts';

/** SPIRE's X509SVID message. */
export interface SvidMessage {
  certChain: Uint8Array[];
  id: SpiffeIdMessage | null;
  expiresAt: number;
}

/** Calls about SVIDs that need no entry. */
export interface SvidCalls {
  /**
   * Signs for any SPIFFE ID of the trust domain with any lifetime.
   *
   * @param ask - PKCS#10 DER whose one URI SAN is the SPIFFE ID; `ttlSeconds` 0 is the server's default
   */
  mintX509Svid(ask: { csrDer: Uint8Array; ttlSeconds: number }): Promise<{ chain: Uint8Array[]; expiresAt: Date }>;
}

const mint = loadProto('spire-svid.proto')<{ csr: Uint8Array; ttl: number }, { svid: SvidMessage | null }>(
  'spire.api.server.svid.v1.SVID',
  'MintX509SVID',
);

/** The calls about SVIDs, made by this caller, whose deadline and ServerApiError are theirs. */
export function svidCalls(caller: Caller): SvidCalls {
  return {
    async mintX509Svid({ csrDer, ttlSeconds }) {
      const { svid } = await caller.unary(mint, { csr: csrDer, ttl: ttlSeconds });
      return { chain: svid?.certChain ?? [], expiresAt: fromUnixSeconds(svid?.expiresAt ?? 0) };
    },
  };
}
