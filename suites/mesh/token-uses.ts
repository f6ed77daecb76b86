import { createCsr } from '../../src/svid/x509/forge.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { messageOf } from '../../src/errors.ts';
import type { TokenUse } from '../../src/history.ts';
import { connectAgent, type AttestOutcome } from '../../spiffe/attest.ts';
import type { Recorder } from '../../fixtures/run/recorder.ts';
import type { Target } from '../../fixtures/target/target.ts';
import type { SuiteContext } from '../suite.ts';

export type Server = NonNullable<Target['server']>;

export interface Token {
  readonly value: string;
  readonly name: string;
  readonly expiresAt: Date;
}

/** What a use belongs to, in the words of the history. */
export type Part = Pick<TokenUse, 'trial' | 'row' | 'control'>;

/** An agent that is connected to the server, and says what its uses of tokens belong to. */
export interface Agent extends Disposable {
  /** Gets ready to use this token; the use is recorded with what it came to. */
  begin(token: Token, part: Part, asks?: string): Promise<() => Promise<TokenUse>>;
}

// Unless its limit is off, the server attests one a second from each source address, and a race stands in line.
const withinMs = 30_000;

/** Makes a token of which history and logs know the name only: what is tried again is tried with a token of another name. */
export async function createToken(
  { recorder }: SuiteContext,
  { api }: Server,
  called: string,
  ttlSeconds: number,
): Promise<Token> {
  const name = freshName(recorder, called);
  const { value, expiresAt } = await api.createJoinToken({ ttlSeconds });
  recorder.redact(value, name);
  return { value, name, expiresAt };
}

const taken = new WeakMap<Recorder, Map<string, number>>();

function freshName(recorder: Recorder, name: string): string {
  const counts = taken.get(recorder) ?? new Map<string, number>();
  taken.set(recorder, counts);
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name} (${count})`;
}

/** An agent of its own, on a connection that stands. `begin` takes the ID that its request asks to be called, if any. */
export async function connect({ target, recorder }: SuiteContext, server: Server): Promise<Agent> {
  const { trustDomain } = target;
  const authorities = (await server.api.getBundle()).authorities.map(({ der }) => der);
  const agent = await connectAgent({
    ...{ address: server.address, trustDomain, authoritiesDer: authorities, withinMs },
  });
  return {
    async begin(token, part, asks) {
      const { csrDer, privateKeyPem } = await createCsr(asks);
      recorder.guard(privateKeyPem, 'a private key of an agent that used a join token');
      const attestation = agent.begin({ token: token.value, csrDer, withinMs });
      return async () => {
        const beganMs = recorder.now();
        const secondsToExpiry = (token.expiresAt.getTime() - Date.now()) / 1000;
        const result = await attestation.present();
        const use: TokenUse = {
          ...{ kind: 'token', ...part, token: token.name, outcome: result.outcome },
          ...{ beganMs, endedMs: recorder.now(), secondsToExpiry },
          ...(agent.from !== undefined && { from: agent.from }),
          ...(result.outcome === 'refused' && { code: result.code }),
          ...('message' in result && { message: result.message }),
          ...(result.outcome === 'attested' && { svid: svidOf(result, trustDomain, authorities) }),
        };
        recorder.record(use);
        return use;
      };
    },
    [Symbol.dispose]: () => agent[Symbol.dispose](),
  };
}

/** One use of a token on a connection of its own. */
export async function use(
  context: SuiteContext,
  server: Server,
  token: Token,
  part: Part,
  asks?: string,
): Promise<TokenUse> {
  using agent = await connect(context, server);
  const present = await agent.begin(token, part, asks);
  return await present();
}

/** What the agent was given, and what is wrong with it. */
function svidOf(
  { chain, spiffeId }: Extract<AttestOutcome, { outcome: 'attested' }>,
  trustDomain: string,
  authorities: readonly Uint8Array[],
): NonNullable<TokenUse['svid']> {
  try {
    const certificates = chain.map(readCertificate);
    const named = certificates[0]?.uriSans[0] ?? '';
    const bundle = new Map([[trustDomain, authorities.map(readCertificate)]]);
    const verified = verifyX509Svid(certificates, bundle, new Date());
    if (!verified.ok) return { spiffeId: named, fault: `${verified.reason}: ${verified.detail}` };
    return { spiffeId: named, fault: named === spiffeId ? null : `it names ${named}, and the answer ${spiffeId}` };
  } catch (error) {
    return { spiffeId, fault: messageOf(error) };
  }
}
