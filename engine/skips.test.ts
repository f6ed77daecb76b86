import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openRecorder } from '../fixtures/run/recorder.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import { gatePlan } from '../plans/gate.ts';
import { onOneMesh } from '../plans/plan.ts';
import { exactId, foreignDomainUnknown, prefix } from '../src/clauses/mesh/pinning.ts';
import { bundleTakenUp, requestsSurvive } from '../src/clauses/mesh/rotation.ts';
import { tokenAuditLog, tokenPolicyTtl } from '../src/clauses/mesh/tokens.ts';
import { entriesOf } from '../src/history.ts';
import { bundle } from '../suites/mesh/bundle.ts';
import { decidesAny, skipWhatIsLacking } from './skips.ts';

const work = onOneMesh(gatePlan())!;
const node = (name: string, change: Partial<TargetNode> = {}): TargetNode => ({
  ...{ name, spiffeId: `spiffe://td/${name}`, address: 'a:1', peerAddress: 'a:1', judged: true },
  ...change,
});

/** What is skipped, and what is left, of these clauses on a target that lacks something. */
function skipsOf(change: Pick<Target, 'lacks'> & Partial<Pick<Target, 'nodes'>>, ...ids: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'assay-skips-'));
  const recorder = openRecorder(directory);
  try {
    const target = { nodes: [node('a')], ...change } as Target;
    const left = [...skipWhatIsLacking(recorder, target, work, new Set(ids))];
    const skips = entriesOf(recorder.history, 'skip').map(({ clause, node: of, role, reason }) =>
      [clause, of, role, reason].filter((part) => part !== undefined).join(' '),
    );
    return { left, skips };
  } finally {
    recorder.close();
    rmSync(directory, { recursive: true });
  }
}

await t.test('a target that lacks nothing has nothing skipped', async (t) => {
  const ids = [exactId.id, requestsSurvive.id, tokenAuditLog.id];
  const { left, skips } = skipsOf({ lacks: {} }, ...ids);
  t.strictSame(new Set(left), new Set(ids));
  t.strictSame(skips, []);
});

await t.test('what a clause needs and the target lacks is skipped, in the words of the target', async (t) => {
  t.strictSame(skipsOf({ lacks: { 'other-names': 'no authority' } }, prefix.id, exactId.id), {
    left: [exactId.id],
    skips: [`${prefix.id} no authority`],
  });
  const ways = { 'authority-rotation': 'no admin socket', watch: 'no time', 'forced-rotation': 'no right' } as const;
  t.strictSame(skipsOf({ lacks: ways }, requestsSurvive.id), {
    left: [],
    skips: [`${requestsSurvive.id} no time; or: no right`],
  });
});

await t.test('what the whole suite needs comes before what one of its clauses needs', async (t) => {
  const lacks = { 'join-tokens': 'no tokens', 'token-policy': 'no policy' };
  t.strictSame(skipsOf({ lacks }, tokenPolicyTtl.id).skips, [`${tokenPolicyTtl.id} no tokens`]);
});

await t.test('what can be tried in part is tried, and says that it cannot hold', async (t) => {
  t.strictSame(skipsOf({ lacks: { forging: 'no authority' } }, foreignDomainUnknown.id), {
    left: [foreignDomainUnknown.id],
    skips: [`${foreignDomainUnknown.id} no authority`],
  });
});

await t.test(
  'a node that shows nothing in a role is skipped in that role alone, and only when it is under test',
  async (t) => {
    const silent = { client: 'it cannot be asked to call' };
    const nodes = [node('a', { lacks: silent }), node('b'), node('c', { lacks: silent, judged: false })];
    t.strictSame(skipsOf({ lacks: {}, nodes }, exactId.id, requestsSurvive.id), {
      left: [exactId.id, requestsSurvive.id],
      skips: [`${exactId.id} a client it cannot be asked to call`],
    });
  },
);

await t.test('clauses that were not chosen are left alone', async (t) => {
  t.strictSame(skipsOf({ lacks: { forging: 'no authority' } }, exactId.id).skips, []);
});

await t.test('what several things decide is skipped where none of them can, and left to those that can', (t) => {
  const lacks = { 'authority-rotation': 'no rotation', 'late-authority': 'no authority' };
  t.strictSame(skipsOf({ lacks }, bundleTakenUp.id).left, []);
  t.match(skipsOf({ lacks }, bundleTakenUp.id).skips, [/no (rotation|authority)/]);
  const { 'late-authority': _, ...rotation } = lacks;
  const { left, skips } = skipsOf({ lacks: rotation }, bundleTakenUp.id);
  t.strictSame([left, skips], [[bundleTakenUp.id], []]);
  const chosen = new Set(left);
  t.ok(decidesAny(bundle, { lacks: rotation }, chosen));
  t.notOk(
    decidesAny(
      work.scenarios.find(({ id }) => id === 'rotation')!,
      { lacks: rotation },
      chosen,
    ),
    'it lacks what that takes',
  );
  t.end();
});
