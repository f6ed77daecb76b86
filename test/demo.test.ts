import assert from 'node:assert/strict';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'puppeteer-core';
import t from 'tap';
import { eventually } from '../fixtures/run/eventually.ts';
import { makePlace, startCli } from './cli-run.ts';
import { startChromium, withoutChromium } from './in-chromium.ts';

// `npm run demo` as a person has it: from a terminal, and in a browser.

t.setTimeout(180_000);

const entry = 'scripts/demo/demo.ts';
const upWithinMs = 60_000;

interface Seen {
  readonly services: readonly string[];
  readonly rotations: readonly number[];
  readonly serials: readonly string[];
  readonly links: number;
}

// In the page.
const seen = `({
  services: [...document.querySelectorAll('.service h3')].map((one) => one.textContent),
  rotations: [...document.querySelectorAll('[data-rotations]')].map((one) => Number(one.textContent)),
  serials: [...document.querySelectorAll('.service dl code')].map((one) => one.textContent),
  links: document.querySelectorAll('.link:not(.cut)').length,
})`;

await t.test(
  '--check tries for real who is answered and who is refused, says why curl -k proves nothing, and leaves nothing',
  async (t) => {
    await using place = makePlace();
    const { code, stdout, stderr } = await startCli(place, ['--check'], { entry }).ended;
    t.equal(code, 0, stderr);
    t.equal(stdout.match(/^✓ /gm)?.length, 8, stdout);
    t.match(stdout, /"self":"spiffe:\/\/example\.org\/backend","peer":"spiffe:\/\/example\.org\/frontend"/);
    t.match(stdout, /`curl -k` proves nothing/);
    t.strictSame([place.processes(), place.scratch()], [[], []]);
  },
);

await t.test('wrong use is told, with what is right', async (t) => {
  await using place = makePlace();
  for (const [args, told] of [
    [['--ttl', '1'], /--ttl 1: wanted are whole seconds from 12 to 3600/],
    [['--web', '0.0.0.0:80'], /has no TLS/],
    [['--chekc'], /usage: npm run demo/],
  ] as const) {
    const { code, stderr } = await startCli(place, args, { entry }).ended;
    t.equal(code, 2);
    t.match(stderr, told);
  }
});

await t.test(
  'a person adds a note by the keyboard, and sees who talks to whom while SVIDs rotate',
  { skip: withoutChromium },
  async (t) => {
    await using place = makePlace();
    const running = startCli(place, ['--ttl', '14'], { entry });
    let said = '';
    running.child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const url = await eventually('the address of the page', () => /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0], {
      withinMs: upWithinMs,
      unless: () => (running.child.exitCode === null ? undefined : `it ended: ${said}`),
    });
    {
      await using browser = await startChromium(['127.0.0.1']);
      const page = await browser.newPage();
      const errors: unknown[] = [];
      page.on('pageerror', (error) => errors.push(error)).on('console', (line) => errors.push(line.text()));
      await page.goto(url);
      await page.focus('#text');
      await page.keyboard.type('bread & <b>wine</b>');
      await page.keyboard.press('Enter');
      await page.waitForFunction(`document.querySelector('.notes li span')?.textContent === 'bread & <b>wine</b>'`);
      t.equal(await page.evaluate('document.activeElement.id'), 'text', 'the next note can be written');
      t.equal(await page.evaluate('document.getElementById("text").value'), '');

      const shown = () => page.evaluate(seen) as Promise<Seen>;
      const first = await shown();
      t.strictSame(first.services, ['frontend', 'backend', 'api']);
      t.equal(first.links, 2);
      await eventually(
        'each service has rotated since',
        async () => (await shown()).rotations.every((count, at) => count > first.rotations[at]!),
        {
          withinMs: 20_000,
        },
      );
      const second = await shown();
      t.ok(
        second.serials.every((serial, at) => serial !== first.serials[at]),
        'by another SVID each',
      );
      t.equal(second.links, 2, 'connections follow');
      for (const scheme of ['light', 'dark'] as const)
        for (const width of [1_280, 390]) await looksRight(page, scheme, width);
      t.strictSame(errors, []);
      await page.setJavaScriptEnabled(false);
      await page.goto(url);
      await page.type('#text', 'without a script');
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      t.match(await page.content(), /<span>without a script<\/span>/);
    }
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    t.equal(code, 0, stderr);
    t.strictSame([place.processes(), place.scratch()], [[], []]);

    async function looksRight(page: Page, scheme: 'light' | 'dark', width: number): Promise<void> {
      await page.setViewport({ width, height: 1_000 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const content = (await page.evaluate('document.documentElement.scrollWidth')) as number;
      t.ok(content <= width, `${scheme}, ${width}: ${content} px wide`);
      await page.evaluate(axe.source);
      const { violations, passes } = (await page.evaluate(`axe.run({ resultTypes: ['violations'] })`)) as AxeResults;
      t.strictSame(
        violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]),
        [],
        `${scheme}, ${width}`,
      );
      assert.ok(passes.length > 10);
      if (process.env.ASSAY_PICTURES !== undefined)
        await page.screenshot({ path: `${process.env.ASSAY_PICTURES}/demo-${scheme}-${width}.png`, fullPage: true });
    }
  },
);
