// Makes what can be made of the documentation: node scripts/docs.ts pages | readme | check
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadFormats } from '../reports/formats.ts';
import { scenarios } from '../scenarios/index.ts';
import { clausesPage } from './docs/clauses-page.ts';
import { controlsPage } from './docs/controls-page.ts';
import { coveragePage } from './docs/coverage-page.ts';
import { formatsPage } from './docs/formats-page.ts';
import { impostorsPage } from './docs/impostors-page.ts';
import { brokenLinks } from './docs/links.ts';
import { logsPage } from './docs/logs-page.ts';
import { root } from './docs/places.ts';
import { readme } from './docs/readme.ts';
import { catalog } from './docs/oscal/catalog.ts';
import { componentDefinition } from './docs/oscal/component-definition.ts';
import { published } from './docs/oscal/published.ts';
import { reportSchema } from './docs/report-schema.ts';
import { scenarioPage } from './docs/scenario-page.ts';
import { targetPages } from './docs/target-page.ts';
import { troubleshootingPage } from './docs/troubleshooting-page.ts';

const formats = await loadFormats();

/** Pages that are made whole, by their path below the root. */
function generatedPages(): Map<string, string> {
  return new Map([
    ['docs/clauses.md', clausesPage()],
    ['docs/controls.md', controlsPage()],
    ['docs/coverage.md', coveragePage()],
    ['docs/formats.md', formatsPage(formats)],
    ['docs/impostors.md', impostorsPage()],
    ['docs/logs.md', logsPage()],
    oscalDocument('catalog', catalog),
    oscalDocument('component-definition', componentDefinition),
    ['docs/report.schema.json', reportSchema()],
    ['docs/troubleshooting.md', troubleshootingPage()],
    ...targetPages(),
    ...scenarios.map((scenario) => [`docs/scenarios/${scenario.id}.md`, scenarioPage(scenario)] as const),
  ]);
}

/** A document of OSCAL that is made whole, by its path below the root. */
function oscalDocument(model: string, make: Parameters<typeof published>[1]): [string, string] {
  const path = `docs/oscal/${model}.json`;
  return [path, published(model, make, read(path))];
}

/** What is not as it would be made now, each with the command that mends it, and links that lead nowhere. */
export function staleDocs(): string[] {
  const pages = generatedPages();
  return [
    ...[...pages]
      .filter(([path, text]) => read(path) !== text)
      .map(([path]) => `${path} is stale; run: npm run docs:pages`),
    ...leftOver(pages).map((path) => `${path} is of nothing that there is; run: npm run docs:pages`),
    ...(read('README.md') === readme() ? [] : ['README.md is stale; run: npm run docs:readme']),
    ...brokenLinks(),
  ];
}

function leftOver(pages: ReadonlyMap<string, string>): string[] {
  return globSync('docs/{scenarios,targets}/*.md', { cwd: root }).filter((path) => !pages.has(path));
}

function read(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
}

function write(path: string, text: string): void {
  if (read(path) === text) return;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(path);
}

function makePages(): void {
  const pages = generatedPages();
  for (const path of leftOver(pages)) rmSync(join(root, path));
  for (const [path, text] of pages) write(path, text);
}

function check(): void {
  const stale = staleDocs();
  for (const line of stale) console.error(line);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

const commands: Readonly<Record<string, () => void>> = {
  pages: makePages,
  readme: () => write('README.md', readme()),
  check,
};

if (import.meta.main) {
  const command = commands[process.argv[2] ?? ''];
  if (command === undefined) {
    console.error(`usage: node scripts/docs.ts ${Object.keys(commands).join(' | ')}`);
    process.exit(2);
  }
  command();
}
