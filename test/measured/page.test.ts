import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'puppeteer-core';
import t from 'tap';
import { outcomeOf } from '../../src/report/acceptance.ts';
import type { RunSize } from '../../reports/sized-run.ts';
import { sizedPage, startChromium, withoutChromium, type Look } from '../in-chromium.ts';

// The page as a browser shows it, at any size: accessible, searchable, whole without its script.

t.setTimeout(1_800_000);
const skip = withoutChromium;
const phonePx = 400;
const desk: Look = { scheme: 'light', width: 1_280 };
const phone: Look = { scheme: 'dark', width: phonePx };
// A large page takes axe seconds.
const looked = [
  [
    { clauses: 5, scenarios: 1, holds: true },
    [desk, phone, { ...desk, scheme: 'dark' }, { ...phone, scheme: 'light' }],
  ],
  [{ clauses: 700, scenarios: 40, holds: false }, [desk, phone]],
] as const satisfies readonly (readonly [RunSize, readonly Look[]])[];

await t.test(
  'axe finds nothing, in light, dark and on a phone, and nothing is wider than the window',
  { skip },
  async (t) => {
    await using browser = await startChromium();
    for (const [size, looks] of looked) {
      using sized = await sizedPage(size);
      for (const look of looks) {
        const page = await sized.open(browser, look);
        const seen = `${size.clauses} clauses, ${look.scheme}, ${look.width} px`;
        await page.evaluate(axe.source);
        const results = (await page.evaluate(`axe.run({ resultTypes: ['violations'] })`)) as AxeResults;
        t.strictSame(
          results.violations.map(({ id, nodes }) => [id, nodes.length, nodes[0]?.html, nodes[0]?.failureSummary]),
          [],
          seen,
        );
        t.ok(results.passes.length > 20, `${seen}: axe has looked`);
        const [content, window] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
          number,
          number,
        ];
        t.ok(content <= window, `${seen}: ${content} px wide`);
        await page.close();
      }
    }
  },
);

await t.test('clauses are found by words of what is said of them, and the hits are told', { skip }, async (t) => {
  await using browser = await startChromium();
  using sized = await sizedPage({ clauses: 700, scenarios: 1, holds: false });
  const page = await sized.open(browser, desk);
  t.equal((await idsShown(page)).length, 700);
  t.equal(await said(page), 'all 700 clauses');
  const { clauses } = sized.report;
  const broken = clauses.find(({ verdict }) => verdict === 'fail')!;
  for (const wanted of [
    [broken.id],
    ['BUNDLE', 'endpoint'],
    ['X509-SVID', '§4'],
    ['join tokens', 'federation'],
    ['known deviation'],
    ['501'],
  ]) {
    await look(page, wanted.join('  '));
    const shown = new Set(await idsShown(page));
    const having = (texts: readonly (readonly [string, string])[]) =>
      texts
        .filter(([, text]) => wanted.every((words) => text.toLowerCase().includes(words.toLowerCase())))
        .map(([id]) => id);
    const own = having(
      clauses.map((one) => [one.id, [one.id, one.title, one.reason, one.spec, one.catalogue].join(' ')]),
    );
    const around = having(await textsAround(page));
    t.ok(shown.size > 0 && shown.size < 700, `${wanted.join(' ')}: ${shown.size}`);
    t.strictSame(
      own.filter((id) => !shown.has(id)),
      [],
      'all that say it are shown',
    );
    t.strictSame(
      [...shown].filter((id) => !around.includes(id)),
      [],
      'and none that does not',
    );
    t.equal(await said(page), `${shown.size} of 700 clauses`);
  }
  await look(page, 'nothing says this');
  t.strictSame([await idsShown(page), await said(page)], [[], '0 of 700 clauses']);
  t.equal(await page.$$eval('.promise', (all) => all.filter((one) => one.getClientRects().length > 0).length), 0);
});

await t.test(
  'verdicts are chosen by the keyboard, and what is looked for is kept in the address',
  { skip },
  async (t) => {
    await using browser = await startChromium();
    using sized = await sizedPage({ clauses: 700, scenarios: 1, holds: false });
    const page = await sized.open(browser, desk);
    const wanted = (outcomes: readonly string[]) =>
      sized.report.clauses.filter((clause) => outcomes.includes(outcomeOf(clause))).map(({ id }) => id);
    const isSame = async (seen: Page, outcomes: readonly string[], what: string) =>
      t.strictSame((await idsShown(seen)).toSorted(), wanted(outcomes).toSorted(), what);
    await page.focus('#find');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await isLookedFor(page, 'verdict', 'fail');
    await isSame(page, ['fail'], 'one');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await isLookedFor(page, 'verdict', 'fail,inconclusive');
    await isSame(page, ['fail', 'inconclusive'], 'two');
    const again = await sized.open(browser, desk, new URL(page.url()).hash);
    await isSame(again, ['fail', 'inconclusive'], 'from the address');
    // A link to a clause that is not shown shows it.
    const hidden = wanted(['deviation'])[0]!;
    await again.evaluate(`location.hash = ${JSON.stringify(hidden.replace(/[^\w-]/g, '-'))}`);
    await again.waitForFunction('document.querySelectorAll(".clause.off").length === 0');
    t.equal(await said(again), 'all 700 clauses');
    // Whatever is looked for: paper has all of it.
    await page.emulateMediaType('print');
    t.equal((await idsShown(page)).length, 700);
  },
);

await t.test('without its script the page is whole, and has no field that does nothing', { skip }, async (t) => {
  await using browser = await startChromium();
  using sized = await sizedPage({ clauses: 5, scenarios: 1, holds: false });
  const page = await sized.open(browser, { ...desk, script: false });
  const shown = (selector: string) =>
    page.$$eval(selector, (all) => all.filter((one) => one.getClientRects().length > 0).length);
  t.strictSame([await shown('article.clause'), await shown('form.filter')], [5, 0]);
});

await t.test('no script but its own runs, and nothing is fetched', { skip }, async (t) => {
  await using browser = await startChromium();
  using sized = await sizedPage({ clauses: 5, scenarios: 1, holds: true });
  const page = await sized.open(browser, desk);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.reload();
  t.strictSame(asked, [sized.url]);
  const blocked = (await page.evaluate(`(async () => {
    const refused = new Promise((resolve) => addEventListener('securitypolicyviolation', resolve, { once: true }));
    const script = document.createElement('script');
    script.textContent = 'document.title = "taken"';
    document.body.append(script);
    return [(await refused).violatedDirective, document.title];
  })()`)) as [string, string];
  t.equal(blocked[0], 'script-src-elem');
  t.not(blocked[1], 'taken');
});

/** Waits until the page has done as it was told: the address comes last. */
async function isLookedFor(page: Page, what: 'find' | 'verdict', wanted: string): Promise<void> {
  const found = `new URLSearchParams(location.hash.slice(2)).getAll(${JSON.stringify(what)}).join()`;
  await page.waitForFunction(`${found} === ${JSON.stringify(wanted)}`);
}

/** Types into the field, from an empty one. */
async function look(page: Page, words: string): Promise<void> {
  await page.evaluate('document.forms[0].reset()');
  await page.type('#find', words);
  await isLookedFor(page, 'find', words);
}

function idsShown(page: Page): Promise<string[]> {
  return page.$$eval('article.clause', (all) =>
    all.filter((one) => one.getClientRects().length > 0).map((one) => one.querySelector('.meta code')!.textContent),
  );
}

/** All that stands in a clause, and the headings that it stands under. */
function textsAround(page: Page): Promise<[string, string][]> {
  return page.$$eval('article.clause', (all) =>
    all.map((one): [string, string] => [
      one.querySelector('.meta code')!.textContent,
      [
        one,
        one.closest('.promise')!.querySelector('h3')!,
        ...[one.closest('.part')?.querySelector('h4')].filter((part) => part !== undefined && part !== null),
      ]
        .map((part) => part.textContent)
        .join(' '),
    ]),
  );
}

function said(page: Page): Promise<string> {
  return page.$eval('form.filter output', (output) => output.value);
}
