import { facts } from '../checkers/facts.ts';
import { attestsWithinTtl, expiredRefused, raceOneWinner, singleUse } from '../checkers/tokens.ts';
import type { Clause } from '../clause.ts';

const base = {
  promise: 'tokens',
  level: 'MUST',
  subject: 'issuer',
  spec: 'Mesh deployment, Security best practices 2 (join tokens)',
} as const;

/** Join tokens: one-time, short-lived, audited. */
export const tokenClauses: readonly Clause[] = [
  {
    ...base,
    id: 'tokens/attests-within-ttl',
    catalogue: 'MESH-AGT-03',
    title: 'Within its TTL a join token attests an agent',
    danger: 'nodes cannot join, or the refusals below mean nothing',
    judge: attestsWithinTtl,
  },
  {
    ...base,
    id: 'tokens/expired-refused',
    catalogue: 'MESH-TOK-02',
    title: 'After its TTL a join token is refused, and for its expiry',
    danger: 'a token found in an old ticket or shell history still lets a stranger in',
    judge: expiredRefused,
  },
  {
    ...base,
    id: 'tokens/single-use',
    catalogue: 'MESH-TOK-01',
    title: 'A second use of a join token is refused',
    danger: 'whoever overheard the token can join as well',
    judge: singleUse,
  },
  {
    ...base,
    id: 'tokens/race-one-winner',
    catalogue: 'MESH-TOK-01',
    title: 'Of eight agents that race for one join token exactly one wins',
    danger: 'the token is looked up and deleted in two steps, and two agents fit between them',
    judge: raceOneWinner,
  },
  {
    ...base,
    id: 'tokens/policy-ttl',
    catalogue: 'MESH-TOK-02',
    title: 'Join tokens are made to live five minutes at most',
    danger: 'the default of ten minutes, or more, is deployed',
    judge: facts('tokens/policy-ttl'),
  },
  {
    ...base,
    id: 'tokens/audit-log',
    catalogue: 'MESH-TOK-03',
    title: "Every use of a join token, good or not, is in the server's audit log",
    danger: "an intruder's attempts leave no trace",
    judge: facts('tokens/audit-log'),
  },
  {
    ...base,
    id: 'tokens/not-in-our-logs',
    catalogue: 'MESH-TOK-04',
    level: 'SHOULD',
    subject: 'operator',
    title: 'No join token stands in a history, report or log of this run',
    danger: 'the evidence leaks what it is about',
    judge: facts('tokens/not-in-our-logs'),
  },
];
