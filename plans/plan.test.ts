import t from 'tap';
import { clauses } from '../src/clauses/catalogue.ts';
import { chooseClauses, chooseForCertification } from './choose.ts';
import { gatePlan, planWith } from './gate.ts';
import { clausesOf, decidedBesides, decidedOfOthersAlone, looksAtOthersAlone, narrowed, onOneMesh } from './plan.ts';

const gate = gatePlan();
const all = gate.parts.flatMap(({ suites, scenarios }) => [...suites, ...scenarios]);

await t.test(
  'the gate decides every clause that it may choose, each in one place, whoever runs the mesh',
  async (t) => {
    // In meshes that others run alone, some are decided by what is done there.
    const decided = all
      .filter((one) => !looksAtOthersAlone(one))
      .flatMap(clausesOf)
      .map(({ id }) => id);
    const elsewhere = all.filter(looksAtOthersAlone).flatMap(clausesOf);
    t.ok(elsewhere.length > 0 && elsewhere.every(({ id }) => decided.includes(id)));
    t.equal(new Set(decided).size, decided.length);
    const ofOthers = decidedOfOthersAlone(gate).map(({ id }) => id);
    t.strictSame([...decided, ...ofOthers].toSorted(), [...chooseClauses(undefined)].toSorted());
    t.ok(
      ofOthers.every((id) => /^mesh\/(restart|pause)\//.test(id)),
      'what owners do by command',
    );
  },
);

await t.test('what takes longer than a gate may is for certifications, and in a gate that is told to', async (t) => {
  const more = chooseForCertification(undefined, 'certify');
  const whole = planWith(more);
  const besides = decidedBesides(whole, gate).map(({ id }) => id);
  t.strictSame([...chooseClauses(undefined), ...besides].toSorted(), clauses.map(({ id }) => id).toSorted());
  t.strictSame(decidedBesides(gate, whole), []);
  const scenariosOf = (plan: typeof gate) => plan.parts.flatMap(({ scenarios }) => scenarios.map(({ id }) => id));
  t.ok(more.length > 1 && more.every(({ id }) => scenariosOf(whole).includes(id) && !scenariosOf(gate).includes(id)));
  const [one] = more;
  const told = gatePlan(undefined, {}, one!.id);
  t.strictSame(
    scenariosOf(told).filter((id) => !scenariosOf(gate).includes(id)),
    [one!.id],
    'of several that decide the same clauses the one that is named',
  );
  t.strictSame(scenariosOf(narrowed(told, chooseClauses(one!.id))), [one!.id]);
});

await t.test('suites and scenarios have ids of their own, for the timeline and for --only', async (t) => {
  t.equal(new Set(all.map(({ id }) => id)).size, all.length);
});

await t.test('every SVID lives as long as a node may take to follow, and two sync intervals more', async (t) => {
  for (const uptakeMs of [undefined, 500, 2_000, 2_700, 10_000]) {
    const { parts } = gatePlan(undefined, uptakeMs === undefined ? {} : { uptakeMs });
    for (const { mesh } of parts) {
      t.equal(mesh.uptakeMs, uptakeMs ?? 2_000);
      t.ok(mesh.svidTtlSeconds * 1000 >= mesh.uptakeMs + 2 * mesh.syncIntervalMs, `${mesh.name}: ${uptakeMs} ms`);
    }
  }
});

await t.test('a plan is narrowed to what the chosen clauses need, and no mesh stands idle', async (t) => {
  const pinning = narrowed(gate, new Set(['mesh/pinning/prefix']));
  t.strictSame(
    pinning.parts.map(({ mesh, suites, scenarios }) => [mesh.name, suites.map(({ id }) => id), scenarios.length]),
    [['steady', ['pinning'], 0]],
  );
  t.strictSame(narrowed(gate, new Set()).parts, []);
  t.equal(narrowed(gate, new Set(clauses.map(({ id }) => id))).parts.length, gate.parts.length);
});

await t.test('a mesh that runs already carries all of a plan', async (t) => {
  const work = onOneMesh(gate);
  t.equal((work?.suites.length ?? 0) + (work?.scenarios.length ?? 0), all.length + gate.ofOthers!.length);
  const alone = onOneMesh(narrowed(gate, new Set(['mesh/restart/comes-back'])));
  t.strictSame(
    alone?.scenarios.map(({ id }) => id),
    ['commanded-restart'],
    'also what is decided there alone',
  );
  t.equal(onOneMesh({ id: 'none', parts: [] }), undefined);
});
