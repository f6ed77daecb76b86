import type { ClauseReport } from '../report/shape.ts';
import { clausesOf, frameworks } from './catalogue.ts';
import type { Control, Framework, Line } from './framework.ts';

/** What a run says of a control: of each line the clauses that were asked, and how many there are that were not. */
export interface ControlRead {
  readonly control: Control;
  readonly lines: readonly LineRead[];
  /** Of all lines: the ids of clauses that this catalogue has, and the run did not ask. */
  readonly notAsked: readonly string[];
}

/** A line with those of its clauses that the run asked. */
export interface LineRead {
  readonly line: Line;
  readonly clauses: readonly ClauseReport[];
}

/** A framework with the controls of which the run asked a clause; none where it has none. */
export interface FrameworkRead {
  readonly framework: Framework;
  readonly controls: readonly ControlRead[];
}

/**
 * A run read by control. It says of a control what came of its clauses, and never that the control is met: clauses see a part of it.
 *
 * @param asked - the clauses of the run's report, in its order
 */
export function byControl(asked: readonly ClauseReport[]): FrameworkRead[] {
  const ids = new Set(asked.map(({ id }) => id));
  return frameworks.map((framework) => ({
    framework,
    controls: framework.controls
      .map((control) => ({
        control,
        lines: control.lines
          .map((line) => ({ line, clauses: asked.filter(({ id }) => line.covers(id)) }))
          .filter(({ clauses }) => clauses.length > 0),
        notAsked: clausesOf(control.lines).filter((id) => !ids.has(id)),
      }))
      .filter(({ lines }) => lines.length > 0),
  }));
}
