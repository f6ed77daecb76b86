import { createHash } from 'node:crypto';
import t from 'tap';
import { firstLink, linkAfter, partLink, readChain, withLink } from './chain.ts';

const lines = ['{"index":1,"kind":"run-started"}', '{"index":2,"says":"}\\",\\"chain\\":\\"00\\"}"}', '{"index":3}'];

function chained(...of: readonly string[]): string[] {
  let link = firstLink;
  return of.map((line) => withLink(line, (link = linkAfter(link, line))));
}
const textOf = (of: readonly string[]) => of.map((line) => `${line}\n`).join('');
const whole = chained(...lines);

await t.test('a line with its link is one JSON object, and is parted from it again', async (t) => {
  for (const [at, line] of whole.entries()) {
    t.strictSame(partLink(line).line, lines[at]);
    const { chain, ...rest } = JSON.parse(line) as { readonly chain: string };
    t.strictSame(rest, JSON.parse(lines[at]!));
    t.equal(partLink(line).link, chain);
  }
  t.strictSame(partLink(lines[1]!), { line: lines[1], link: undefined }, 'what a target says is no link');
});

await t.test('a link is the SHA-256 of the one before, a line break, and the line', async (t) => {
  const first = createHash('sha256')
    .update(`${'0'.repeat(64)}\n${lines[0]}`)
    .digest('hex');
  t.equal(linkAfter(firstLink, lines[0]!), first);
  t.equal(linkAfter(first, lines[1]!), createHash('sha256').update(`${first}\n${lines[1]}`).digest('hex'));
});

await t.test('the line that does not follow is told', async (t) => {
  t.strictSame(readChain(textOf(whole)), { brokenAt: undefined, lines: 3, last: partLink(whole[2]!).link });
  const brokenAt = (...of: readonly string[]) => readChain(textOf(of)).brokenAt;
  t.equal(brokenAt(whole[0]!, whole[1]!.replace('2', '7'), whole[2]!), 2, 'changed');
  t.equal(brokenAt(whole[0]!, whole[2]!), 2, 'taken out');
  t.equal(brokenAt(whole[1]!, whole[0]!, whole[2]!), 1, 'swapped');
  t.equal(brokenAt(...whole, lines[2]!), 4, 'added without a link');
  t.equal(brokenAt(...whole, whole[2]!), 4, 'added with one');
  t.equal(brokenAt(lines[0]!, ...whole.slice(1)), 1, 'its link taken away');
});

await t.test('a last line that was cut short is none, and a history of an earlier version has no chain', async (t) => {
  t.equal(readChain(`${textOf(whole)}{"index":4,"ki`).brokenAt, undefined);
  t.strictSame(readChain(textOf(lines)), { brokenAt: undefined, lines: 3, last: undefined });
});
