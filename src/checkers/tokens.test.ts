import t from 'tap';
import type { Clause } from '../clause.ts';
import {
  tokenAttests,
  tokenExpires,
  tokenOwnAgent,
  tokenRace,
  tokenSingleUse,
  tokenStaysUsed,
} from '../clauses/mesh/tokens.ts';
import type { Happening, TokenUse } from '../history.ts';
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
const once = (change: Partial<TokenUse> = {}) => token('twice', 'first use', change);
const second = (change: Partial<TokenUse> = {}) =>
  token('twice', 'second use', { ...refused, message: 'already been used', ...change });
const fresh = (trial: TokenUse['trial'], control: 'before' | 'after', change: Partial<TokenUse> = {}) =>
  token(trial, `a fresh token, ${control}`, { control, token: `a fresh token ${control} ${trial}`, ...change });
const before = fresh('late', 'before');
const after = fresh('late', 'after');
const afterwards = fresh('twice', 'after');
const racer = (change: Partial<TokenUse> = {}) => token('race', 'an agent', { ...refused, endedMs: 100, ...change });
const winner = (change: Partial<TokenUse> = {}) => racer({ ...won, ...change });
const won = { outcome: 'attested', code: undefined, message: undefined } as unknown as Partial<TokenUse>;
/** A race of eight for one token, of whom the first is as told. */
const race = (name: string, change: Partial<TokenUse> = {}, others: Partial<TokenUse> = {}): Happening[] => [
  winner({ token: name, ...change }),
  ...Array.from({ length: 7 }, () => racer({ token: name, ...others })),
];
const three = ['one', 'two', 'three'].map((name) => race(name));
const busy = { code: 'RESOURCE_EXHAUSTED', message: 'too many' } as const;

const gone = (way: string, change: Partial<TokenUse> = {}): Happening[] => [
  token('removed', `before its agent was ${way}`, { token: `token of ${way}` }),
  token('removed', `after its agent was ${way}`, {
    ...{ ...refused, message: 'already been used' },
    ...{ token: `token of ${way}`, ...change },
  }),
];
const named = (last: string): Happening =>
  token('renamed', 'as another', { svid: { spiffeId: `spiffe://td/spire/agent/join_token/${last}`, fault: null } });

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
    before,
    expired(),
    after,
  ],
  [
    'refused in the second of its expiry, too',
    tokenExpires,
    /^pass: refused 1\.1 s after expiry, and 0\.02 s after it: /,
    expired({ token: 'first', secondsToExpiry: -0.02, row: 'in the second of its expiry' }),
    before,
    expired(),
    after,
  ],
  [
    'good in the second of its expiry, as seconds are counted whole',
    tokenExpires,
    /^pass: refused 1\.1 s after expiry; in the second of the expiry itself one still attested: /,
    token('late', 'in the second of its expiry', { token: 'first', secondsToExpiry: -0.02 }),
    before,
    expired(),
    after,
  ],
  [
    'nothing fresh after it',
    tokenExpires,
    /^inconclusive: no fresh token was used after a token, after its TTL$/,
    before,
    expired(),
  ],
  [
    'a fresh one that was refused after it',
    tokenExpires,
    /^inconclusive: its control did not hold: a fresh token after late, a fresh token, after: INVALID_ARGUMENT$/,
    before,
    expired(),
    fresh('late', 'after', refused),
  ],
  [
    'a fresh one after it that is asked for again, the server having been busy',
    tokenExpires,
    /^pass/,
    before,
    expired(),
    fresh('late', 'after', { ...refused, ...busy }),
    fresh('late', 'after', { token: 'another' }),
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
    before,
    expired({ outcome: 'attested', secondsToExpiry: -0.9 }),
    after,
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
  ['no control', tokenExpires, /^inconclusive: no fresh token was used before a token/, expired()],
  [
    'a control that was refused',
    tokenExpires,
    /^inconclusive: its control did not hold/,
    fresh('late', 'before', refused),
    expired(),
    after,
  ],
  [
    'a control of another trial',
    tokenExpires,
    /^inconclusive: no fresh token was used before/,
    attests(),
    expired(),
    afterwards,
  ],
  [
    'forgotten rather than expired',
    tokenExpires,
    /^inconclusive: .*not for its expiry: INVALID_ARGUMENT: does not exist/,
    attests(),
    expired({ message: 'does not exist' }),
  ],
  [
    'another code',
    tokenExpires,
    /^inconclusive: could not tell .*: UNAVAILABLE/,
    before,
    expired({ code: 'UNAVAILABLE' }),
    after,
  ],
  [
    'another code, and asked again with another token',
    tokenExpires,
    /^pass/,
    before,
    expired({ code: 'UNAVAILABLE' }),
    expired({ token: 'another' }),
    after,
  ],
  ['no answer', tokenExpires, /^inconclusive: could not tell/, attests(), expired({ outcome: 'unknown' })],

  [
    'a second use is refused',
    tokenSingleUse,
    /^pass: the second use was refused: already been used/,
    once(),
    second(),
    afterwards,
  ],
  [
    'nothing fresh afterwards',
    tokenSingleUse,
    /^inconclusive: no fresh token was used after a token, second use/,
    once(),
    second(),
  ],
  [
    'of a second use nobody knows, and another token was tried',
    tokenSingleUse,
    /^pass/,
    once(),
    second({ outcome: 'unknown' }),
    once({ token: 'another' }),
    second({ token: 'another' }),
    afterwards,
  ],
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
    /^inconclusive: could not tell what became of a token, second use: RESOURCE_EXHAUSTED/,
    once(),
    second({ code: 'RESOURCE_EXHAUSTED' }),
  ],
  [
    'refused for something else',
    tokenSingleUse,
    /^inconclusive: .*not for what the token is: PERMISSION_DENIED/,
    once(),
    second({ code: 'PERMISSION_DENIED' }),
    afterwards,
  ],
  [
    'a fresh token whose SVID is wrong',
    tokenAttests,
    /^fail: a token attested an agent, but its SVID is wrong: unknown-authority/,
    attests({ svid: { spiffeId: 'spiffe://td/spire/agent/join_token/[a token]', fault: 'unknown-authority' } }),
  ],
  [
    'a good token that a busy server refuses',
    tokenAttests,
    /^inconclusive: could not tell what became of a token, first use: RESOURCE_EXHAUSTED/,
    attests({ ...refused, ...busy }),
  ],

  ['one of eight wins, three times', tokenRace, /^pass: 1 of 8 agents attested in each of 3 races of 3$/, three],
  [
    'two of eight win once',
    tokenRace,
    /^fail: in 1 of 4 races more than one agent attested with one token: 2 of 9 agents in the first of them$/,
    three,
    [winner({ token: 'four' }), race('four')],
  ],
  [
    'two win a race that is otherwise unclear',
    tokenRace,
    /^fail: in 1 of 1 races/,
    [winner(), winner(), racer({ outcome: 'unknown' })],
  ],
  ['nobody wins', tokenRace, /^fail: none of 8 agents attested/, three, race('four', refused)],
  ['two races only', tokenRace, /^inconclusive: only 2 of 2 races can be told, of at least 3$/, three.slice(1)],
  [
    'all lose, for the server was busy',
    tokenRace,
    /^inconclusive: only 2 of 3 races can be told, of at least 3: 8 agents were refused, but not for what the token is: UNAVAILABLE/,
    three.slice(1),
    race('four', { ...refused, code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' }),
  ],
  [
    'one wins, and another meets a limit',
    tokenRace,
    /^inconclusive: .*: 1 agents were refused, but not for what the token is: RESOURCE_EXHAUSTED: too many$/,
    [...race('one'), racer({ token: 'one', ...busy })],
  ],
  [
    'one accident in four races',
    tokenRace,
    /^pass: 1 of 8 agents attested in each of 3 races of 4; 1 more could not be told: 7 agents were refused/,
    three,
    race('four', {}, busy),
  ],
  [
    'who loses by a moment is told that the record is gone',
    tokenRace,
    /^pass: 1 of 8 agents/,
    [
      ...race('four'),
      racer({ token: 'four', code: 'INTERNAL', message: 'failed to delete join token: record not found' }),
    ],
    three,
  ],
  [
    'another internal error says nothing of the token',
    tokenRace,
    /^inconclusive: .*not for what the token is: INTERNAL/,
    [...race('four'), racer({ token: 'four', code: 'INTERNAL', message: 'disk full' })],
    three.slice(1),
  ],
  [
    'the last comes when the first is through',
    tokenRace,
    /^inconclusive: .*: 1 of 9 agents came when another was through already$/,
    three.slice(1),
    [...race('four'), racer({ token: 'four', beganMs: 100, endedMs: 120 })],
  ],
  [
    'they stand in line',
    tokenRace,
    /^inconclusive: .*: 7 of 8 agents stood in line: the last was answered 1\.0 s after the first/,
    three.slice(1),
    race('four', {}, { endedMs: 1_100 }),
  ],
  [
    'nobody wins after the expiry',
    tokenRace,
    /^inconclusive: .*after its expiry/,
    race('one', { ...refused, secondsToExpiry: -1 }),
  ],
  ['too few race', tokenRace, /^inconclusive: .*: only 3 agents raced$/, [winner(), racer(), racer()]],
  [
    'of one nobody knows',
    tokenRace,
    /^inconclusive: .*while another attested, nobody knows what became of an agent: no answer/,
    [...race('one'), racer({ token: 'one', outcome: 'unknown', code: undefined } as unknown as Partial<TokenUse>)],
  ],
  [
    'each had a token of its own',
    tokenRace,
    /^inconclusive: only 0 of 8 races can be told, of at least 3: only 1 agents raced/,
    Array.from({ length: 8 }, (_, at) => winner({ token: `token ${at}` })),
  ],

  [
    'used tokens are refused when their agents are gone',
    tokenStaysUsed,
    /^pass: 2 tokens were refused when their agents were gone: already been used$/,
    ['banned', 'deleted'].map((way) => gone(way)),
    fresh('removed', 'after'),
  ],
  [
    'one that attests again',
    tokenStaysUsed,
    /^fail: token of deleted attested a second time, after its agent was deleted$/,
    gone('banned'),
    gone('deleted', { outcome: 'attested' }),
    fresh('removed', 'after'),
  ],
  [
    'an agent that was not removed in the end',
    tokenStaysUsed,
    /^inconclusive: the first use of the token did not attest, or there was no second/,
    gone('banned'),
    [gone('deleted')[0]!],
    fresh('removed', 'after'),
  ],
  [
    'nothing fresh when they are gone',
    tokenStaysUsed,
    /^inconclusive: no fresh token was used after token of banned/,
    gone('banned'),
  ],

  [
    'the agent is called after its token',
    tokenOwnAgent,
    /^pass: of 2 requests that named another agent 1 were refused, and the others gave the agent of the token$/,
    [
      fresh('renamed', 'before'),
      named('[a token]'),
      token('renamed', 'as the server', refused),
      fresh('renamed', 'after'),
    ],
  ],
  [
    'it is called what it asked for',
    tokenOwnAgent,
    /^fail: a token, as another, made an agent spiffe:\/\/td\/spire\/agent\/join_token\/other$/,
    [fresh('renamed', 'before'), named('other'), fresh('renamed', 'after')],
  ],
  [
    'nobody looked at the SVID',
    tokenOwnAgent,
    /^inconclusive: the SVID that a token gave was not looked at$/,
    [fresh('renamed', 'before'), token('renamed', 'as another', {}), fresh('renamed', 'after')],
  ],
  ['without its controls', tokenOwnAgent, /^inconclusive: no fresh token was used before/, named('[a token]')],
];
for (const [name, clause, wanted, ...steps] of rows) {
  await t.test(`${clause.id}: ${name}`, async (t) => t.match(told(judgedBy(clause)(historyOf(...steps))), wanted));
}

for (const clause of [tokenAttests, tokenExpires, tokenSingleUse, tokenRace, tokenStaysUsed, tokenOwnAgent]) {
  const judge = judgedBy(clause);
  await t.test(`${clause.id}: nothing is inconclusive, skipped only with a reason`, async (t) => {
    t.match(told(judge(historyOf())), /^inconclusive: no join token was used/);
    t.equal(told(judge(historyOf(skip(clause.id, 'no admin socket')))), 'skipped: no admin socket');
    t.match(told(judge(historyOf(skip(clause.id, '')))), /^inconclusive/);
  });
}
