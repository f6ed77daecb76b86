import t from 'tap';
import { clauses } from '../clauses/catalogue.ts';
import { controlsOf, frameworks, withoutControl } from './catalogue.ts';
import { anyOf } from './framework.ts';

const ids = clauses.map(({ id }) => id);
const controls = frameworks.flatMap((framework) => framework.controls.map((control) => ({ framework, control })));

await t.test('every pattern names a clause that exists, and no control has a clause twice', async (t) => {
  for (const { framework, control } of controls) {
    const label = `${framework.id} ${control.number}`;
    t.ok(control.lines.length > 0, `${label} has evidence`);
    for (const { clauses: patterns } of control.lines)
      for (const pattern of patterns)
        t.ok(
          ids.some((id) => anyOf([pattern])(id)),
          `${label}: ${pattern}`,
        );
    for (const id of ids) {
      const patterns = control.lines.flatMap(({ clauses: some }) => some);
      t.ok(patterns.filter((pattern) => anyOf([pattern])(id)).length <= 1, `${label}: ${id} stands there once`);
    }
  }
});

await t.test(
  'every clause gives evidence of a control, or stands among those that do not, with the reason',
  async (t) => {
    for (const id of ids) {
      const excused = withoutControl.filter(({ clauses: patterns }) => anyOf(patterns)(id)).length;
      t.equal(excused, controlsOf(id).length === 0 ? 1 : 0, id);
    }
    for (const { why, clauses: patterns } of withoutControl) {
      t.match(why, /^[A-Z].*\.$/);
      for (const pattern of patterns)
        t.ok(
          ids.some((id) => anyOf([pattern])(id)),
          pattern,
        );
    }
  },
);

await t.test(
  'ids are unique and tokens of OSCAL, and a framework says where it is from and where it applies',
  async (t) => {
    t.equal(new Set(frameworks.map(({ id }) => id)).size, frameworks.length);
    for (const { id, title, version, source, scope, controls: its } of frameworks) {
      t.match(source, /^https:\/\//, id);
      t.ok(title !== '' && version !== '', id);
      t.match(scope, /^[A-Z].*\.$/, id);
      t.equal(new Set(its.map((one) => one.id)).size, its.length, id);
      t.equal(new Set(its.map(({ number }) => number)).size, its.length, id);
    }
    for (const { control } of controls) {
      t.match(control.id, /^[a-z][a-z0-9.-]*$/);
      t.ok(control.title !== '');
    }
  },
);

await t.test('no reason claims that a control is met: each is a sentence on a part of it', async (t) => {
  for (const { control } of controls)
    for (const { evidence } of control.lines) {
      t.match(evidence, /^[A-Z].*\.$/, control.number);
      t.notMatch(evidence, /satisf|complian|complies|fulfil/i, control.number);
    }
});

// By NIST's catalogue: AC-3 is ac-3 there, and the enhancement SC-8(1) is sc-8.1.
await t.test('the ids of SP 800-53 are those of its OSCAL catalogue', async (t) => {
  const its = frameworks.find(({ id }) => id === 'sp-800-53')!.controls;
  for (const { id, number } of its) t.equal(id, number.toLowerCase().replace(/\((\d+)\)/, '.$1'));
});
