import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handshakeTable, markdown, provenance, timeTable } from '../gate-speed/figures.ts';
import { benchRuntimes, readResult } from '../gate-speed/result.ts';
import { readComparison, type Verdicts } from '../comparison/result.ts';
import { readRows, type KeptBench } from '../kept-rows/kept-rows.ts';
import { attachCells, attachHead, readAttach } from '../attach-speed/result.ts';
import { readNodeCost } from '../node-cost/result.ts';
import { readQuiet } from '../quiet/result.ts';
import { readDetection } from '../detection/result.ts';
import { scenarios } from '../../scenarios/index.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { loadRuntimes } from '../../fixtures/runtime/runtimes.ts';
import { readCache } from '../../fixtures/toolchain/cache.ts';
import { meshToolNames, programs } from '../../fixtures/toolchain/programs.ts';
import { coverageHead, coverageRows } from '../../reports/coverage-table.ts';
import { milliseconds } from '../../reports/wording.ts';
import { loadFormats } from '../../reports/formats.ts';
import type { Clause } from '../../src/clause.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { percent } from '../../src/percent.ts';
import { promises } from '../../src/promises.ts';
import { coverageOf } from '../../src/requirements/coverage.ts';
import { products } from '../../test/products.ts';
import { fillBlocks, type Block } from './blocks.ts';
import { besidePromises } from './clauses-page.ts';
import { anchorOfHeading, sentence, table } from './markdown.ts';
import { install, meshNode, program } from './package-blocks.ts';
import { root, transcriptPath } from './places.ts';

const [runtimes, formats] = await Promise.all([loadRuntimes(), loadFormats()]);

/** README.md with its made parts as they have to be now. */
export function readme(): string {
  return fillBlocks(readFileSync(join(root, 'README.md'), 'utf8'), blocks());
}

function blocks(): Block[] {
  return [
    { name: 'install', text: install() },
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
    { name: 'detection', text: detection() },
    { name: 'handshakes', text: keptFigures('handshake', { first: 'Row', hasGenerators: true }) },
    { name: 'spire', text: keptFigures('spire', { first: 'What, beside how many entries', hasGenerators: false }) },
    { name: 'attach', text: attach() },
    { name: 'quiet', text: quiet() },
    { name: 'comparison', text: comparison() },
    { name: 'node-cost', text: nodeCost() },
    { name: 'targets', text: targets() },
    { name: 'figures', text: figures() },
    { name: 'program', text: program() },
    { name: 'mesh-node', text: meshNode() },
  ];
}

/** What is deployed as others do it, by page. */
function targets(): string {
  const wrong = products.flatMap((one) => [...one.wrong, ...(one.stale ?? [])]).length;
  const pages = products.map(({ id, title }) => `[${title}](docs/targets/${id}.md)`);
  return `A page for each shows how it is deployed rightly, and the wrong ways that people ship: ${pages.join(', ')}. \`npm test\` deploys all of them, the ${products.length} right ones and ${wrong} wrong ones, and judges them from outside.`;
}

function detection(): string {
  const { score, set } = readDetection() ?? {};
  if (score === undefined || set === undefined) return 'Not measured yet: `npm run detection` does.';
  const listed = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  return [
    `On ${set.date}, on ${set.cores} cores: **${score.caught} of ${score.impostors} impostors caught**, each by the clause that it breaks and for the reason that this has to give; **${score.falseAlarms} false alarms in ${score.conformers} runs of right nodes**. ${score.again} were judged again, in smaller company: the machine had been too busy to tell, or they had failed for another reason. ${score.leftOpen} were left open by an overloaded machine all the same.`,
    `- Impostors by kind: ${listed(set.impostors)}.\n- Right nodes by what they are made of: ${listed(set.conformers)}.`,
  ].join('\n\n');
}

interface FiguresTable {
  /** What stands over the names of the rows. */
  readonly first: string;
  /** Several made them, so that it counts which of them did, and at what cost. */
  readonly hasGenerators: boolean;
}

/** The rows of a benchmark whose figures are kept. */
function keptFigures(name: KeptBench, { first, hasGenerators }: FiguresTable): string {
  const found = readRows(name);
  if (found === undefined) return `Not measured yet: \`npm run bench:${name}\` does.`;
  const { date, cores, cpu, command, rows } = found;
  const figure = (ms: number | null) => (ms === null || ms === 0 ? '–' : milliseconds(ms));
  const besides = (cells: readonly string[]) => (hasGenerators ? cells : []);
  const lines = rows.map(({ row, generator, p99Between, ...one }) => [
    ...[`\`${row}\`${one.disturbed ? ' (disturbed)' : ''}`, ...besides([generator])],
    ...[String(one.count), String(one.errors), figure(one.p50Ms), figure(one.p90Ms), figure(one.p99Ms)],
    p99Between === null ? '–' : `${milliseconds(p99Between[0])} to ${milliseconds(p99Between[1])}`,
    ...besides([figure(one.generatorCpuMs), figure(one.nodeCpuMs)]),
  ]);
  const head = [
    ...[first, ...besides(['By']), 'n', 'Failed', 'p50', 'p90', 'p99', '95 % from, to'],
    ...besides(['CPU', 'CPU at node']),
  ];
  const spent = hasGenerators ? '; processor time is that of one connection' : '';
  return `On ${date}, on ${cores} cores (${cpu}), by \`${command}\`${spent}:\n\n${table(head, lines)}`;
}

function attach(): string {
  const found = readAttach();
  if (found === undefined) return 'How long it takes was not measured yet: `npm run bench:attach` does.';
  const { date, cores, rows } = found;
  return `By \`npm run bench:attach\` on ${date}, on ${cores} cores, with \`load: { perSecond: 100 }\`:\n\n${table(attachHead, rows.map(attachCells))}`;
}

function quiet(): string {
  const found = readQuiet();
  if (found === undefined) return 'How steady that is was not measured yet: `npm run bench:quiet` does.';
  const { date, cores, series } = found;
  const told = series.map(
    ({ window, percentile, gates, within, fromMs, toMs, disturbed }) =>
      `p${percentile} ${window}: ${milliseconds(fromMs)} to ${milliseconds(toMs)} in ${gates} gates in a row, of whose own intervals **${within}** hold their median (${disturbed} were disturbed by the machine)`,
  );
  return `\`npm run bench:quiet\` on ${date}, on ${cores} cores: ${told.join('; ')}.`;
}

function nodeCost(): string {
  const found = readNodeCost();
  if (found === undefined) return 'What the reference node costs was not measured yet: `npm run bench:node` does.';
  const { date, cores, rounds, handshake, request } = found;
  const share = (value: number) => `${value < 0 ? '' : '+'}${(100 * value).toFixed(0)} %`;
  const told = ({ referenceMs, bareMs, moreBy, between }: typeof handshake) =>
    `${milliseconds(referenceMs)} and ${milliseconds(bareMs)}, **${share(moreBy)}** (${share(between[0])} to ${share(between[1])} in ${rounds} rounds)`;
  return `By \`npm run bench:node\` on ${date}, on ${cores} cores, processor time of the reference node beside a bare server of \`node:https\` that checks the chain, pins the same ID and answers the same bytes: for a handshake with its request ${told(handshake)}; for a request on a connection that stands ${told(request)}.`;
}

function comparison(): string {
  const found = readComparison();
  if (found === undefined) return 'What that is worth was not measured yet: `npm run bench:comparison` does.';
  const { date, cores, secondsPerRow, perSecond, same, slowed, slowedBy, disturbed, resampled, alwaysCaughtFrom } =
    found;
  const all = ({ fail, pass, inconclusive }: Verdicts) => fail + pass + inconclusive;
  const always =
    alwaysCaughtFrom === null ? '' : ` Among them every slowdown of ${percent(alwaysCaughtFrom)} or more was caught.`;
  return `\`npm run bench:comparison\` on ${date}, on ${cores} cores, at ${perSecond} connections a second for ${secondsPerRow} s: a node compared with itself alarmed in **${same.fail} of ${all(same)}** comparisons (${same.inconclusive} were open); with ${percent(slowedBy)} of its p50 added it was caught in **${slowed.fail} of ${all(slowed)}** (${slowed.inconclusive} were open). ${disturbed} more were made with runs that the machine disturbed, and are not among them. Of ${resampled.comparisons.toLocaleString('en')} comparisons of runs that were drawn again from the recorded ones ${resampled.alarms} alarmed.${always}`;
}

function transcript(): string {
  if (!existsSync(join(root, transcriptPath)))
    throw new Error(`${transcriptPath} is not there; make it with: npm run docs:picture`);
  return `\`\`\`text\n$ npx assay gate\n${readFileSync(join(root, transcriptPath), 'utf8').trimEnd()}\n\`\`\``;
}

function promiseTable(): string {
  const row = ({ id, name, says }: { id: Clause['promise']; name: string; says: string }) => {
    const own = clauses.filter(({ promise }) => promise === id);
    const caught = impostors.filter(({ breaks }) => own.some((clause) => clause.id === breaks));
    return [`[${name}](docs/clauses.md#${anchorOfHeading(name)})`, says, String(own.length), String(caught.length)];
  };
  return table(
    ['Promise', 'What it says', 'Clauses', 'Impostors'],
    [
      ...promises.map(row),
      ...(clauses.some(({ promise }) => promise === null) ? [row({ id: null, ...besidePromises })] : []),
      ['all', '', String(clauses.length), String(impostors.length)],
    ],
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

function toolchain(): string {
  const cache = readCache({});
  const rows = meshToolNames.map((name) => [
    name,
    cache.version(name),
    `\`${programs[name].setting}\``,
    minutes(programs[name].expectedMs),
  ]);
  return `${table(['Program', 'Version', 'Or name yours by', 'Build on two cores'], [...rows, ['all of them', '', '', minutes(meshToolNames.reduce((sum, name) => sum + programs[name].expectedMs, 0))]])}\n\nThe build wants Go ${cache.goVersion} or newer and a C compiler.`;
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
