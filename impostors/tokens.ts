import { setTimeout as sleep } from 'node:timers/promises';
import type { Impostor } from './impostor.ts';
import { unknownToken } from './issuer.ts';

const graceMs = 60_000;

/** Servers that issue or redeem join tokens in a way of their own, and deployments that ask for it. */
export const tokenImpostors: readonly Impostor[] = [
  {
    kind: 'issuer',
    id: 'tokens-good-refused',
    title: 'It refuses every token, so that all its refusals look right',
    breaks: 'mesh/tokens/attests-within-ttl',
    reason: /^a token used twice was refused .* before its expiry/,
    change: { admits: () => false },
  },
  {
    kind: 'issuer',
    id: 'tokens-never-expire',
    title: "It does not look at a token's expiry",
    breaks: 'mesh/tokens/expired-refused',
    reason: /attested \d\.\d s after its expiry/,
    change: { expired: () => false },
  },
  {
    kind: 'issuer',
    id: 'tokens-grace',
    title: 'It gives an expired token a minute more',
    breaks: 'mesh/tokens/expired-refused',
    reason: /attested \d\.\d s after its expiry/,
    change: { expired: ({ expiresAt }, at) => at.getTime() > expiresAt.getTime() + graceMs },
  },
  {
    kind: 'issuer',
    id: 'tokens-expired-forgotten',
    title: 'It forgets expired tokens, so that nobody can tell what it makes of one',
    breaks: 'mesh/tokens/expired-refused',
    verdict: 'inconclusive',
    reason: /was refused, but not for its expiry/,
    change: { tooLate: unknownToken },
  },
  {
    kind: 'issuer',
    id: 'tokens-many-uses',
    title: 'It lets a token be used again',
    breaks: 'mesh/tokens/single-use',
    reason: /attested a second time/,
    change: { spend: () => true },
  },
  {
    kind: 'issuer',
    id: 'tokens-two-steps',
    title: 'It looks a token up and deletes it in two steps',
    breaks: 'mesh/tokens/race-one-winner',
    reason: /^[2-8] of 8 agents attested with one token/,
    change: {
      spend: async (token) => {
        const first = !token.spent;
        await sleep(200);
        token.spent = true;
        return first;
      },
    },
  },
  {
    kind: 'issuer',
    id: 'tokens-nobody-wins',
    title: 'It turns all away when several come at once',
    breaks: 'mesh/tokens/race-one-winner',
    reason: /^none of 8 agents attested with a token that was good/,
    change: {
      spend: async (token) => {
        token.claims++;
        await sleep(500);
        return token.claims === 1;
      },
    },
  },
  {
    kind: 'deployment',
    id: 'tokens-live-ten-minutes',
    title: "Its join tokens live ten minutes, SPIRE's own default",
    breaks: 'mesh/tokens/policy-ttl',
    reason: /^deployment: join tokens are made to live 600 s, more than 300 s/,
    deployment: { joinTokenTtlSeconds: 600 },
  },
  {
    kind: 'deployment',
    id: 'tokens-no-audit-log',
    title: 'Its audit log is off',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 1 of 1 attestations and 1 of 1 refusals have no audit record/,
    deployment: { auditLog: false },
  },
  {
    kind: 'issuer',
    id: 'tokens-refusals-not-audited',
    title: 'It audits attestations and no refusal',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 0 of 1 attestations and 1 of 1 refusals have no audit record/,
    change: { audit: (record) => (record.status === 'error' ? undefined : record) },
  },
  {
    kind: 'issuer',
    id: 'tokens-audited-without-agent',
    title: 'It audits attestations without the agent',
    breaks: 'mesh/tokens/audit-log',
    reason: /^SPIRE server: 1 of 1 attestations and 0 of 1 refusals have no audit record/,
    change: { audit: ({ agent_id: _agent, ...record }) => record },
  },
  {
    kind: 'issuer',
    id: 'tokens-in-kept-log',
    title: 'Its log is kept with the tokens in it',
    breaks: 'mesh/tokens/not-in-our-logs',
    reason: /^this run: 1 of 1 tokens stand in the kept log of the server/,
    change: { cleansLog: false },
  },
];
