import { madeToLiveBriefly, leftNowhere, usesAudited } from '../../checkers/token-policy.ts';
import { attestsWithinTtl, expiredRefused, ownAgent, singleUse, staysUsed } from '../../checkers/tokens.ts';
import { raceOneWinner } from '../../checkers/token-race.ts';
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
  title: 'Within its TTL a join token attests an agent, and gives it a right SVID',
  danger: 'nodes cannot join, or the refusals below mean nothing',
  limits: 'tokens are used as soon as they are made; the last seconds of a TTL are not tried',
  judge: attestsWithinTtl,
});

export const tokenExpires = clause({
  ...must,
  id: 'mesh/tokens/expired-refused',
  catalogue: 'MESH-TOK-02',
  title: 'After its TTL a join token is refused, and for its expiry',
  danger: 'a token found in an old ticket or shell history still lets a stranger in',
  limits: 'tried from a second past the expiry; what comes of the second of the expiry itself is told, not judged',
  judge: expiredRefused,
});

export const tokenSingleUse = clause({
  ...must,
  id: 'mesh/tokens/single-use',
  catalogue: 'MESH-TOK-01',
  title: 'A second use of a join token is refused',
  danger: 'whoever overheard the token can join as well',
  limits: 'one token, shown three times, by agents on this machine',
  judge: singleUse,
});

export const tokenRace = clause({
  ...must,
  id: 'mesh/tokens/race-one-winner',
  catalogue: 'MESH-TOK-01',
  title: 'Of eight agents that race for one join token exactly one wins, in each of several races',
  danger: 'the token is looked up and deleted in two steps, and two agents fit between them',
  limits: 'five races, of which three have to count: a gap that few races hit passes',
  judge: raceOneWinner,
});

export const tokenStaysUsed = clause({
  ...must,
  id: 'mesh/tokens/stays-used',
  catalogue: 'MESH-TOK-01',
  title: 'A used join token stays used when its agent is banned or deleted',
  danger: 'the token of an agent that was thrown out lets it in again',
  limits: 'one agent is banned and one deleted; one whose SVID has expired is not tried',
  judge: staysUsed,
});

export const tokenOwnAgent = clause({
  ...must,
  id: 'mesh/tokens/own-agent',
  catalogue: 'MESH-AGT-03',
  title: 'A join token attests the agent that is called after it, whatever name the request asks for',
  danger: 'who holds any token can be any agent, and is handed what is registered below it',
  limits: 'two names are asked for: of another agent, and of the server',
  judge: ownAgent,
});

export const tokenPolicyTtl = clause({
  ...must,
  id: 'mesh/tokens/policy-ttl',
  catalogue: 'MESH-TOK-02',
  title: 'Join tokens are made to live five minutes at most',
  danger: 'the default of ten minutes, or more, is deployed, or the server makes of five minutes what it likes',
  limits: 'seen are the tokens by which the agents of this run joined, and one that is made without a time',
  judge: madeToLiveBriefly,
});

export const tokenAuditLog = clause({
  ...must,
  id: 'mesh/tokens/audit-log',
  catalogue: 'MESH-TOK-03',
  title: "Every use of a join token, good or not, has a record of its own in the server's audit log",
  danger: "an intruder's attempts leave no trace",
  limits: 'where no record names an address of ours, reason and time tie it to its use, within a second',
  judge: usesAudited,
});

export const tokenNotInOurLogs = clause({
  ...must,
  id: 'mesh/tokens/not-in-our-logs',
  catalogue: 'MESH-TOK-04',
  level: 'SHOULD',
  subject: 'operator',
  title: 'No join token and no private key stands in the history or in a log of this run, in whatever encoding',
  danger: 'the evidence leaks what it is about',
  limits: 'as they are, in base64, in hexadecimal, escaped or broken over lines; not compressed or encrypted',
  judge: leftNowhere,
});
