import { madeToLiveBriefly, leftNowhere, usesAudited } from '../../checkers/token-policy.ts';
import { attestsWithinTtl, expiredRefused, raceOneWinner, singleUse } from '../../checkers/tokens.ts';
import { clause } from '../../clause.ts';

// Join tokens: one-time, short-lived, audited.

const must = {
  promise: 'tokens',
  level: 'MUST',
  subject: 'issuer',
  spec: 'Mesh deployment, Security best practices 2 (join tokens)',
} as const;

export const tokenAttests = clause({
  ...must,
  id: 'mesh/tokens/attests-within-ttl',
  catalogue: 'MESH-AGT-03',
  title: 'Within its TTL a join token attests an agent',
  danger: 'nodes cannot join, or the refusals below mean nothing',
  judge: attestsWithinTtl,
});

export const tokenExpires = clause({
  ...must,
  id: 'mesh/tokens/expired-refused',
  catalogue: 'MESH-TOK-02',
  title: 'After its TTL a join token is refused, and for its expiry',
  danger: 'a token found in an old ticket or shell history still lets a stranger in',
  judge: expiredRefused,
});

export const tokenSingleUse = clause({
  ...must,
  id: 'mesh/tokens/single-use',
  catalogue: 'MESH-TOK-01',
  title: 'A second use of a join token is refused',
  danger: 'whoever overheard the token can join as well',
  judge: singleUse,
});

export const tokenRace = clause({
  ...must,
  id: 'mesh/tokens/race-one-winner',
  catalogue: 'MESH-TOK-01',
  title: 'Of eight agents that race for one join token exactly one wins',
  danger: 'the token is looked up and deleted in two steps, and two agents fit between them',
  judge: raceOneWinner,
});

export const tokenPolicyTtl = clause({
  ...must,
  id: 'mesh/tokens/policy-ttl',
  catalogue: 'MESH-TOK-02',
  title: 'Join tokens are made to live five minutes at most',
  danger: 'the default of ten minutes, or more, is deployed',
  judge: madeToLiveBriefly,
});

export const tokenAuditLog = clause({
  ...must,
  id: 'mesh/tokens/audit-log',
  catalogue: 'MESH-TOK-03',
  title: "Every use of a join token, good or not, is in the server's audit log",
  danger: "an intruder's attempts leave no trace",
  judge: usesAudited,
});

export const tokenNotInOurLogs = clause({
  ...must,
  id: 'mesh/tokens/not-in-our-logs',
  catalogue: 'MESH-TOK-04',
  level: 'SHOULD',
  subject: 'operator',
  title: 'No join token stands in a history, report or log of this run',
  danger: 'the evidence leaks what it is about',
  judge: leftNowhere,
});
