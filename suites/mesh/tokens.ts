import { setTimeout as sleep } from 'node:timers/promises';
import { createCsr } from '../../src/svid/x509/forge.ts';
import type { AuditRecord, TokenUse } from '../../src/history.ts';
import * as tokenClauses from '../../src/clauses/mesh/tokens.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { attestByJoinToken } from '../../spiffe/attest.ts';
import { eventually, inTime } from '../../fixtures/run/eventually.ts';
import type { Target } from '../../fixtures/target/target.ts';
import type { Suite, SuiteContext } from '../suite.ts';

const { tokenAttests, tokenExpires, tokenSingleUse, tokenRace, tokenPolicyTtl, tokenAuditLog, tokenNotInOurLogs } =
  tokenClauses;
const ttlSeconds = 300;
const racers = 8;

/** Join tokens, presented to the server's own port as agents do. */
export const tokens: Suite = {
  id: 'tokens',
  title: 'Join tokens',
  mesh: 'steady',
  needs: ['join-tokens'],
  decides: [
    ...[tokenAttests, tokenExpires, tokenSingleUse, tokenRace],
    { clause: tokenPolicyTtl, needs: ['token-policy'] },
    { clause: tokenAuditLog, needs: ['server-log'] },
    tokenNotInOurLogs,
  ],
  async run(context) {
    const { target, recorder, wants } = context;
    const server = target.server!;
    const late = wants(tokenExpires) ? [tooLate(context, server)] : [];
    const raced = wants(tokenRace) ? [race(context, server)] : [];
    const used = (await allEnded([...late, twice(context, server), ...raced])).flat();
    if (wants(tokenPolicyTtl) && server.joinTokenTtlSeconds !== undefined) {
      recorder.record({ kind: 'setting', setting: 'join-token-ttl', seconds: server.joinTokenTtlSeconds });
    }
    if (wants(tokenAuditLog)) await readAuditLog(context, server, used);
    if (wants(tokenNotInOurLogs)) search(context, server, used);
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
  readonly outcome: TokenUse['outcome'];
}

async function create({ recorder }: SuiteContext, server: Server, name: string, lifeSeconds: number): Promise<Token> {
  const { value, expiresAt } = await server.api.createJoinToken({ ttlSeconds: lifeSeconds });
  recorder.redact(value, name);
  return { value, name, expiresAt };
}

async function tooLate(context: SuiteContext, server: Server): Promise<Used[]> {
  const token = await create(context, server, 'a token that lives 1 s', 1);
  // The server compares whole seconds and the expiry itself still counts as good.
  const leftMs = Math.max(0, token.expiresAt.getTime() + 1_100 - Date.now());
  await sleep(leftMs, undefined, { signal: context.signal });
  return [await use(context, server, token, 'late', 'after its TTL')];
}

async function twice(context: SuiteContext, server: Server): Promise<Used[]> {
  const token = await create(context, server, 'a token used twice', ttlSeconds);
  const first = await use(context, server, token, 'twice', 'first use');
  return [first, await use(context, server, token, 'twice', 'second use')];
}

/** All are ready before the first presents its token: who comes when another is through races nobody. */
async function race(context: SuiteContext, server: Server): Promise<Used[]> {
  const token = await create(context, server, 'a token raced for', ttlSeconds);
  const ready = await Promise.all(Array.from({ length: racers }, () => prepare(context, server, token)));
  return Promise.all(ready.map((present, at) => present('race', `agent ${at + 1} of ${racers}`)));
}

async function use(
  context: SuiteContext,
  server: Server,
  token: Token,
  trial: TokenUse['trial'],
  row: string,
): Promise<Used> {
  const present = await prepare(context, server, token);
  return present(trial, row);
}

type Present = (trial: TokenUse['trial'], row: string) => Promise<Used>;

/** Gets ready to present a token as an agent does. */
async function prepare({ target, recorder }: SuiteContext, server: Server, token: Token): Promise<Present> {
  const { csrDer } = await createCsr(undefined);
  const authoritiesDer = (await server.api.getBundle()).authorities.map(({ der }) => der);
  return async (trial, row) => {
    const beganMs = recorder.now();
    const secondsToExpiry = (token.expiresAt.getTime() - Date.now()) / 1000;
    const result = await attestByJoinToken({
      ...{ address: server.address, trustDomain: target.trustDomain, token: token.value, csrDer, authoritiesDer },
      // Unless its limit is off, the server attests one a second from each source address, and a race stands in line.
      withinMs: 30_000,
    });
    const { outcome } = result;
    recorder.record({
      ...{ kind: 'token', trial, row, token: token.name, outcome, beganMs, secondsToExpiry },
      ...(result.outcome === 'refused' && { code: result.code }),
      ...('message' in result && { message: result.message }),
    });
    return { token, outcome };
  };
}

/** Reads the server's audit log once every use is in it, or has had its time: the server writes after it has answered. */
async function readAuditLog({ recorder, signal }: SuiteContext, server: Server, used: readonly Used[]): Promise<void> {
  const names = [...new Set(used.map(({ token }) => token.name))];
  const read = () => auditRecords(server.readLog!(), names);
  const wanted = (outcome: Used['outcome']) => used.filter((one) => one.outcome === outcome).length;
  const counted = (records: readonly AuditRecord[], status: string) =>
    records.filter((one) => one.status === status).length;
  const complete = () => {
    const records = read();
    const named = new Set(records.filter(({ status }) => status === 'success').map(({ token }) => token));
    const attested = used.filter(({ outcome }) => outcome === 'attested');
    return attested.every(({ token }) => named.has(token.name)) && counted(records, 'error') >= wanted('refused');
  };
  await inTime(eventually('the audit log has every use', complete, { withinMs: 3_000, everyMs: 50, signal }));
  recorder.record({ kind: 'audit-log', records: read() });
}

interface AuditLine {
  readonly type?: string;
  readonly method?: string;
  readonly status?: string;
  readonly agent_id?: string;
}

function auditRecords(log: string, names: readonly string[]): AuditRecord[] {
  return log
    .split('\n')
    .flatMap(auditLine)
    .filter(({ type, method }) => type === 'audit' && method === 'AttestAgent')
    .map(({ status = '', agent_id: agent = '' }) => ({
      status,
      token: names.find((name) => agent.includes(`[${name}]`)) ?? null,
    }));
}

function auditLine(line: string): AuditLine[] {
  try {
    return [JSON.parse(line) as AuditLine];
  } catch {
    // Not every line of a log is JSON.
    return [];
  }
}

/** Looks for each token in what the run keeps. */
function search({ recorder }: SuiteContext, server: Server, used: readonly Used[]): void {
  const kept = {
    'the history': JSON.stringify(recorder.history),
    ...(server.readLog && { 'the kept log of the server': server.readLog() }),
  };
  for (const { name, value } of new Set(used.map(({ token }) => token))) {
    const places = Object.entries(kept);
    const foundIn = places.filter(([, text]) => text.includes(value)).map(([place]) => place);
    recorder.record({ kind: 'search', token: name, places: places.map(([place]) => place), foundIn });
  }
}
