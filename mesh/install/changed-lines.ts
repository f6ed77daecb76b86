/** What a person wants to see of a change of a text: the lines that go, with - before each, and those that come, with +. */
export function changedLines(before: string, after: string): readonly string[] {
  const [from, to] = [linesOf(before), linesOf(after)];
  const most = Math.min(from.length, to.length);
  let head = 0;
  while (head < most && from[head] === to[head]) head++;
  let tail = 0;
  while (tail < most - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++;
  const between = (lines: readonly string[]) => lines.slice(head, lines.length - tail);
  return [...between(from).map((line) => `- ${line}`), ...between(to).map((line) => `+ ${line}`)];
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
