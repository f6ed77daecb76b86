import type { Impostor } from '../impostor.ts';

/** Servers and deployments that say or keep something else of join tokens than they do with them. */
export const tokenRecordImpostors: readonly Impostor[] = [
  {
    kind: 'deployment',
    id: 'tokens-live-ten-minutes',
    title: "Its join tokens live ten minutes, SPIRE's own default",
    breaks: 'mesh/tokens/policy-ttl',
    reason: /^join token of NODE: is made to live 600 s, more than 300 s/,
    deployment: { joinTokenTtlSeconds: 600 },
  },
  {
    kind: 'issuer',
    id: 'tokens-live-longer-than-asked',
    title: 'It makes tokens live twice as long as it is asked for',
    breaks: 'mesh/tokens/policy-ttl',
    reason: /^a token of the deployment: is made to live 59\d s, more than 300 s/,
    change: { lives: (askedSeconds) => (askedSeconds < 1 ? undefined : askedSeconds * 2) },
  },
  {
    kind: 'issuer',
    id: 'tokens-live-long-by-default',
    title: 'It makes a token of an hour when it is told no time',
    breaks: 'mesh/tokens/policy-ttl',
    reason: /^a token without a time: is made to live 35\d\d s, more than 300 s/,
    change: { lives: (askedSeconds) => askedSeconds || 3_600 },
  },
  {
    kind: 'deployment',
    id: 'tokens-no-audit-log',
    title: 'Its audit log is off',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: (\d) of \1 attestations and (\d) of \2 refusals have no audit record/,
    deployment: { auditLog: false },
  },
  {
    kind: 'issuer',
    id: 'tokens-refusals-not-audited',
    title: 'It audits attestations and no refusal',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 0 of \d attestations and (\d) of \1 refusals have no audit record/,
    change: { audit: (record) => (record.status === 'error' ? [] : [record]) },
  },
  {
    kind: 'issuer',
    id: 'tokens-audited-without-agent',
    title: 'It audits attestations without the agent',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: (\d) of \1 attestations and 0 of \d refusals have no audit record/,
    change: { audit: ({ agent_id: _agent, ...record }) => [record] },
  },
  {
    kind: 'issuer',
    id: 'tokens-one-refusal-audited-twice',
    title: 'It audits a refusal a second time when it was to audit the next',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 0 of \d attestations and [1-9] of \d refusals have no audit record/,
    change: { audit: secondForNext() },
  },
  {
    kind: 'issuer',
    id: 'tokens-audited-for-another-reason',
    title: 'It audits each refusal as that of a token that was never made',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 0 of \d attestations and [1-9] of \d refusals have no audit record/,
    change: {
      audit: (record) => [record.status === 'error' ? { ...record, status_message: 'no such token' } : record],
    },
  },
  {
    kind: 'issuer',
    id: 'tokens-in-kept-log',
    title: 'Its log is kept with the tokens in it',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: .* stands in the log issuer\.log, as it is/,
    change: { keeps: (line) => line },
  },
  {
    kind: 'issuer',
    id: 'tokens-in-kept-log-encoded',
    title: 'Its log is kept with the agents in base64',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: .* stands in the log issuer\.log, in base64/,
    change: {
      audit: (record) => [record, { agent: Buffer.from(record.agent_id ?? '').toString('base64') }],
    },
  },
  {
    kind: 'issuer',
    id: 'tokens-in-kept-log-broken',
    title: 'Its log is kept in lines of 50 characters, which no token stands in',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: .* stands in the log issuer\.log, as it is/,
    change: { keeps: (line, clean) => (line.match(/.{1,50}/g) ?? []).map(clean).join('\n') },
  },
  {
    kind: 'spire-agent',
    id: 'agent-logs-its-token',
    title: 'An agent says which token it was started with, in base64',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: join token of NODE stands in the log [\w-]+-spire-agent\.log, in base64/,
  },
  {
    kind: 'spire-agent',
    id: 'agent-logs-keys',
    title: 'An agent writes to its log what it delivers, private keys included',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: a private key stands in the log [\w-]+-spire-agent\.log, in DER, in base64/,
  },
];

/** By reason: the first refusal of each is written down in the place of the next. */
function secondForNext(): (record: { readonly status: string; readonly status_message?: string }) => readonly object[] {
  const first = new Map<string, object>();
  return (record) => {
    if (record.status !== 'error') return [record];
    const reason = record.status_message ?? '';
    const known = first.get(reason);
    if (known !== undefined) return [known];
    first.set(reason, record);
    return [record];
  };
}
