import t from 'tap';
import { clauses } from '../src/clauses/catalogue.ts';
import { impostors } from './catalogue.ts';

await t.test('each clause has an impostor', async (t) => {
  const broken = new Set(impostors.map(({ breaks }) => breaks));
  t.strictSame(
    clauses.map(({ id }) => id).filter((id) => !broken.has(id)),
    [],
  );
});

await t.test('a source is a number of CVE or CWE, a thread, or a document that has a name', async (t) => {
  const form =
    /^(CVE-\d{4}-\d{4,}|CWE-\d+|[\w.-]+\/[\w.-]+#\d+|[A-Z][\w.-]*[ ,][^#]+|go-spiffe, .+|MESH-[A-Z]+-\d\d|SPIFFE_\S+ §.+)$/;
  for (const { id, source } of impostors) if (source !== undefined) t.match(source, form, id);
});

await t.test('no two do the same wrong by their own account', async (t) => {
  const titles = impostors.map(({ title, breaks }) => `${breaks}: ${title}`);
  t.strictSame(
    titles.filter((title, at) => titles.indexOf(title) !== at),
    [],
  );
});

await t.test('an expected reason names no node of its own', async (t) => {
  for (const { id, reason } of impostors) t.notMatch(reason.source, /node-0\d/, id);
});
