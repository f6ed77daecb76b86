import { attestationFile } from '../../reports/evidence/files.ts';
import { statementWords } from '../../reports/evidence/statement.ts';
import type { ReportFormat } from '../../reports/format.ts';
import { runPoint } from '../../reports/points.ts';
import { outcomes } from '../../reports/wording.ts';
import { generatedNotice, table } from './markdown.ts';

const attestation = { fileName: attestationFile, verdicts: statementWords };

/** docs/formats.md: what each format of a report makes of each verdict. */
export function formatsPage(formats: readonly ReportFormat[]): string {
  const verdicts = outcomes.toReversed();
  return `${[
    '# Report formats',
    generatedNotice,
    'All of these but the attestation, which names the hash of each file, are made from `history.jsonl` and `report.json` and nothing else. Each clause is one point in them, and so is each bound that was set with `--slo` and each comparison with a `--baseline`. ' +
      `Where these together say better than the run came to, as when a person stopped it, the run itself is one more point, \`${runPoint}\`.`,
    'What a format cannot say it withholds or worsens, and never betters: nothing but a pass looks like one. A test makes hundreds of runs by chance and reads every document back with a parser, and where there is one with a validator, that somebody else wrote.',
    table(
      ['File', ...verdicts.map((verdict) => `\`${verdict}\``)],
      [...formats, attestation].map(({ fileName, verdicts: words }) => [
        `\`${fileName}\``,
        ...verdicts.map((verdict) => `\`${words[verdict]}\``),
      ]),
    ),
    'The attestation has `PASSED` as its result for a run that passed, `WARNED` where something that does not hold is known or accepted, and `FAILED` for every other.',
    table(
      ['File', 'Is'],
      formats.map(({ fileName, title }) => [`\`${fileName}\``, title]),
    ),
  ].join('\n\n')}\n`;
}
