import type { History } from '../../src/history.ts';
import { shortageOf } from '../../src/reading/machine.ts';
import { notReadyOf } from '../../src/reading/not-ready.ts';
import { outcomeOf, wrongAcceptances } from '../../src/report/acceptance.ts';
import type { Report } from '../../src/report/report.ts';
import { again } from '../again.ts';
import { isBench, sentence, wrongSentence } from '../wording.ts';
import { clean, wrap, type Paint } from './text.ts';

/** Where the report lies, how the run is made once more, and what a person does now. */
export function next(report: Report, history: History, directory: string, paint: Paint, width: number): string[] {
  return [
    `  Report   ${paint('underline', `${directory}/report.html`)}`,
    `  Again    ${clean(again(report.run))}`,
    ...advice(report, history).flatMap((text, nth) =>
      wrap(text, width - 11).map((line, at) => `  ${nth + at === 0 ? 'Next    ' : '        '} ${line}`),
    ),
  ];
}

function advice(report: Report, history: History): string[] {
  const { verdict, run, clauses, troubles } = report;
  if (verdict === 'pass') return [];
  const { objectives = [] } = report;
  const wrong = wrongAcceptances(report);
  if (wrong.length > 0 && !clauses.some((clause) => outcomeOf(clause) === 'fail')) return wrong.map(wrongSentence);
  const isOfFigures =
    !clauses.some((clause) => clause.verdict === verdict) && objectives.some((one) => one.verdict === verdict);
  if (isBench(report) || isOfFigures) return benchAdvice(report);
  if (verdict === 'fail') {
    const broken = clauses.find((clause) => outcomeOf(clause) === 'fail');
    return [
      `Open the report at a broken clause: it shows the exchanges that broke it. Then run it alone with --only '${broken?.id ?? ''}', the same seed and the same target.`,
    ];
  }
  if (run.aborted !== null) return ['The run was cut short: run it again to its end before relying on it.'];
  const nodes = notReadyOf(history);
  if (nodes.length > 0)
    return [
      ...nodes.map(
        ({ node, how, lastWords, log }) => `${node} ${how}. Its last words: ${lastWords || '(none)'}. Its log: ${log}`,
      ),
      'Bring it to the point where GET /ready answers 200, and run again.',
    ];
  const busy = shortageOf(history) !== undefined;
  const kept = [
    ...(busy ? ['free this machine, which kept threads waiting, or give it more cores'] : []),
    ...(troubles.length > 0 ? ['see to the trouble that is told above'] : []),
  ].join('; ');
  return [
    `Nothing is held against the target. ${kept === '' ? 'See to what the reasons above name' : sentence(kept)}, and run again with the same seed.`,
  ];
}

function benchAdvice(report: Report): string[] {
  const { verdict, run, objectives = [] } = report;
  if (verdict === 'fail')
    return [
      'It was measured twice, and broken twice. The report shows what the slowest were waiting for, and what else went on.',
    ];
  if (run.aborted !== null) return ['The run was cut short: run it again to its end before relying on it.'];
  return objectives.some((one) => one.verdict === 'inconclusive')
    ? [
        `Free this machine where a row says that it was disturbed; where the interval is too wide, measure longer with ${isBench(report) ? '' : 'assay bench handshake and its '}--seconds.`,
      ]
    : ['See to the trouble that is told above, and run again.'];
}
