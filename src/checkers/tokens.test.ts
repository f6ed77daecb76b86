import t from 'tap';
import type { Clause } from '../clause.ts';
import { tokenAttests, tokenExpires, tokenRace, tokenSingleUse } from '../clauses/mesh/tokens.ts';
import type { TokenUse } from '../history.ts';
import { historyOf, judgedBy, skip, told, token, type Step } from './history-builder.ts';

const attests = (change: Partial<TokenUse> = {}) => token('twice', 'first use', change);
const refused = { outcome: 'refused', code: 'INVALID_ARGUMENT' } as const;
const expired = (change: Partial<TokenUse> = {}) =>
  token('late', 'after its TTL', {
    ...refused,
    message: 'join token expired',
    secondsToExpiry: -1.1,
    ...change,
  });
const once = (change: Partial<TokenUse> = {}) => token('twice', 'a use', change);
const second = (change: Partial<TokenUse> = {}) => once({ ...refused, message: 'already been used', ...change });
const racer = (change: Partial<TokenUse> = {}) => token('race', 'an agent', { ...refused, ...change });
const seven = Array.from({ length: 7 }, () => racer());

const rows: readonly [name: string, clause: Clause, wanted: RegExp, ...steps: Step[]][] = [
  ['a token attests within its TTL', tokenAttests, /^pass: 1 token attested/, attests()],
  [
    'a good token is refused',
    tokenAttests,
    /^fail: a token was refused 100\.0 s before its expiry: no/,
    attests({ ...refused, message: 'no' }),
  ],
  [
    'a refused one after its expiry was tried too late',
    tokenAttests,
    /^inconclusive: .*after its expiry/,
    attests({ ...refused, secondsToExpiry: 0 }),
  ],
  [
    'an attested one after its expiry shows nothing of its TTL',
    tokenAttests,
    /^inconclusive/,
    attests({ secondsToExpiry: -2 }),
  ],
  ['nobody knows what became of it', tokenAttests, /^inconclusive: could not tell/, attests({ outcome: 'unknown' })],
  [
    'a refusal beside an unknown one',
    tokenAttests,
    /^fail/,
    attests({ outcome: 'unknown' }),
    attests({ ...refused, token: 'another' }),
  ],

  [
    'the second use of the same token says nothing of its TTL',
    tokenAttests,
    /^pass: 1 token attested/,
    attests(),
    attests({ ...refused }),
  ],
  [
    'each of two tokens has a first use',
    tokenAttests,
    /^pass: 2 tokens attested/,
    attests(),
    attests({ token: 'another' }),
  ],

  [
    'an expired token is refused for its expiry',
    tokenExpires,
    /^pass: refused 1\.1 s after expiry/,
    attests(),
    expired(),
  ],
  [
    'an expired token attests',
    tokenExpires,
    /^fail: a token attested 1\.1 s after its expiry/,
    attests(),
    expired({ outcome: 'attested' }),
  ],
  [
    'one that attests in the second of its expiry',
    tokenExpires,
    /^inconclusive: .*very second/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: -0.9 }),
  ],
  [
    'one that attests at its last whole second',
    tokenExpires,
    /^fail/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: -1 }),
  ],
  [
    'one that was used too early and attests',
    tokenExpires,
    /^inconclusive/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: 3 }),
  ],
  [
    'one that was used too early and is refused',
    tokenExpires,
    /^inconclusive/,
    attests(),
    expired({ secondsToExpiry: 3 }),
  ],
  ['no control', tokenExpires, /^inconclusive: its control did not hold: no join token/, expired()],
  [
    'a control that was refused',
    tokenExpires,
    /^inconclusive: its control did not hold/,
    attests({ ...refused }),
    expired(),
  ],
  [
    'a control that was skipped',
    tokenExpires,
    /^inconclusive: its control did not hold/,
    skip(tokenAttests.id, 'not here'),
    expired(),
  ],
  [
    'forgotten rather than expired',
    tokenExpires,
    /^inconclusive: .*not for its expiry: INVALID_ARGUMENT: does not exist/,
    attests(),
    expired({ message: 'does not exist' }),
  ],
  ['another code', tokenExpires, /^inconclusive: .*not for its expiry/, attests(), expired({ code: 'UNAVAILABLE' })],
  ['no answer', tokenExpires, /^inconclusive: could not tell/, attests(), expired({ outcome: 'unknown' })],

  ['a second use is refused', tokenSingleUse, /^pass: the second use was refused: already been used/, once(), second()],
  [
    'a second use attests',
    tokenSingleUse,
    /^fail: a token attested a second time/,
    once(),
    second({ outcome: 'attested' }),
  ],
  [
    'the first was refused, the second attests: still only once',
    tokenSingleUse,
    /^inconclusive/,
    once({ ...refused }),
    second({ outcome: 'attested' }),
  ],
  [
    'the first is unknown, the second attests',
    tokenSingleUse,
    /^inconclusive: could not tell/,
    once({ outcome: 'unknown' }),
    second({ outcome: 'attested' }),
  ],
  ['both were refused', tokenSingleUse, /^inconclusive: the first use/, once({ ...refused }), second()],
  ['only one use', tokenSingleUse, /^inconclusive/, once()],
  ['a second token instead of a second use', tokenSingleUse, /^inconclusive/, once(), second({ token: 'another' })],
  ['refused before its first use', tokenSingleUse, /^inconclusive/, second(), once()],
  [
    'refused after the expiry',
    tokenSingleUse,
    /^inconclusive: the second use came after the expiry/,
    once(),
    second({ secondsToExpiry: -1 }),
  ],
  [
    'refused because the server is busy',
    tokenSingleUse,
    /^inconclusive: .*not for what the token is/,
    once(),
    second({ code: 'RESOURCE_EXHAUSTED' }),
  ],

  ['one of eight wins', tokenRace, /^pass: 1 of 8 agents/, racer({ outcome: 'attested' }), ...seven],
  [
    'two of eight win',
    tokenRace,
    /^fail: 2 of 9 agents attested with one token/,
    racer({ outcome: 'attested' }),
    racer({ outcome: 'attested' }),
    ...seven,
  ],
  ['nobody wins', tokenRace, /^fail: none of 8/, racer(), ...seven],
  [
    'nobody wins, for the server was busy',
    tokenRace,
    /^inconclusive: 8 agents were refused, but not for what the token is: UNAVAILABLE/,
    ...Array.from({ length: 8 }, () => racer({ code: 'UNAVAILABLE' })),
  ],
  [
    'one of eight wins, and others meet a limit',
    tokenRace,
    /^inconclusive: 1 agents were refused, but not for what/,
    racer({ outcome: 'attested' }),
    ...seven,
    racer({ code: 'RESOURCE_EXHAUSTED' }),
  ],
  [
    'one of eight wins, and one loses by a moment',
    tokenRace,
    /^pass: 1 of 9 agents/,
    racer({ outcome: 'attested' }),
    ...seven,
    racer({ code: 'INTERNAL', message: 'failed to delete join token: datastore-sql: record not found' }),
  ],
  [
    'one wins, and the last comes when all are through',
    tokenRace,
    /^inconclusive: 1 of 8 agents came when another was through already/,
    racer({ outcome: 'attested' }),
    ...seven.slice(1),
    racer({ beganMs: 50_000 }),
  ],
  [
    'nobody wins after the expiry',
    tokenRace,
    /^inconclusive: .*after its expiry/,
    racer({ secondsToExpiry: -1 }),
    ...seven,
  ],
  ['too few race', tokenRace, /^inconclusive: only 3 agents/, racer({ outcome: 'attested' }), racer(), racer()],
  [
    'one is unknown',
    tokenRace,
    /^inconclusive: could not tell/,
    racer({ outcome: 'attested' }),
    ...seven,
    racer({ outcome: 'unknown' }),
  ],
  [
    'each had a token of its own',
    tokenRace,
    /^inconclusive: .*different tokens/,
    racer({ outcome: 'attested', token: 'another' }),
    racer({ outcome: 'attested' }),
    ...seven,
  ],
];
for (const [name, clause, wanted, ...steps] of rows) {
  await t.test(`${clause.id}: ${name}`, async (t) => t.match(told(judgedBy(clause)(historyOf(...steps))), wanted));
}

for (const clause of [tokenAttests, tokenExpires, tokenSingleUse, tokenRace]) {
  const judge = judgedBy(clause);
  await t.test(`${clause.id}: nothing is inconclusive, skipped only with a reason`, async (t) => {
    t.match(told(judge(historyOf())), /^inconclusive: no join token was used/);
    t.equal(told(judge(historyOf(skip(clause.id, 'no admin socket')))), 'skipped: no admin socket');
    t.match(told(judge(historyOf(skip(clause.id, '')))), /^inconclusive/);
  });
}
