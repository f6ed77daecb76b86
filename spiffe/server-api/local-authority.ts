import { loadProto } from '../grpc/load.ts';
import type { Caller } from './caller.ts';
import { fromUnixSeconds } from './messages.ts';

/** One X.509 authority of this server. */
export interface LocalX509Authority {
  /** Lower-case hexadecimal of the certificate's subject key identifier. */
  readonly authorityId: string;
  readonly expiresAt: Date;
  /** Empty without an upstream authority. */
  readonly upstreamSubjectKeyId: string;
}

/** The three slots for X.509 authorities that a SPIRE server has; an empty one is undefined. */
export interface X509AuthorityState {
  readonly active: LocalX509Authority | undefined;
  readonly prepared: LocalX509Authority | undefined;
  readonly old: LocalX509Authority | undefined;
}

/**
 * Moves the server's X.509 authority at once, without waiting for its clock. The server enforces the order:
 * activate takes the prepared one, taint the old one, revoke the old one once tainted; else FAILED_PRECONDITION or the like.
 */
export interface LocalAuthorityCalls {
  getX509AuthorityState(): Promise<X509AuthorityState>;
  prepareX509Authority(): Promise<LocalX509Authority>;
  activateX509Authority(authorityId: string): Promise<LocalX509Authority>;
  taintX509Authority(authorityId: string): Promise<LocalX509Authority>;
  revokeX509Authority(authorityId: string): Promise<LocalX509Authority>;
}

interface AuthorityMessage {
  authorityId: string;
  expiresAt: number;
  upstreamAuthoritySubjectKeyId: string;
}

const find = loadProto('spire-local-authority.proto');
const service = 'spire.api.server.localauthority.v1.LocalAuthority';
const getState = find<object, Record<'active' | 'prepared' | 'old', AuthorityMessage | null>>(
  service,
  'GetX509AuthorityState',
);
const move = (method: string) =>
  find<{ authorityId?: string }, { authority: AuthorityMessage | null }>(service, method);
const prepare = move('PrepareX509Authority');
const activate = move('ActivateX509Authority');
const taint = move('TaintX509Authority');
const revoke = move('RevokeX509Authority');

/** The calls about the server's X.509 authority, made by this caller, whose deadline and ServerApiError are theirs. */
export function localAuthorityCalls(caller: Caller): LocalAuthorityCalls {
  const moved = async (method: typeof prepare, request: { authorityId?: string }): Promise<LocalX509Authority> => {
    const { authority } = await caller.unary(method, request);
    return (
      fromAuthority(authority) ?? {
        authorityId: request.authorityId ?? '',
        expiresAt: new Date(0),
        upstreamSubjectKeyId: '',
      }
    );
  };
  return {
    async getX509AuthorityState() {
      const { active, prepared, old } = await caller.unary(getState, {});
      return { active: fromAuthority(active), prepared: fromAuthority(prepared), old: fromAuthority(old) };
    },
    prepareX509Authority: () => moved(prepare, {}),
    activateX509Authority: (authorityId) => moved(activate, { authorityId }),
    taintX509Authority: (authorityId) => moved(taint, { authorityId }),
    revokeX509Authority: (authorityId) => moved(revoke, { authorityId }),
  };
}

function fromAuthority(authority: AuthorityMessage | null): LocalX509Authority | undefined {
  if (authority === null) return undefined;
  return {
    authorityId: authority.authorityId,
    expiresAt: fromUnixSeconds(authority.expiresAt),
    upstreamSubjectKeyId: authority.upstreamAuthoritySubjectKeyId,
  };
}
