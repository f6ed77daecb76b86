import { setImmediate as yieldOnce, setTimeout as sleep } from 'node:timers/promises';
import { leastRacers } from '../../src/checkers/token-race.ts';
import { isUnclear } from '../../src/checkers/token-uses.ts';
import type { TokenUse } from '../../src/history.ts';
import * as tokenClauses from '../../src/clauses/mesh/tokens.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { ServerApiError } from '../../spiffe/server-api.ts';
import type { Suite, SuiteContext } from '../suite.ts';
import { readAuditLog } from './audit-log.ts';
import { connect, createToken, use, type Part, type Server } from './token-uses.ts';

const { tokenAttests, tokenExpires, tokenSingleUse, tokenRace, tokenStaysUsed, tokenOwnAgent } = tokenClauses;
const { tokenPolicyTtl, tokenAuditLog, tokenNotInOurLogs } = tokenClauses;
const ttlSeconds = 300;
const racers = leastRacers;
const races = 5;
const attempts = 3;

/** Join tokens, presented to the server's own port as agents do. */
export const tokens: Suite = {
  id: 'tokens',
  title: 'Join tokens',
  mesh: 'steady',
  needs: ['join-tokens'],
  decides: [
    ...[tokenAttests, tokenExpires, tokenSingleUse, tokenRace, tokenOwnAgent],
    { clause: tokenStaysUsed, needs: ['agent-removal'] },
    { clause: tokenPolicyTtl, needs: ['token-policy'] },
    { clause: tokenAuditLog, needs: ['server-log'] },
    // The engine looks for them when all that writes has ended.
    tokenNotInOurLogs,
  ],
  async run(context) {
    const server = context.target.server!;
    const { wants } = context;
    await allEnded([
      ...(wants(tokenExpires) ? [asOften(() => tooLate(context, server))] : []),
      asOften(() => twice(context, server)),
      ...(wants(tokenRace) ? [race(context, server)] : []),
      ...(wants(tokenOwnAgent) ? [asOften(() => renamed(context, server))] : []),
      ...(wants(tokenStaysUsed) ? [asOften(() => removed(context, server))] : []),
      ...(wants(tokenPolicyTtl) ? [lives(context, server)] : []),
    ]);
    if (wants(tokenAuditLog)) await readAuditLog(context, server);
  },
};

/** Tries again, with other tokens, where a use said nothing: one accident decides nothing. */
async function asOften(tried: () => Promise<readonly TokenUse[]>): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) if (!(await tried()).some(isUnclear)) return;
}

/** A fresh token, used once, beside what is tried. */
async function control(
  context: SuiteContext,
  server: Server,
  trial: Part['trial'],
  when: 'before' | 'after',
  row = `a fresh token, ${when}`,
): Promise<TokenUse> {
  const token = await createToken(context, server, `a fresh token ${when} ${trial}`, ttlSeconds);
  return use(context, server, token, { trial, control: when, row });
}

/** Used in the very second of its expiry, which some servers still count as good, and when that is over. */
async function tooLate(context: SuiteContext, server: Server): Promise<TokenUse[]> {
  const create = () => createToken(context, server, 'a token that lives 1 s', 1);
  const [first, second] = await Promise.all([create(), create()]);
  const lateBy = async (token: typeof first, ms: number, row: string) => {
    const leftMs = Math.max(0, token.expiresAt.getTime() + ms - Date.now());
    await sleep(leftMs, undefined, { signal: context.signal });
    return use(context, server, token, { trial: 'late', row });
  };
  return [
    // First of all: where the machine is busy, what was to come in the second of the expiry comes later, and is judged.
    await control(context, server, 'late', 'before'),
    await lateBy(first, 20, 'in the second of its expiry'),
    await lateBy(second, 1_020, 'a second after its expiry'),
    await control(context, server, 'late', 'after'),
  ];
}

async function twice(context: SuiteContext, server: Server): Promise<TokenUse[]> {
  const token = await createToken(context, server, 'a token used twice', ttlSeconds);
  const first = await use(context, server, token, { trial: 'twice', row: 'first use' });
  return [
    first,
    await use(context, server, token, { trial: 'twice', row: 'second use' }),
    // So that two refusals for one reason have to have two records.
    await use(context, server, token, { trial: 'twice', row: 'third use' }),
    await control(context, server, 'twice', 'after'),
  ];
}

/**
 * Several races, one after the other. All agents are connected and have begun before the first presents its token, and then all do at once:
 * who comes when another is through races nobody.
 */
async function race(context: SuiteContext, server: Server): Promise<void> {
  using stack = new DisposableStack();
  const agents = await allEnded(Array.from({ length: racers }, async () => stack.use(await connect(context, server))));
  for (let number = 1; number <= races; number++) {
    const name = `a token raced for, ${number} of ${races}`;
    const token = await createToken(context, server, name, ttlSeconds);
    const begun = await Promise.all(
      agents.map((agent, at) => agent.begin(token, { trial: 'race', row: `agent ${at + 1} of ${racers}` })),
    );
    // What begins an attestation is sent by then.
    await yieldOnce();
    const startedMs = context.recorder.now();
    await allEnded(begun.map((present) => present()));
    // A server that lets in one a second has them stand in line: more races would take as long and show as little.
    if (context.recorder.now() - startedMs > 2_000) return;
  }
}

/** The request asks to be another agent, as it might be registered here. */
async function renamed(context: SuiteContext, server: Server): Promise<TokenUse[]> {
  const id = (path: string) => `spiffe://${context.target.trustDomain}/spire/${path}`;
  const asks = [
    ['asking to be another agent', id('agent/join_token/00000000-0000-4000-8000-000000000000')],
    ['asking to be the server', id('server')],
  ] as const;
  const uses = [await control(context, server, 'renamed', 'before')];
  for (const [row, asked] of asks) {
    const token = await createToken(context, server, `a token ${row}`, ttlSeconds);
    uses.push(await use(context, server, token, { trial: 'renamed', row }, asked));
  }
  return [...uses, await control(context, server, 'renamed', 'after')];
}

/** What made a token used is not that its agent is known: it is used when that one is gone. */
async function removed(context: SuiteContext, server: Server): Promise<TokenUse[]> {
  const { api } = server;
  const ways = [
    ['banned', (id: string) => api.banAgent(id)],
    ['deleted', (id: string) => api.deleteAgent(id)],
  ] as const;
  const uses: TokenUse[] = [];
  for (const [way, remove] of ways) {
    const name = `a token whose agent was ${way}`;
    const token = await createToken(context, server, name, ttlSeconds);
    const first = await use(context, server, token, { trial: 'removed', row: `before its agent was ${way}` });
    uses.push(first);
    if (first.outcome !== 'attested') continue;
    await remove(`spiffe://${context.target.trustDomain}/spire/agent/join_token/${token.value}`);
    uses.push(await use(context, server, token, { trial: 'removed', row: `after its agent was ${way}` }));
  }
  return [...uses, await control(context, server, 'removed', 'after')];
}

/** What the deployment's own tokens were made with, and what the server makes of one that is asked for without a time. */
async function lives(context: SuiteContext, server: Server): Promise<void> {
  const { recorder } = context;
  for (const life of server.tokenLives ?? []) recorder.record({ kind: 'token-life', ...life });
  const token = 'a token without a time';
  try {
    const { value, expiresAt } = await server.api.createJoinToken({ ttlSeconds: 0 });
    recorder.redact(value, token);
    const livesSeconds = (expiresAt.getTime() - Date.now()) / 1000;
    recorder.record({ kind: 'token-life', token, askedSeconds: null, livesSeconds });
  } catch (error) {
    if (!(error instanceof ServerApiError) || error.code !== 'INVALID_ARGUMENT') throw error;
    recorder.record({ kind: 'token-life', token, askedSeconds: null, livesSeconds: null, message: error.message });
  }
}
