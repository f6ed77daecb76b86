import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { History, TokenUse } from '../history.ts';
import type { Judgement } from '../verdict.ts';
import { historyOf, skip, told, token, type Step } from './history-builder.ts';
import { attestsWithinTtl, expiredRefused, raceOneWinner, singleUse } from './tokens.ts';

const attests = (change: Partial<TokenUse> = {}) => token('mesh/tokens/attests-within-ttl', 'first use', change);
const refused = { outcome: 'refused', code: 'INVALID_ARGUMENT' } as const;
const expired = (change: Partial<TokenUse> = {}) =>
  token('mesh/tokens/expired-refused', 'after its TTL', {
    expect: 'refused',
    ...refused,
    message: 'join token expired',
    secondsToExpiry: -1.1,
    ...change,
  });
const once = (change: Partial<TokenUse> = {}) => token('mesh/tokens/single-use', 'a use', change);
const second = (change: Partial<TokenUse> = {}) =>
  once({ expect: 'refused', ...refused, message: 'already been used', ...change });
const racer = (change: Partial<TokenUse> = {}) =>
  token('mesh/tokens/race-one-winner', 'an agent', { expect: 'one-of-many', ...refused, ...change });
const seven = Array.from({ length: 7 }, () => racer());

const rows: readonly [name: string, judge: (history: History) => Judgement, wanted: RegExp, ...steps: Step[]][] = [
  ['a token attests within its TTL', attestsWithinTtl, /^pass: 1 token attested/, attests()],
  [
    'a good token is refused',
    attestsWithinTtl,
    /^fail: a token was refused 100\.0 s before its expiry: no/,
    attests({ ...refused, message: 'no' }),
  ],
  [
    'a refused one after its expiry was tried too late',
    attestsWithinTtl,
    /^inconclusive: .*after its expiry/,
    attests({ ...refused, secondsToExpiry: 0 }),
  ],
  [
    'an attested one after its expiry shows nothing of its TTL',
    attestsWithinTtl,
    /^inconclusive/,
    attests({ secondsToExpiry: -2 }),
  ],
  [
    'nobody knows what became of it',
    attestsWithinTtl,
    /^inconclusive: could not tell/,
    attests({ outcome: 'unknown' }),
  ],
  [
    'a refusal beside an unknown one',
    attestsWithinTtl,
    /^fail/,
    attests({ outcome: 'unknown' }),
    attests({ ...refused }),
  ],

  [
    'an expired token is refused for its expiry',
    expiredRefused,
    /^pass: refused 1\.1 s after expiry/,
    attests(),
    expired(),
  ],
  [
    'an expired token attests',
    expiredRefused,
    /^fail: a token attested 1\.1 s after its expiry/,
    attests(),
    expired({ outcome: 'attested' }),
  ],
  [
    'one that attests in the second of its expiry',
    expiredRefused,
    /^inconclusive: .*very second/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: -0.9 }),
  ],
  [
    'one that attests at its last whole second',
    expiredRefused,
    /^fail/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: -1 }),
  ],
  [
    'one that was used too early and attests',
    expiredRefused,
    /^inconclusive/,
    attests(),
    expired({ outcome: 'attested', secondsToExpiry: 3 }),
  ],
  [
    'one that was used too early and is refused',
    expiredRefused,
    /^inconclusive/,
    attests(),
    expired({ secondsToExpiry: 3 }),
  ],
  ['no control', expiredRefused, /^inconclusive: its control did not hold: no join token/, expired()],
  [
    'a control that was refused',
    expiredRefused,
    /^inconclusive: its control did not hold/,
    attests({ ...refused }),
    expired(),
  ],
  [
    'a control that was skipped',
    expiredRefused,
    /^inconclusive: its control did not hold/,
    skip('mesh/tokens/attests-within-ttl', 'not here'),
    expired(),
  ],
  [
    'forgotten rather than expired',
    expiredRefused,
    /^inconclusive: .*not for its expiry: INVALID_ARGUMENT: does not exist/,
    attests(),
    expired({ message: 'does not exist' }),
  ],
  ['another code', expiredRefused, /^inconclusive: .*not for its expiry/, attests(), expired({ code: 'UNAVAILABLE' })],
  ['no answer', expiredRefused, /^inconclusive: could not tell/, attests(), expired({ outcome: 'unknown' })],

  ['a second use is refused', singleUse, /^pass: the second use was refused: already been used/, once(), second()],
  ['a second use attests', singleUse, /^fail: a token attested a second time/, once(), second({ outcome: 'attested' })],
  [
    'the first was refused, the second attests: still only once',
    singleUse,
    /^inconclusive/,
    once({ ...refused }),
    second({ outcome: 'attested' }),
  ],
  [
    'the first is unknown, the second attests',
    singleUse,
    /^inconclusive: could not tell/,
    once({ outcome: 'unknown' }),
    second({ outcome: 'attested' }),
  ],
  ['both were refused', singleUse, /^inconclusive: the first use/, once({ ...refused }), second()],
  ['only one use', singleUse, /^inconclusive/, once()],
  ['a second token instead of a second use', singleUse, /^inconclusive/, once(), second({ token: 'another' })],
  ['refused before its first use', singleUse, /^inconclusive/, second(), once()],
  [
    'refused after the expiry',
    singleUse,
    /^inconclusive: the second use came after the expiry/,
    once(),
    second({ secondsToExpiry: -1 }),
  ],
  [
    'refused because the server is busy',
    singleUse,
    /^inconclusive: .*not for what the token is/,
    once(),
    second({ code: 'RESOURCE_EXHAUSTED' }),
  ],

  ['one of eight wins', raceOneWinner, /^pass: 1 of 8 agents/, racer({ outcome: 'attested' }), ...seven],
  [
    'two of eight win',
    raceOneWinner,
    /^fail: 2 of 9 agents attested with one token/,
    racer({ outcome: 'attested' }),
    racer({ outcome: 'attested' }),
    ...seven,
  ],
  ['nobody wins', raceOneWinner, /^fail: none of 8/, racer(), ...seven],
  [
    'nobody wins after the expiry',
    raceOneWinner,
    /^inconclusive: .*after its expiry/,
    racer({ secondsToExpiry: -1 }),
    ...seven,
  ],
  ['too few race', raceOneWinner, /^inconclusive: only 3 agents/, racer({ outcome: 'attested' }), racer(), racer()],
  [
    'one is unknown',
    raceOneWinner,
    /^inconclusive: could not tell/,
    racer({ outcome: 'attested' }),
    ...seven,
    racer({ outcome: 'unknown' }),
  ],
  [
    'each had a token of its own',
    raceOneWinner,
    /^inconclusive: .*different tokens/,
    racer({ outcome: 'attested', token: 'another' }),
    racer({ outcome: 'attested' }),
    ...seven,
  ],
];
for (const [name, judge, wanted, ...steps] of rows) {
  await test(`${judge.name}: ${name}`, () => assert.match(told(judge(historyOf(...steps))), wanted));
}

for (const [judge, clause] of [
  [attestsWithinTtl, 'attests-within-ttl'],
  [expiredRefused, 'expired-refused'],
  [singleUse, 'single-use'],
  [raceOneWinner, 'race-one-winner'],
] as const) {
  await test(`${judge.name}: nothing is inconclusive, skipped only with a reason`, () => {
    assert.match(told(judge(historyOf())), /^inconclusive: no join token was used/);
    assert.equal(told(judge(historyOf(skip(`tokens/${clause}`, 'no admin socket')))), 'skipped: no admin socket');
    assert.match(told(judge(historyOf(skip(`tokens/${clause}`, '')))), /^inconclusive/);
  });
}
