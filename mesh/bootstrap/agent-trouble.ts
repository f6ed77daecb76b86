/** What keeps an agent from being attested. */
export interface AgentTrouble {
  /** In words, with what to do about it. */
  readonly why: string;
  /** Whether it is for good: nothing that goes by will help. */
  readonly isFinal: boolean;
}

// The words of SPIRE 1.15 for it: pkg/server/api/agent/v1/service.go, crypto/x509, and the agent's own.
const causes: readonly (AgentTrouble & { readonly says: RegExp })[] = [
  {
    says: /join token does not exist or has already been used/,
    why: 'the join token was used already, or was never made by this server: `spire-server token generate -spiffeID …` makes a new one, and `assay mesh rejoin` for a node that was there before',
    isFinal: true,
  },
  {
    says: /join token expired/,
    why: 'the join token has expired: make a new one, and use it within its time',
    isFinal: true,
  },
  {
    says: /certificate signed by unknown authority|x509svid: could not verify|unexpected (trust domain|ID)/,
    why: 'whoever answers at that address is not the server that the bundle vouches for: it is somebody else, or the bundle is of another day. Nothing was sent to it; compare the SHA-256 of the bundle with that of the server',
    isFinal: true,
  },
  {
    says: /certificate has expired or is not yet valid/,
    why: "the server's certificate is not valid by this machine's clock: see whether that is right",
    isFinal: true,
  },
  {
    says: /address already in use/,
    why: 'another agent has that socket already',
    isFinal: true,
  },
  {
    says: /connection refused|no such host|i\/o timeout|network is unreachable|no route to host|Unavailable/,
    why: 'the server is not reached; the agent tries again',
    isFinal: false,
  },
];

/** What a line of an agent's log says of it; undefined where that is nothing. */
export function troubleIn(line: string): AgentTrouble | undefined {
  const found = causes.find(({ says }) => says.test(line));
  return found && { why: found.why, isFinal: found.isFinal };
}
