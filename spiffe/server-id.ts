/** The ID of a SPIRE server's own SVID. Source: SPIRE, pkg/common/idutil. */
export function serverId(trustDomain: string): string {
  return `spiffe://${trustDomain}/spire/server`;
}
