import type { ScenarioWindow } from '../reading/scenarios.ts';

/** What a fault that keeps nodes from their server is called in reasons. */
interface OutageWords {
  readonly outage: string;
  /** What is said of a node that it concerns: "it was …". */
  readonly kept: string;
}

const byKind: Readonly<Record<string, OutageWords>> = {
  partition: { outage: 'the partition', kept: 'cut' },
  'server-outage': { outage: "the server's outage", kept: 'without its server' },
  pause: { outage: "the server's pause", kept: 'without its server' },
};

const ofAnyKind: OutageWords = { outage: 'the outage', kept: 'without its server' };

/** The words for the faults of a scenario, by their kind; for those of several kinds, and for none, the words that suit any. */
export function outageWords({ faults }: Pick<ScenarioWindow, 'faults'>): OutageWords {
  const [kind, ...others] = new Set(faults.map((fault) => fault.kind));
  return (others.length === 0 ? byKind[kind ?? ''] : undefined) ?? ofAnyKind;
}
