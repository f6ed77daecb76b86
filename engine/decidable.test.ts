import t from 'tap';
import type { Reach } from '../fixtures/target/attach/reach.ts';
import type { TargetNode } from '../fixtures/target/target.ts';
import { chooseClauses } from '../plans/choose.ts';
import { gatePlan } from '../plans/gate.ts';
import { onOneMesh } from '../plans/plan.ts';
import { decidable } from './decidable.ts';

const work = onOneMesh(gatePlan())!;
const node = (lacks: TargetNode['lacks'] = {}): TargetNode => ({
  ...{ name: 'a', spiffeId: 'spiffe://a.mesh/a', address: 'a:1', peerAddress: 'a:1', judged: true },
  lacks,
});
const told = (reach: Partial<Reach>) => decidable(work, { lacks: {}, nodes: [node()], ...reach });
const open = (reach: Partial<Reach>) => told(reach).filter(({ because }) => because !== undefined);

await t.test('where nothing is lacking, each clause of the plan can be decided, and is told once', (t) => {
  t.strictSame(open({}), []);
  t.strictSame(
    told({})
      .map(({ clause }) => clause.id)
      .toSorted(),
    [...chooseClauses(undefined)].toSorted(),
  );
  t.end();
});

await t.test('what the target lacks is why', (t) => {
  const why = open({ lacks: { 'join-tokens': 'no tokens here' } });
  t.ok(why.length > 3);
  t.ok(why.every(({ clause, because }) => clause.id.startsWith('mesh/tokens/') && because === 'no tokens here'));
  t.end();
});

await t.test('a role that no node shows anything in is why, and one node that does is enough', (t) => {
  const mute = { client: 'it calls nobody' };
  const asClient = open({ nodes: [node(mute)] });
  t.ok(asClient.length > 1);
  t.ok(asClient.every(({ clause, because }) => clause.roles.join() === 'client' && because === 'it calls nobody'));
  t.strictSame(open({ nodes: [node(mute), node()] }), []);
  t.end();
});
