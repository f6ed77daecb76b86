import { setTimeout as sleep } from 'node:timers/promises';
import { createCsr } from '../../src/svid/x509/forge.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { attestByJoinToken, type AttestOutcome } from '../../spiffe/attest.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import type { Target } from '../../fixtures/target/target.ts';
import { skip, type Suite, type SuiteContext } from '../suite.ts';

const mostSeconds = 300;
const racers = 8;

/** Join tokens, presented to the server's own port as agents do. */
export const tokens: Suite = {
  id: 'tokens',
  title: 'Join tokens',
  clauses: [
    'mesh/tokens/attests-within-ttl',
    'mesh/tokens/expired-refused',
    'mesh/tokens/single-use',
    'mesh/tokens/race-one-winner',
    'mesh/tokens/policy-ttl',
    'mesh/tokens/audit-log',
    'mesh/tokens/not-in-our-logs',
  ],
  async run(context) {
    const { server } = context.target;
    if (server === undefined) {
      for (const clause of tokens.clauses)
        if (context.wants(clause))
          skip(context, clause, context.target.withheld?.server ?? 'needs the admin socket of the SPIRE server');
      return;
    }
    const uses = await allEnded([expired(context, server), twice(context, server), race(context, server)]);
    policy(context, server);
    await audit(context, server, uses.flat());
  },
};

type Server = NonNullable<Target['server']>;

interface Token {
  readonly value: string;
  readonly name: string;
  readonly expiresAt: Date;
}
interface Used {
  readonly token: Token;
  readonly row: string;
  readonly result: AttestOutcome;
}

async function create({ recorder }: SuiteContext, server: Server, name: string, ttlSeconds: number): Promise<Token> {
  const { value, expiresAt } = await server.api.createJoinToken({ ttlSeconds });
  recorder.redact(value, name);
  return { value, name, expiresAt };
}

async function use(
  context: SuiteContext,
  server: Server,
  token: Token,
  row: string,
  clause: string,
  expect: 'attested' | 'refused' | 'one-of-many',
): Promise<Used> {
  const { target, recorder } = context;
  const { csrDer } = await createCsr(undefined);
  const secondsToExpiry = (token.expiresAt.getTime() - Date.now()) / 1000;
  const result = await attestByJoinToken({
    address: server.address,
    trustDomain: target.trustDomain,
    token: token.value,
    csrDer,
    // Unless its limit is off, the server attests one a second from each source address, and a race stands in line.
    withinMs: 30_000,
    authoritiesDer: (await server.api.getBundle()).authorities.map(({ der }) => der),
  });
  recorder.record({
    kind: 'token',
    clause,
    row,
    token: token.name,
    expect,
    outcome: result.outcome,
    secondsToExpiry,
    ...(result.outcome === 'refused' && { code: result.code }),
    ...('message' in result && { message: result.message }),
  });
  return { token, row, result };
}

async function expired(context: SuiteContext, server: Server): Promise<Used[]> {
  if (!context.wants('mesh/tokens/expired-refused')) return [];
  const token = await create(context, server, 'a token that lives 1 s', 1);
  // The server compares whole seconds and the expiry itself still counts as good.
  await sleep(Math.max(0, token.expiresAt.getTime() + 1_100 - Date.now()), undefined, { signal: context.signal });
  return [await use(context, server, token, 'after its TTL', 'mesh/tokens/expired-refused', 'refused')];
}

async function twice(context: SuiteContext, server: Server): Promise<Used[]> {
  const token = await create(context, server, 'a token used twice', mostSeconds);
  const first = await use(context, server, token, 'first use', 'mesh/tokens/single-use', 'attested');
  const { outcome } = first.result;
  context.recorder.record({
    kind: 'token',
    clause: 'mesh/tokens/attests-within-ttl',
    row: 'first use within its TTL',
    token: token.name,
    expect: 'attested',
    outcome,
    secondsToExpiry: (token.expiresAt.getTime() - Date.now()) / 1000,
    ...('message' in first.result && { message: first.result.message }),
  });
  const second = await use(context, server, token, 'second use', 'mesh/tokens/single-use', 'refused');
  return [first, second];
}

async function race(context: SuiteContext, server: Server): Promise<Used[]> {
  if (!context.wants('mesh/tokens/race-one-winner')) return [];
  const token = await create(context, server, 'a token raced for', mostSeconds);
  return Promise.all(
    Array.from({ length: racers }, (_, at) =>
      use(context, server, token, `agent ${at + 1} of ${racers}`, 'mesh/tokens/race-one-winner', 'one-of-many'),
    ),
  );
}

function policy(context: SuiteContext, server: Server): void {
  if (!context.wants('mesh/tokens/policy-ttl')) return;
  const ttl = server.joinTokenTtlSeconds;
  if (ttl === undefined) {
    skip(
      context,
      'mesh/tokens/policy-ttl',
      context.target.withheld?.tokenTtl ?? 'how long join tokens are made to live is not known',
    );
    return;
  }
  context.recorder.record({
    kind: 'fact',
    clause: 'mesh/tokens/policy-ttl',
    subject: 'deployment',
    state: ttl <= mostSeconds ? 'holds' : 'broken',
    says: `join tokens are made to live ${ttl} s, ${ttl <= mostSeconds ? 'at most' : 'more than'} ${mostSeconds} s`,
  });
}

interface AuditLine {
  readonly type?: string;
  readonly method?: string;
  readonly status?: string;
  readonly node_attestor_type?: string;
  readonly agent_id?: string;
  readonly status_message?: string;
}

/** Each use has a record of its own: successes name the agent, refusals the reason. */
async function audit(context: SuiteContext, server: Server, used: readonly Used[]): Promise<void> {
  const { recorder } = context;
  const readLog = server.readLog?.bind(server);
  if (context.wants('mesh/tokens/audit-log') && readLog === undefined)
    skip(context, 'mesh/tokens/audit-log', context.target.withheld?.serverLog ?? "the server's log is out of reach");
  if (context.wants('mesh/tokens/audit-log') && readLog !== undefined) {
    const attested = used.filter(({ result }) => result.outcome === 'attested');
    const refused = used.filter(({ result }) => result.outcome === 'refused');
    const look = () => {
      const lines = readLog()
        .split('\n')
        .flatMap((line): AuditLine[] => {
          try {
            return [JSON.parse(line) as AuditLine];
          } catch {
            return [];
          }
        })
        .filter(({ type, method }) => type === 'audit' && method === 'AttestAgent');
      const missing = attested.filter(
        ({ token }) =>
          !lines.some(({ status, agent_id: agent }) => status === 'success' && agent?.includes(`[${token.name}]`)),
      );
      const refusals = lines.filter(({ status }) => status === 'error').length;
      return { missing, refusals };
    };
    const complete = () => {
      const { missing, refusals } = look();
      return missing.length === 0 && refusals >= refused.length;
    };
    // The server writes its log after it has answered.
    const found = await eventually('the audit log has every use', complete, {
      withinMs: 3_000,
      everyMs: 50,
      signal: context.signal,
    }).then(
      () => true,
      () => {
        context.signal.throwIfAborted();
        return false;
      },
    );
    const { missing, refusals } = look();
    recorder.record({
      kind: 'fact',
      clause: 'mesh/tokens/audit-log',
      subject: 'SPIRE server',
      state: used.length === 0 ? 'unknown' : found ? 'holds' : 'broken',
      says:
        used.length === 0
          ? 'no token was used'
          : found
            ? `all ${used.length} uses are there: ${attested.length} attested, ${refused.length} refused`
            : `${missing.length} of ${attested.length} attestations and ${Math.max(0, refused.length - refusals)} of ${refused.length} refusals have no audit record (audit_log_enabled)`,
    });
  }
  if (context.wants('mesh/tokens/not-in-our-logs')) {
    const leaked = used.filter(
      ({ token }) =>
        readLog?.().includes(token.value) === true || JSON.stringify(recorder.history).includes(token.value),
    );
    recorder.record({
      kind: 'fact',
      clause: 'mesh/tokens/not-in-our-logs',
      subject: 'this run',
      state: leaked.length > 0 ? 'broken' : 'holds',
      says:
        leaked.length > 0
          ? `${leaked.length} tokens stand in the history or in the kept log of the server`
          : `none of ${used.length} uses left its token in the history${readLog === undefined ? '' : ' or in the kept log'}`,
    });
  }
}
