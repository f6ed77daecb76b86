import type { Disagreement } from '../../src/report/judged-again.ts';
import type { Report } from '../../src/report/report.ts';
import { ascii, clean, painter, wrap } from './text.ts';

/** What came of judging a run again, for a terminal. Without colour it is plain ASCII. */
export function judgedAgainSummary(
  stated: Report,
  judged: Report,
  differ: readonly Disagreement[],
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = painter(color);
  const made = stated.run.versions['assay'];
  const by = `run ${clean(stated.run.id)}, made by Assay ${clean(made ?? 'of an unknown version')}`;
  const same = `${judged.clauses.length} clauses, ${judged.scenarios.length} scenarios and ${judged.objectives?.length ?? 0} bounds`;
  const lines =
    differ.length === 0
      ? [
          `${paint(['bold', 'inverse', 'green'], ' SAME ')} ${by}: its history bears out all that its report says of ${same}.`,
        ]
      : [
          `${paint(['bold', 'inverse', 'red'], ' DIFFERS ')} ${by}: ${differ.length} of what its report says its history does not bear out.`,
          '',
          ...differ.flatMap(({ what, id, stated: said, judged: found, reason }) => [
            `  ${what} ${clean(id)}: the report says ${said ?? 'nothing'}, the history ${found ?? 'nothing'}`,
            ...wrap(reason, Math.max(40, width) - 6, 3).map((line) => paint('gray', `      ${line}`)),
          ]),
        ];
  const text = lines.join('\n');
  return `${color ? text : ascii(text)}\n`;
}
