import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handshakeTable, markdown, provenance, timeTable } from '../gate-speed/figures.ts';
import { benchRuntimes, readResult } from '../gate-speed/result.ts';
import { scenarios } from '../../scenarios/index.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { loadRuntimes } from '../../fixtures/runtime/runtimes.ts';
import { readCache } from '../../fixtures/toolchain/cache.ts';
import { programs } from '../../fixtures/toolchain/programs.ts';
import { coverageHead, coverageRows } from '../../reports/coverage-table.ts';
import { loadFormats } from '../../reports/formats.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { promises } from '../../src/promises.ts';
import { coverageOf } from '../../src/requirements/coverage.ts';
import { fillBlocks, type Block } from './blocks.ts';
import { anchorOfHeading, sentence, table } from './markdown.ts';
import { root, transcriptPath } from './places.ts';

const [runtimes, formats] = await Promise.all([loadRuntimes(), loadFormats()]);

/** README.md with its made parts as they have to be now. */
export function readme(): string {
  return fillBlocks(readFileSync(join(root, 'README.md'), 'utf8'), blocks());
}

function blocks(): Block[] {
  return [
    { name: 'transcript', text: transcript() },
    { name: 'promises', text: promiseTable() },
    {
      name: 'scenarios',
      text: scenarios
        .map(({ id, title, hypothesis }) => `- [${title}](docs/scenarios/${id}.md): ${sentence(hypothesis)}`)
        .join('\n'),
    },
    { name: 'coverage', text: table(coverageHead, coverageRows(coverageOf(clauses))) },
    {
      name: 'formats',
      text: table(
        ['File', 'Is'],
        formats.map(({ fileName, title }) => [`\`${fileName}\``, title]),
      ),
    },
    { name: 'runtimes', text: runtimeTable() },
    { name: 'toolchain', text: toolchain() },
    { name: 'figures', text: figures() },
  ];
}

function transcript(): string {
  if (!existsSync(join(root, transcriptPath)))
    throw new Error(`${transcriptPath} is not there; make it with: npm run docs:picture`);
  return `\`\`\`text\n$ npx assay gate\n${readFileSync(join(root, transcriptPath), 'utf8').trimEnd()}\n\`\`\``;
}

function promiseTable(): string {
  const rows = promises.map(({ id, name, says }) => {
    const own = clauses.filter(({ promise }) => promise === id);
    const caught = impostors.filter(({ breaks }) => own.some((clause) => clause.id === breaks));
    return [`[${name}](docs/clauses.md#${anchorOfHeading(name)})`, says, String(own.length), String(caught.length)];
  });
  return table(
    ['Promise', 'What it says', 'Clauses', 'Impostors'],
    [...rows, ['all', '', String(clauses.length), String(impostors.length)]],
  );
}

function runtimeTable(): string {
  return table(
    ['Runtime', 'Needs'],
    [
      ...runtimes.map(({ name, needs }) => [name, needs]),
      // It starts nothing, so it is no kind of runtime, though the command line knows it by that option.
      ['attach', 'The sockets and addresses that the target file names.'],
    ],
  );
}

const gatePrograms = ['toxiproxy', 'spire-agent', 'spire-server'] as const;

function toolchain(): string {
  const cache = readCache({});
  const rows = gatePrograms.map((name) => [
    name,
    cache.version(name),
    `\`${programs[name].setting}\``,
    minutes(programs[name].expectedMs),
  ]);
  return `${table(['Program', 'Version', 'Or name yours by', 'Build on two cores'], [...rows, ['all of them', '', '', minutes(gatePrograms.reduce((sum, name) => sum + programs[name].expectedMs, 0))]])}\n\nThe build wants Go ${cache.goVersion} or newer and a C compiler.`;
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function figures(): string {
  const results = benchRuntimes.flatMap((runtime) => readResult(runtime) ?? []);
  if (results.length === 0) throw new Error('scripts/gate-speed/results is empty; fill it with: npm run bench:gate');
  return results
    .map((result) => {
      const title = runtimes.find(({ name }) => name === result.runtime)?.title ?? result.runtime;
      const where = `**By ${title.toLowerCase()}.** ${provenance(result)}.`;
      // A gate that did not pass may have ended early, or waited for what never came.
      if (result.runs.some(({ verdict }) => verdict !== 'pass'))
        return `${where} Not every run passed, so no times are given.`;
      return [
        where,
        markdown(timeTable(result)),
        'Handshakes while all that went on, faults included:',
        markdown(handshakeTable(result)),
      ].join('\n\n');
    })
    .join('\n\n');
}
