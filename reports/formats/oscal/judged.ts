import { controlsOf } from '../../../src/controls/catalogue.ts';
import type { History } from '../../../src/history.ts';
import { outcomeOf } from '../../../src/report/acceptance.ts';
import { referencedLine } from '../../../src/report/evidence.ts';
import type { ClauseReport, Report } from '../../../src/report/report.ts';
import { reasonOf, runPoint } from '../../points.ts';
import { levelWords, obligation, sentence } from '../../wording.ts';
import type { Finding, Observation, Risk } from './model.ts';
import { controlIdOf, statementIdOf, uuidOf } from './names.ts';
import { harness, mesh } from './setting.ts';
import { property, text } from './words.ts';

/** What each point of a run is looked at as: all of them observations. */
export function observationsOf({ run }: Report, history: History, points: readonly ClauseReport[]): Observation[] {
  const atMs = new Map(history.map((entry) => [entry.index, entry.atMs]));
  const origins = originsOf(run.id);
  return points.map((point) => ({
    uuid: uuidOf(run.id, 'observation', point.id),
    title: text(point.title),
    description: text(reasonOf(point)),
    props: [
      property('point', point.id),
      property('outcome', outcomeOf(point)),
      property('level', levelWords(point)),
      property('evidence-lines', String(point.evidenceTotal)),
      ...controlsOf(point.id).map(({ framework, control }) =>
        property('evidence-of', control.id, { class: framework.id }),
      ),
    ],
    // Of what was skipped the target's own word was taken: nothing was tried.
    methods: [point.verdict === 'skipped' || point.id === runPoint ? 'EXAMINE' : 'TEST'],
    types: ['control-objective'],
    origins,
    // What the run as a whole says beside its clauses is about a file, or about Assay itself.
    subjects: [{ 'subject-uuid': (point.id === runPoint ? harness : mesh)(run.id), type: 'component' }],
    ...(point.evidence.length > 0 && {
      'relevant-evidence': point.evidence.map((href) => ({
        href,
        description: text(`Line ${referencedLine(href) ?? 'unknown'} of the history of the run.`),
      })),
    }),
    collected: collectedAt(run, point, atMs),
  }));
}

/** What does not hold: a finding each, also where that is known or accepted. */
export function findingsOf({ run }: Report, points: readonly ClauseReport[]): Finding[] {
  return points.filter(isBroken).map((point) => ({
    uuid: uuidOf(run.id, 'finding', point.id),
    title: text(point.title),
    description: text(`${reasonOf(point)}. ${obligation(point)}.`),
    origins: originsOf(run.id),
    target: {
      type: 'statement-id',
      'target-id': statementIdOf(controlIdOf(point.id)),
      status: { state: 'not-satisfied', reason: outcomeOf(point) },
    },
    'related-observations': [{ 'observation-uuid': uuidOf(run.id, 'observation', point.id) }],
    'related-risks': [{ 'risk-uuid': uuidOf(run.id, 'risk', point.id) }],
  }));
}

/** What may come of each finding. Of a failure that somebody accepted it is a deviation that was approved, until the last day of that. */
export function risksOf({ run }: Report, points: readonly ClauseReport[]): Risk[] {
  return points.filter(isBroken).map((point) => ({
    uuid: uuidOf(run.id, 'risk', point.id),
    title: text(point.title),
    description: text(reasonOf(point)),
    statement: text(point.danger === '' ? `It does not hold: ${point.title}` : sentence(point.danger)),
    origins: originsOf(run.id),
    ...(point.accepted === undefined
      ? { status: 'open' }
      : { status: 'deviation-approved', deadline: `${point.accepted.until}T23:59:59Z` }),
    'related-observations': [{ 'observation-uuid': uuidOf(run.id, 'observation', point.id) }],
  }));
}

function isBroken({ verdict }: ClauseReport): boolean {
  return verdict === 'fail' || verdict === 'deviation';
}

function originsOf(run: string) {
  return [{ actors: [{ type: 'tool', 'actor-uuid': harness(run) } as const] }];
}

/** When the last of the lines that it rests on was written; without one, when the run ended. */
function collectedAt(run: Report['run'], point: ClauseReport, atMs: ReadonlyMap<number, number>): string {
  const times = point.evidence.flatMap((href) => atMs.get(referencedLine(href) ?? 0) ?? []);
  const at = new Date(Date.parse(run.startedAt) + Math.max(...times));
  return Number.isNaN(at.getTime()) ? run.endedAt : at.toISOString();
}
