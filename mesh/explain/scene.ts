import type { X509Context } from '../../spiffe/workload-api.ts';
import type { Certificate } from '../../src/svid/x509/read.ts';
import type { AgentStatus } from '../status/agent-data.ts';
import type { NodeStatus } from '../status/agents.ts';
import type { PortState } from '../try-port.ts';

/** All that was seen of a mesh from here, before anything is made of it. What was not asked for is absent. */
export interface Scene {
  readonly now: Date;
  /** The trust domain that somebody expects; the name alone. */
  readonly trustDomain?: string;
  readonly workloadApi?: WorkloadApiSeen;
  /** What the agent keeps of itself on disk. */
  readonly agent?: AgentStatus;
  /** The TCP endpoint of the SPIRE server. */
  readonly serverPort?: PortSeen;
  /** The nodes that are asked about, as the SPIRE server tells of them. */
  readonly nodes?: readonly NodeStatus[];
  readonly peer?: PeerSeen;
  readonly files?: FilesSeen;
}

/** What became of asking a Workload API, at `socket`. */
export type WorkloadApiSeen = { readonly socket: string } & (
  | { readonly state: 'handed'; readonly context: X509Context }
  /** `missing`: nothing is there; `stale`: nobody listens; `forbidden`: this user may not open it; `denied`: no identity; `silent`: no answer in time. */
  | { readonly state: 'missing' | 'stale' | 'forbidden' | 'denied' | 'silent' | 'other'; readonly says: string }
);

/** What became of a TCP connection. */
export interface PortSeen {
  /** host:port */
  readonly address: string;
  readonly state: PortState;
  readonly says: string;
}

/** What became of a handshake with a service, as a client who shows the identity of this process where it has one. */
export interface PeerSeen {
  readonly port: PortSeen;
  /** The one SPIFFE ID that is expected there. */
  readonly expect?: string;
  /** Absent where its port is not open. */
  readonly tls?: TlsSeen;
  /** The serial number that was shown with the handshake; absent without an identity. */
  readonly shown?: string;
}

export type TlsSeen =
  /** `not-tls`: what came back is none; `old`: it speaks TLS 1.2 and no newer one; `broken`: it ended before it had shown itself. */
  | { readonly state: 'not-tls' | 'old' | 'broken'; readonly alert?: string; readonly says: string }
  | { readonly state: 'shown'; readonly chain: readonly Certificate[]; readonly verdict: PeerVerdict };

/** What a service made of us, when it had shown itself: TLS 1.3 tells a client only afterwards. */
export interface PeerVerdict {
  readonly state: 'accepted' | 'refused' | 'unsaid';
  /** The alert, as `unknown ca`; absent where none came. */
  readonly alert?: string;
  /** Which of HTTP it chose to speak, of one that accepted; absent where it chose none. */
  readonly protocol?: string;
  readonly says: string;
}

/** The files that a helper keeps for a service. */
export interface FilesSeen {
  readonly directory: string;
  /** Why the directory cannot be used; absent where it can. */
  readonly unusable?: string;
  /** Whether it is on a file system in memory. */
  readonly inMemory: boolean;
  /** Why no new files can be written there: no space is left, or no more files; absent where there is room. */
  readonly full?: string;
  /** What is wrong with each file, by its name: it is missing, it cannot be read, it holds nothing that belongs there. */
  readonly wrong: readonly {
    readonly file: string;
    readonly kind: 'missing' | 'unreadable' | 'malformed';
    readonly says: string;
  }[];
  /** The chain, leaf first; empty where there is none to be read. */
  readonly chain: readonly Certificate[];
  readonly authorities: readonly Certificate[];
  /** Whether the key belongs to the leaf; absent where either is missing. */
  readonly fits?: boolean;
  /** Who may read the key beside its owner, as `-rw-r--r--`; absent where nobody. */
  readonly keyOpenTo?: string;
  /** What is wrong with the helper's own configuration; absent where that was not looked at. */
  readonly config?: readonly string[];
}
