import t from 'tap';
import { watchAbsence } from './absence.ts';

/** Calls a hundred milliseconds apart: c closed, i the right one is let in, s a stranger is answered, u nobody knows. */
function seen(calls: string, { anewAt = Infinity, tookMs = 20 } = {}) {
  let atMs = 0;
  const absence = watchAbsence(() => atMs);
  for (const call of calls) {
    if (atMs === anewAt) absence.anew();
    const port = call === 'c' ? 'closed' : call === 'u' ? 'unknown' : 'open';
    absence.note({
      ...{ startMs: atMs, endMs: atMs + tookMs, port, how: call === 'c' ? 'ECONNREFUSED' : 'alert' },
      ...(call === 'i' && { letIn: 'answered' }),
    });
    atMs += 100;
  }
  return [absence.away() !== undefined, absence.back() !== undefined, absence.several() !== undefined];
}

await t.test('an absence is whole, and what came before it is no return', async (t) => {
  t.strictSame(seen('isisis'), [false, true, false], 'never away');
  t.strictSame(seen('isisisccc'), [true, false, false], 'who was let in before it went is not back');
  t.strictSame(seen('isisiscccssssssssssssssss'), [true, false, false], 'strangers do not tell that it is back');
  t.strictSame(seen('isiscccsisisisis'), [true, false, false], 'not yet for long');
  t.strictSame(seen('isiscccsisisisisisis'), [true, true, false]);
  t.strictSame(seen('isiscc'), [false, false, false], 'a moment is no absence');
  t.strictSame(seen('isiscuuuci'), [false, true, false], 'nor is a reset, or a close');
});

await t.test('several behind one address are neither away nor back', async (t) => {
  t.strictSame(seen('isiscsccciiiiiiiiiiiiiiii'), [false, false, true]);
  t.strictSame(seen('isiscccisc'), [false, false, true], 'also where one is missed when it seemed to be back');
  t.strictSame(seen('isicccii', { tookMs: 150 }), [true, false, false], 'what overlaps tells no order');
});

await t.test('where it was never away, it has to be seen there anew', async (t) => {
  t.strictSame(seen('isisss', { anewAt: 300 }), [false, false, false]);
  t.strictSame(seen('isissi', { anewAt: 300 }), [false, true, false]);
  t.strictSame(seen('iscccsisisisisisisi', { anewAt: 800 }), [true, true, false], 'a return stays one');
});
