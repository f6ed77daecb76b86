import { entriesOf, type EntryOf, type History } from '../history.ts';

/** What belongs to one scenario: its bounds in time, its requests, its nodes. */
export interface ScenarioWindow {
  readonly scenario: string;
  readonly fromMs: number;
  /** Infinity when it never ended. */
  readonly toMs: number;
  readonly ended: boolean;
  readonly boundsMs: Readonly<Record<string, number>>;
  readonly requests: readonly EntryOf<'request'>[];
  /** Index of the entry that began it. */
  readonly index: number;
}

export function windowOf(history: History, scenario: string): ScenarioWindow | undefined {
  const marks = entriesOf(history, 'scenario').filter((mark) => mark.scenario === scenario);
  const begun = marks.find(({ state }) => state === 'begun');
  if (begun === undefined) return undefined;
  const end = marks.find(({ state }) => state === 'ended');
  return {
    scenario, index: begun.index, fromMs: begun.atMs, toMs: end?.atMs ?? Infinity, ended: end !== undefined,
    boundsMs: Object.assign({}, ...marks.map(({ boundsMs }) => boundsMs)) as Record<string, number>,
    requests: entriesOf(history, 'request').filter((request) => request.scenario === scenario),
  };
}

/** When a fault of the scenario was proven in force and began to be undone. */
export function faultSpan(history: History, scenario: string): { readonly inForceMs: number; readonly healedMs: number; readonly goneMs: number } | undefined {
  const of = (state: string) => entriesOf(history, 'fault').filter((fault) => fault.scenario === scenario && fault.state === state).map(({ atMs }) => atMs);
  const [inForce, healed, gone] = [of('in-force'), of('healed'), of('gone')];
  if (inForce.length === 0 || healed.length === 0 || gone.length === 0) return undefined;
  return { inForceMs: Math.max(...inForce), healedMs: Math.min(...healed), goneMs: Math.max(...gone) };
}
