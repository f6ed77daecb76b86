import { setTimeout as sleep } from 'node:timers/promises';
import type { Impostor } from '../impostor.ts';
import { rightIssuer, unknownToken, type IssuedToken, type Issuer } from '../issuer.ts';

const graceMs = 60_000;

/** Servers that issue or redeem join tokens in a way of their own, and deployments that ask for it. */
export const tokenImpostors: readonly Impostor[] = [
  {
    kind: 'issuer',
    id: 'tokens-good-refused',
    title: 'It refuses every token, so that all its refusals look right',
    breaks: 'mesh/tokens/attests-within-ttl',
    reason: /^a (fresh token|token used twice).* was refused .* before its expiry/,
    change: { admits: () => ({ code: 'INVALID_ARGUMENT', details: unknownToken }) },
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
    id: 'tokens-refused-and-handed-out',
    title: 'It refuses an expired token, and hands the SVID out before it says so',
    breaks: 'mesh/tokens/expired-refused',
    reason: /attested \d\.\d s after its expiry/,
    change: { issuesToRefused: true },
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
    id: 'tokens-refused-from-then-on',
    title: 'Once it has refused a token it refuses all others',
    breaks: 'mesh/tokens/expired-refused',
    verdict: 'inconclusive',
    reason: /^its control did not hold: a fresh token after late/,
    change: refusesFromThenOn(),
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
    reason: /^in 5 of 5 races more than one agent attested with one token: [2-8] of 8 agents/,
    change: { spend: inTwoSteps(200) },
  },
  {
    kind: 'issuer',
    id: 'tokens-two-quick-steps',
    title: 'It looks a token up and deletes it two milliseconds later',
    breaks: 'mesh/tokens/race-one-winner',
    reason: /^in [1-5] of 5 races more than one agent attested with one token: [2-8] of 8 agents/,
    change: { spend: inTwoSteps(2) },
  },
  {
    kind: 'issuer',
    id: 'tokens-two-steps-now-and-then',
    title: 'It looks a token up and deletes it in two steps, for every third token',
    breaks: 'mesh/tokens/race-one-winner',
    reason: /^in [1-3] of 5 races more than one agent attested with one token: [2-8] of 8 agents/,
    change: { spend: everyThird(inTwoSteps(50)) },
  },
  {
    kind: 'issuer',
    id: 'tokens-busy-in-race',
    title:
      'It looks at one at a time and tells all others that it is busy, so that nobody sees what it makes of a race',
    breaks: 'mesh/tokens/race-one-winner',
    verdict: 'inconclusive',
    reason:
      /^only 0 of 5 races can be told, of at least 3: 7 agents were refused, but not for what the token is: RESOURCE_EXHAUSTED/,
    change: oneAtATime(),
  },
  {
    kind: 'issuer',
    id: 'tokens-stand-in-line',
    title: 'It lets in one a second, so that nobody meets another',
    breaks: 'mesh/tokens/race-one-winner',
    verdict: 'inconclusive',
    reason:
      /^only 0 of 1 races can be told, of at least 3: \d of 8 agents stood in line: the last was answered \d\.\d s after the first/,
    change: oneAfterTheOther(1_000),
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
    kind: 'issuer',
    id: 'tokens-forgiven-with-the-ban',
    title: 'It counts a token as unused again when its agent is banned',
    breaks: 'mesh/tokens/stays-used',
    reason: /^a token whose agent was banned attested a second time, after its agent was banned$/,
    change: { remove: forgiveWhen('banned') },
  },
  {
    kind: 'issuer',
    id: 'tokens-forgiven-with-the-agent',
    title: 'It counts a token as used while it knows an agent of that name',
    breaks: 'mesh/tokens/stays-used',
    reason: /^a token whose agent was deleted attested a second time, after its agent was deleted$/,
    change: { remove: forgiveWhen('deleted') },
  },
  {
    kind: 'issuer',
    id: 'tokens-name-whom-they-like',
    title: 'It gives the agent the ID that its request asks for',
    breaks: 'mesh/tokens/own-agent',
    reason: /^a token asking to be .* made an agent spiffe:\/\/issuer\.mesh\/spire\//,
    change: { agentPath: ({ value }, asked) => asked ?? `/spire/agent/join_token/${value}` },
  },
];

function inTwoSteps(ms: number): Issuer['spend'] {
  return async (token) => {
    const first = !token.spent;
    await sleep(ms);
    token.spent = true;
    return first;
  };
}

function everyThird(spend: Issuer['spend']): Issuer['spend'] {
  const seen = new Map<IssuedToken, number>();
  return (token) => {
    if (!seen.has(token)) seen.set(token, seen.size);
    return seen.get(token)! % 3 === 0 ? spend(token) : rightIssuer.spend(token);
  };
}

function oneAtATime(): Partial<Issuer> {
  let busy = false;
  return {
    admits: () => (busy ? { code: 'RESOURCE_EXHAUSTED', details: 'one at a time' } : undefined),
    spend: async (token) => {
      busy = true;
      await sleep(20);
      busy = false;
      return rightIssuer.spend(token);
    },
  };
}

function oneAfterTheOther(everyMs: number): Partial<Issuer> {
  let next = 0;
  return {
    admits: async () => {
      const turn = Math.max(performance.now(), next);
      next = turn + everyMs;
      await sleep(Math.max(0, turn - performance.now()));
      return undefined;
    },
  };
}

function refusesFromThenOn(): Partial<Issuer> {
  let refused = false;
  return {
    admits: () => (refused ? { code: 'INVALID_ARGUMENT', details: unknownToken } : undefined),
    expired: (token, at) => {
      // A token that has a second and no more, so that what is tried beside it is not refused.
      refused ||= rightIssuer.expired(token, at) && at.getTime() >= token.expiresAt.getTime() + 1_000;
      return rightIssuer.expired(token, at);
    },
  };
}

function forgiveWhen(wanted: 'banned' | 'deleted'): Issuer['remove'] {
  return (token, how) => {
    if (how === wanted) token.spent = false;
  };
}
