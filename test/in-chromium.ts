import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch, type Browser, type Page } from 'puppeteer-core';
import { findChromium, noChromium, quietFlags } from '../fixtures/chromium/find.ts';
import { format } from '../reports/formats/html.ts';
import { sizedRun, type RunSize } from '../reports/sized-run.ts';
import { buildReport, type Report } from '../src/report/report.ts';

/** What tests that need a Chromium take for `skip`: the reason where there is none. */
export const withoutChromium = findChromium(process.env) === undefined && noChromium;

/** A Chromium of a test's own. It ends, and what it left is removed, with the handle. @param reached - hosts that it may call; none otherwise */
export async function startChromium(reached: readonly string[] = []): Promise<Browser & AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'assay-chromium-'));
  const browser = await launch({
    ...{
      executablePath: findChromium(process.env)!,
      args: quietFlags(join(dir, 'profile'), reached),
      pipe: true,
      protocolTimeout: 500_000,
    },
    env: { ...process.env, HOME: dir, TMPDIR: dir },
  });
  return Object.assign(browser, {
    async [Symbol.asyncDispose]() {
      await browser.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  });
}

/** How a page is looked at. */
export interface Look {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly script?: boolean;
}

/** The page of a run of a size, in files that are removed with the handle. */
export interface SizedPage extends Disposable {
  readonly report: Report;
  readonly html: string;
  readonly url: string;
  open(browser: Browser, look: Look, hash?: string): Promise<Page>;
}

export async function sizedPage(size: RunSize): Promise<SizedPage> {
  const { history, clauses } = sizedRun(size);
  const report = buildReport(history, clauses);
  const html = await format.render(report, history);
  const dir = mkdtempSync(join(tmpdir(), 'assay-page-'));
  const file = join(dir, 'report.html');
  writeFileSync(file, html);
  const url = pathToFileURL(file).href;
  return {
    ...{ report, html, url },
    async open(browser, { scheme, width, script = true }, hash = '') {
      const page = await browser.newPage();
      await page.setJavaScriptEnabled(script);
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ]);
      await page.goto(`${url}${hash}`);
      return page;
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}
