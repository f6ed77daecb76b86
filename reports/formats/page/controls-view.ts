import { byControl, type ControlRead } from '../../../src/controls/by-control.ts';
import { outcomeOf } from '../../../src/report/acceptance.ts';
import type { ClauseReport, Report } from '../../../src/report/report.ts';
import { controlWords, worstOfControl } from '../../control-words.ts';
import { outcomes } from '../../wording.ts';

/** The run read by control, for the page: frameworks of which a clause was asked, the lines of a control with the worst of their clauses first. */
export function controlsView({ clauses }: Report) {
  return byControl(clauses)
    .filter(({ controls }) => controls.length > 0)
    .map(({ framework, controls }) => ({ ...framework, controls: controls.map(controlView) }));
}

function controlView(read: ControlRead) {
  return {
    number: read.control.number,
    title: read.control.title,
    worst: worstOfControl(read),
    words: controlWords(read),
    notAsked: read.notAsked,
    lines: read.lines
      .map(({ line, clauses }) => ({ evidence: line.evidence, clauses: clauses.toSorted(byOutcome) }))
      .toSorted((one, other) => byOutcome(one.clauses[0]!, other.clauses[0]!)),
  };
}

function byOutcome(one: ClauseReport, other: ClauseReport): number {
  return outcomes.indexOf(outcomeOf(one)) - outcomes.indexOf(outcomeOf(other));
}
