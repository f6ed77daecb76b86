import t from 'tap';
import type { Clause } from '../clause.ts';
import { tokenAuditLog, tokenNotInOurLogs, tokenPolicyTtl } from '../clauses/mesh/tokens.ts';
import type { AuditRecord, Happening, Search } from '../history.ts';
import { historyOf, judgedBy, skip, told, token, type Step } from './history-builder.ts';

const ttl = (seconds: number): Happening => ({ kind: 'setting', setting: 'join-token-ttl', seconds });

const attested = token('twice', 'first use', { token: 'token-1' });
const refused = token('twice', 'second use', { token: 'token-1', outcome: 'refused' });
const late = token('late', 'after its TTL', { token: 'token-2', outcome: 'refused' });
const audit = (...records: AuditRecord[]): Happening => ({ kind: 'audit-log', records });
const success = (name: string | null): AuditRecord => ({ status: 'success', token: name });
const error: AuditRecord = { status: 'error', token: null };

const search = (name: string, foundIn: readonly string[] = [], places = ['the history', 'a log']): Search => ({
  kind: 'search',
  token: name,
  places,
  foundIn,
});

const rows: readonly [name: string, clause: Clause, wanted: RegExp, ...steps: Step[]][] = [
  ['five minutes', tokenPolicyTtl, /^pass: deployment: join tokens are made to live 300 s, at most 300 s$/, ttl(300)],
  [
    'a second more',
    tokenPolicyTtl,
    /^fail: deployment: join tokens are made to live 301 s, more than 300 s$/,
    ttl(301),
  ],
  ['one setting of two', tokenPolicyTtl, /^fail: .*600 s, more than/, ttl(60), ttl(600)],

  [
    'each use has its record',
    tokenAuditLog,
    /^pass: SPIRE server: all 3 uses are there: 1 attested, 2 refused$/,
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
    /^fail: SPIRE server: 1 of 1 attestations and 0 of 1 refusals have no audit record \(audit_log_enabled\)$/,
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
  ['a log, and no token used', tokenAuditLog, /^inconclusive: SPIRE server: no token was used$/, audit(error)],
  ['tokens, and no log read', tokenAuditLog, /^inconclusive: nothing was observed/, attested, refused],

  [
    'no token anywhere',
    tokenNotInOurLogs,
    /^pass: this run: none of 2 tokens stands in the history or in a log or in a report$/,
    search('token-1'),
    search('token-2', [], ['a log', 'a report']),
  ],
  [
    'one of two leaked',
    tokenNotInOurLogs,
    /^fail: this run: 1 of 2 tokens stand in the history and in a log$/,
    search('token-1'),
    search('token-2', ['the history', 'a log']),
  ],
];
for (const [name, clause, wanted, ...steps] of rows) {
  await t.test(`${clause.id}: ${name}`, async (t) => t.match(told(judgedBy(clause)(historyOf(...steps))), wanted));
}

await t.test('the evidence is the log and the uses, the setting, or what leaked', async (t) => {
  const evidence = (clause: Clause, ...steps: Step[]) => judgedBy(clause)(historyOf(...steps)).evidence;
  t.strictSame(evidence(tokenAuditLog, attested, refused, audit(success('token-1'), error)), [3, 1, 2]);
  t.strictSame(evidence(tokenPolicyTtl, ttl(60), ttl(600)), [2]);
  t.strictSame(evidence(tokenNotInOurLogs, search('token-1'), search('token-2')), [1, 2]);
  t.strictSame(evidence(tokenNotInOurLogs, search('token-1'), search('token-2', ['a log'])), [2]);
});

for (const clause of [tokenPolicyTtl, tokenAuditLog, tokenNotInOurLogs]) {
  await t.test(`${clause.id}: nothing seen is inconclusive, skipped only with a reason`, async (t) => {
    const judge = judgedBy(clause);
    t.equal(told(judge(historyOf())), 'inconclusive: nothing was observed to decide it');
    t.equal(told(judge(historyOf(skip(clause.id, 'no admin socket')))), 'skipped: no admin socket');
    t.match(told(judge(historyOf(skip(clause.id, '')))), /^inconclusive/);
  });
}
