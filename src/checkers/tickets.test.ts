import t from 'tap';
import { ticketNotPastAuthority } from '../clauses/mesh/rotation.ts';
import { ticketNotPastSvid } from '../clauses/mesh/tls.ts';
import type { Exchange } from '../history.ts';
import { exchange, historyOf, judgedBy, node, request, skip, told } from './history-builder.ts';

const { id } = ticketNotPastSvid;
const pastSvid = judgedBy(ticketNotPastSvid);
const pastAuthority = judgedBy(ticketNotPastAuthority);
const tls = (resumed: boolean) => ({ tls: { version: 'TLSv1.3', cipher: 'c', resumed } });
const works = tls(true);
const isNot = tls(false);

interface Trial {
  readonly first?: Partial<Exchange>;
  /** Undefined: no session was given. */
  readonly alive: Partial<Exchange> | undefined;
  readonly late?: Partial<Exchange>;
  readonly living?: Partial<Exchange>;
  readonly last?: Partial<Exchange>;
}

function trial({ first, alive, late, living, last }: Trial, of: string = id) {
  return historyOf(
    node('a'),
    exchange(of, 'near its end', 'accepted', first),
    ...(alive === undefined ? [] : [exchange(of, 'its session', 'either', alive)]),
    exchange(of, 'its session, after its end', 'refused', late),
    ...(living === undefined ? [] : [exchange(of, 'a living session', 'either', living)]),
    exchange(of, 'a living identity', 'accepted', last),
  );
}

await t.test('a late session is refused while a living one is resumed: passes', async (t) => {
  t.equal(
    told(pastSvid(trial({ alive: works, living: works }))),
    'pass: a: refused, while a session of a living identity was resumed',
  );
});

await t.test('a late session that is resumed fails', async (t) => {
  for (const living of [works, isNot, undefined])
    t.match(
      told(pastSvid(trial({ alive: works, late: { outcome: 'accepted', ...works }, ...(living && { living }) }))),
      /^fail: a: its session, after its end: accepted, wanted refused/,
    );
});

await t.test('a late session that is resumed and then closed is refused', async (t) => {
  t.match(told(pastSvid(trial({ alive: works, late: works, living: works }))), /^pass/);
});

await t.test(
  'where sessions were resumed before, a refusal without a living one that is resumed shows nothing',
  async (t) => {
    for (const living of [isNot, { outcome: 'refused' } as const, undefined])
      t.match(
        told(pastSvid(trial({ alive: works, ...(living && { living }) }))),
        /^inconclusive: a: a session of a living identity, opened at the same moment, was not resumed either/,
      );
    const others = exchange(id, 'a living session', 'either', { node: 'b', ...works });
    t.match(
      told(pastSvid([...trial({ alive: works }), ...historyOf(others)])),
      /^inconclusive/,
      "another's says nothing",
    );
  },
);

await t.test('who resumes nothing is judged by the full handshake, and the reason says so', async (t) => {
  for (const [alive, says] of [
    [undefined, 'it gives no session tickets'],
    [isNot, 'it resumes no session'],
    [{ outcome: 'refused' }, 'it refuses sessions at any time'],
  ] as const)
    t.equal(told(pastSvid(trial({ alive }))), `pass: a: ${says}; refused by a full handshake`);
});

await t.test('a control that failed breaks nothing: nothing was shown', async (t) => {
  for (const broken of [{ first: { outcome: 'refused' } }, { last: { outcome: 'refused' } }] as const)
    t.match(
      told(pastSvid(trial({ alive: works, living: works, ...broken }))),
      /^inconclusive: a: the control (before|after) the refusal was not accepted/,
    );
});

await t.test('an end that nobody knows, and an acceptance without resumption, leave it open', async (t) => {
  t.match(told(pastSvid(trial({ alive: { outcome: 'unknown' }, living: works }))), /^inconclusive: a: could not tell/);
  t.match(
    told(pastSvid(trial({ alive: works, late: { outcome: 'unknown' }, living: works }))),
    /^inconclusive: a: could not tell/,
  );
  t.match(
    told(pastSvid(trial({ alive: undefined, late: { outcome: 'accepted', ...isNot } }))),
    /^inconclusive: .* by a full handshake/,
  );
});

await t.test('nothing is inconclusive, and skipped only with a reason', async (t) => {
  t.match(told(pastSvid(historyOf(node('a')))), /^inconclusive/);
  t.equal(told(pastSvid(historyOf(node('a'), skip(id, 'no authority of ours')))), 'skipped: no authority of ours');
  t.match(
    told(pastSvid([...trial({ alive: works, living: works }), ...historyOf(node('b'))])),
    /^inconclusive: b was not looked at as server/,
  );
});

await t.test('past an authority no living session is asked for, as rotations go on meanwhile', async (t) => {
  const of = ticketNotPastAuthority.id;
  t.match(told(pastAuthority(trial({ alive: works }, of))), /^pass: a: it resumes sessions, and refused this one/);
  t.match(
    told(pastAuthority(trial({ alive: works, late: { outcome: 'accepted', ...works } }, of))),
    /^fail: a: its session, after its end: accepted/,
  );
  t.match(told(pastAuthority(trial({ alive: { outcome: 'refused' } }, of))), /^pass: a: it refuses sessions/);
});

await t.test('who resumes sessions, and not the one that was to be offered again, was shown nothing', async (t) => {
  const resumedOfLoad = request('rotation', 'probe', 'a', 1_000, { resumed: true });
  const of = ticketNotPastAuthority.id;
  for (const [judge, clause] of [
    [pastSvid, id],
    [pastAuthority, of],
  ] as const) {
    const offered = trial({ alive: isNot }, clause);
    t.match(told(judge(offered)), /^pass: a: it resumes no session/);
    t.match(
      told(judge([...offered, ...historyOf(resumedOfLoad).slice(-1)])),
      /^inconclusive: a: it resumes sessions, and/,
    );
  }
});
