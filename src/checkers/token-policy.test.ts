import t from 'tap';
import type { Clause } from '../clause.ts';
import { tokenAuditLog, tokenNotInOurLogs, tokenPolicyTtl } from '../clauses/mesh/tokens.ts';
import type { AuditRecord, Happening, Search, TokenLife, TokenUse } from '../history.ts';
import { historyOf, judgedBy, skip, told, token, type Step } from './history-builder.ts';

const life = (
  askedSeconds: number | null,
  livesSeconds: number | null,
  change: Partial<TokenLife> = {},
): Happening => ({
  ...{ kind: 'token-life', token: 'token-1', askedSeconds, livesSeconds },
  ...change,
});
const notMade = life(null, null, { token: 'token-2', message: 'ttl is required' });

const attested = token('twice', 'first use', { token: 'token-1' });
const refused = token('twice', 'second use', { token: 'token-1', outcome: 'refused' });
const late = token('late', 'after its TTL', { token: 'token-2', outcome: 'refused' });
const audit = (...records: AuditRecord[]): Happening => ({ kind: 'audit-log', records });
const success = (name: string | null): AuditRecord => ({ status: 'success', token: name });
const error: AuditRecord = { status: 'error', token: null };

/** A use that took from 100 to 110 ms after the start, over a connection of its own, and the record of it. */
const at = (port: number, change: Partial<TokenUse> = {}) =>
  token('race', `agent ${port}`, {
    ...{ outcome: 'refused', code: 'INVALID_ARGUMENT', message: 'AttestAgent: INVALID_ARGUMENT: already used' },
    ...{ token: 'token-1', beganMs: 100, endedMs: 110, from: `127.0.0.1:${port}`, ...change },
  });
const of = (port: number, change: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ ...error, caller: `127.0.0.1:${port}`, writtenMs: 105, message: 'already used', ...change },
});
const first = at(1, { outcome: 'attested' });
const ofFirst = of(1, { status: 'success', token: 'token-1' });

const search = (change: Partial<Search> = {}): Search => ({
  ...{ kind: 'search', whole: true, places: ['the history', 'the log a', 'the log b'] },
  ...{ tokens: ['token-1', 'token-2'], keys: ['key-1'], found: [] },
  ...change,
});
const leak = (secret: string, place: string) => ({ secret, place, form: 'in base64' });

const rows: readonly [name: string, clause: Clause, wanted: RegExp, ...steps: Step[]][] = [
  [
    'five minutes, and none without a time',
    tokenPolicyTtl,
    /^pass: token-1: is made to live 300 s, at most 300 s; token-2: was not made: ttl is required$/,
    life(300, 299.2),
    notMade,
  ],
  [
    'asked for a second more',
    tokenPolicyTtl,
    /^fail: token-1: is made to live 301 s, more than 300 s$/,
    life(301, 300.1),
  ],
  ['made to live longer than asked for', tokenPolicyTtl, /^fail: token-1: is made to live 600 s/, life(300, 600.4)],
  ["a second's rounding is none", tokenPolicyTtl, /^pass/, life(300, 300.9)],
  ['one of two', tokenPolicyTtl, /^fail: .*600 s, more than/, life(60, 59.5), life(600, 599.5)],
  ['long where no time is given', tokenPolicyTtl, /^fail: .*3599 s, more than/, life(300, 299.5), life(null, 3_599.6)],
  ['only that none is made without a time', tokenPolicyTtl, /^inconclusive: token-2: was not made/, notMade],
  ['none is made at all', tokenPolicyTtl, /^inconclusive/, life(300, null), life(60, 59)],

  [
    'each use has its record',
    tokenAuditLog,
    /^pass: SPIRE server: each of 3 uses has a record of its own, 1 attested and 2 refused, tied by time and reason/,
    [attested, refused, late],
    audit(error, success('token-1'), error),
  ],
  [
    'more records than uses: others attested too',
    tokenAuditLog,
    /^pass/,
    [attested, refused],
    audit(success(null), success('another'), success('token-1'), error, error),
  ],
  [
    'an attestation without its record',
    tokenAuditLog,
    /^fail: SPIRE server: 1 of 1 attestations and 0 of 1 refusals have no audit record of their own \(audit_log_enabled\)$/,
    [attested, refused],
    audit(success(null), success('another'), error),
  ],
  [
    'an attestation that is recorded as an error only',
    tokenAuditLog,
    /^fail: .*1 of 1 attestations/,
    attested,
    audit({ status: 'error', token: 'token-1' }),
  ],
  [
    'a refusal without its record',
    tokenAuditLog,
    /^fail: SPIRE server: 0 of 1 attestations and 1 of 2 refusals have no audit record/,
    [attested, refused, late],
    audit(success('token-1'), error),
  ],
  ['an empty log', tokenAuditLog, /^fail: .*1 of 1 attestations and 1 of 1 refusals/, [attested, refused], audit()],
  [
    'tied by the address of the caller',
    tokenAuditLog,
    /^pass: .*2 refused, tied by the caller's address$/,
    [first, at(2), at(3)],
    audit(of(3), ofFirst, of(2)),
  ],
  [
    'one refusal twice, and the other not at all',
    tokenAuditLog,
    /^fail: .*0 of 1 attestations and 1 of 2 refusals have no audit record of their own/,
    [first, at(2), at(3)],
    audit(ofFirst, of(2), of(2)),
  ],
  [
    'as many as there are, of another caller',
    tokenAuditLog,
    /^fail: .*1 of 2 refusals/,
    [first, at(2), at(3)],
    audit(ofFirst, of(2), of(4)),
  ],
  [
    'for another reason',
    tokenAuditLog,
    /^fail: .*1 of 1 refusals/,
    [first, at(2)],
    audit(ofFirst, of(2, { message: 'too many' })),
  ],
  [
    'at another time',
    tokenAuditLog,
    /^fail: .*1 of 1 refusals/,
    [first, at(2)],
    audit(ofFirst, of(2, { writtenMs: 5_000 })),
  ],
  [
    'addresses that are translated: time and reason tie',
    tokenAuditLog,
    /^pass: .*tied by time and reason, as it names no caller's address of ours$/,
    [first, at(2), at(3)],
    audit({ ...ofFirst, caller: 'gate' }, of(9), of(9)),
  ],
  [
    'addresses that are translated, and one record too few',
    tokenAuditLog,
    /^fail: .*1 of 2 refusals/,
    [first, at(2), at(3)],
    audit({ ...ofFirst, caller: 'gate' }, of(9)),
  ],
  [
    'two uses over one connection take one record each, by their times',
    tokenAuditLog,
    /^pass/,
    [first, at(2), at(2, { beganMs: 1_500, endedMs: 1_510 })],
    audit(ofFirst, of(2, { writtenMs: 1_400 }), of(2, { writtenMs: 200 })),
  ],
  [
    'two uses over one connection, and two records of the first',
    tokenAuditLog,
    /^fail: .*1 of 2 refusals/,
    [first, at(2), at(2, { beganMs: 2_500, endedMs: 2_510 })],
    audit(ofFirst, of(2), of(2)),
  ],
  [
    'a use of which nobody knows whether it reached the server',
    tokenAuditLog,
    /^inconclusive: SPIRE server: nobody knows what became of token-1, agent 3, so that no record can be told to be its own$/,
    [first, at(2), at(3, { outcome: 'unknown' })],
    audit(ofFirst, of(2)),
  ],
  ['no refusal to look for', tokenAuditLog, /^inconclusive: .*no token was refused/, first, audit(ofFirst)],
  ['a log, and no token used', tokenAuditLog, /^inconclusive: SPIRE server: no token was used$/, audit(error)],
  ['tokens, and no log read', tokenAuditLog, /^inconclusive: nothing was observed/, attested, refused],

  [
    'no secret anywhere',
    tokenNotInOurLogs,
    /^pass: this run: none of 2 join tokens and 1 private keys of ours stands in the history or in 2 logs, nor any other private key$/,
    search(),
  ],
  [
    'one of two tokens, and a key',
    tokenNotInOurLogs,
    /^fail: this run: token-2 stands in the log a, in base64; a private key stands in the log b, in base64$/,
    search({ found: [leak('token-2', 'the log a'), leak('a private key', 'the log b')] }),
  ],
  [
    'a log was not whole yet',
    tokenNotInOurLogs,
    /^inconclusive: this run: a log was still being written when it was searched$/,
    search({ whole: false }),
  ],
  ['a leak in a log that was not whole', tokenNotInOurLogs, /^fail/, search({ whole: false, found: [leak('a', 'b')] })],
  ['no token was made', tokenNotInOurLogs, /^inconclusive: nothing was observed/, search({ tokens: [] })],
  ['a key where no token was made', tokenNotInOurLogs, /^fail/, search({ tokens: [], found: [leak('a', 'b')] })],
];
for (const [name, clause, wanted, ...steps] of rows) {
  await t.test(`${clause.id}: ${name}`, async (t) => t.match(told(judgedBy(clause)(historyOf(...steps))), wanted));
}

await t.test('the evidence is the log and the uses, the setting, or what leaked', async (t) => {
  const evidence = (clause: Clause, ...steps: Step[]) => judgedBy(clause)(historyOf(...steps)).evidence;
  t.strictSame(evidence(tokenAuditLog, first, at(2), audit(ofFirst, of(2))), [3, 1, 2]);
  t.strictSame(evidence(tokenAuditLog, first, at(2), audit(ofFirst)), [3, 2]);
  t.strictSame(evidence(tokenPolicyTtl, life(60, 59), life(600, 599)), [2]);
  t.strictSame(evidence(tokenNotInOurLogs, search()), [1]);
});

for (const clause of [tokenPolicyTtl, tokenAuditLog, tokenNotInOurLogs]) {
  await t.test(`${clause.id}: nothing seen is inconclusive, skipped only with a reason`, async (t) => {
    const judge = judgedBy(clause);
    t.equal(told(judge(historyOf())), 'inconclusive: nothing was observed to decide it');
    t.equal(told(judge(historyOf(skip(clause.id, 'no admin socket')))), 'skipped: no admin socket');
    t.match(told(judge(historyOf(skip(clause.id, '')))), /^inconclusive/);
  });
}
