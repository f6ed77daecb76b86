import { appendFileSync, readFileSync } from 'node:fs';

/** The stages of a run of .ci/run and how many minutes each may take on a new machine with two cores. */
const stages = {
  setup: { title: 'system packages and npm', budgetMinutes: 3 },
  toolchain: { title: 'toolchain', budgetMinutes: 12 },
  cluster: { title: "cluster's binaries", budgetMinutes: 20 },
  builds: { title: 'other builds', budgetMinutes: 8 },
  tests: { title: 'tests', budgetMinutes: 25 },
  kubernetes: { title: 'Kubernetes', budgetMinutes: 10 },
} as const satisfies Record<string, { readonly title: string; readonly budgetMinutes: number }>;

/** The minutes that a whole cold run may take; less than the sum of its stages, of which no run needs all. */
const totalBudgetMinutes = 75;

/** A stage that has ended, as a line of the file that ASSAY_CI_STAGES names. */
export interface StageTaken {
  readonly stage: keyof typeof stages;
  readonly seconds: number;
  /** of a stage that builds: whether something was built; of the toolchain, it makes the run a cold one */
  readonly built?: boolean;
}

/** Writes down how long a stage took, when .ci/run has said where; else does nothing. */
export function noteStage(stage: keyof typeof stages, ms: number, more: Pick<StageTaken, 'built'> = {}): void {
  const file = process.env.ASSAY_CI_STAGES;
  if (file) appendFileSync(file, `${JSON.stringify({ stage, seconds: Math.round(ms / 1000), ...more })}\n`);
}

/** The stages that a file tells of, in the order in which they ended. */
export function readStages(file: string): StageTaken[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StageTaken);
}

/** A run is cold when the toolchain was built in it. */
export function isCold(taken: readonly StageTaken[]): boolean {
  return taken.some(({ stage, built }) => stage === 'toolchain' && built === true);
}

/** A table of what each stage took beside its budget, a line a stage, and the sum. */
export function renderBudget(taken: readonly StageTaken[]): string {
  const rows = Object.entries(stages).map(([id, { title, budgetMinutes }]) => {
    const seconds = taken.filter(({ stage }) => stage === id).map((one) => one.seconds);
    return row(title, seconds.length === 0 ? undefined : sum(seconds), budgetMinutes);
  });
  return [...rows, row('total', sum(taken.map(({ seconds }) => seconds)), totalBudgetMinutes)].join('\n');
}

function row(title: string, seconds: number | undefined, budgetMinutes: number): string {
  const took =
    seconds === undefined ? 'none yet' : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2)} s`;
  const over = seconds !== undefined && seconds > budgetMinutes * 60 ? '  over its budget' : '';
  return `${title.padEnd(24)}${took.padStart(11)}  of ${String(budgetMinutes).padStart(2)} min${over}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
