import { entriesOf, type History, type SelfTestMark } from '../history.ts';
import type { RunVerdict } from '../verdict.ts';
import type { Doubt } from './clauses.ts';

/** What came of trying Assay itself on implementations of which it is known whether they are right. */
export interface SelfTestReport extends Pick<SelfTestMark, 'madeAt' | 'kept' | 'cores' | 'versions' | 'code'> {
  /** It came to its end. */
  readonly ended: boolean;
  /** How many were judged again, as the machine was too busy to tell or their company failed them. */
  readonly again: number;
  /** How many were not tried, as a program that they are made of cannot be had on that machine. */
  readonly leftOut: number;
  readonly impostors: {
    readonly tried: number;
    readonly caught: number;
    readonly open: number;
    readonly missed: readonly { readonly impostor: string; readonly breaks: string; readonly said: string }[];
  };
  readonly conformers: {
    readonly tried: number;
    readonly right: number;
    readonly open: number;
    readonly alarms: readonly {
      readonly conformer: string;
      readonly by: string;
      readonly clause: string;
      readonly said: string;
    }[];
  };
}

/** Undefined where none was begun. */
export function readSelfTest(history: History): SelfTestReport | undefined {
  const [begun, ...marks] = entriesOf(history, 'self-test');
  if (begun === undefined) return undefined;
  const { madeAt, kept, cores, versions, code } = begun;
  const impostors = entriesOf(history, 'impostor');
  const conformers = entriesOf(history, 'conformer');
  return {
    ...{ madeAt, kept, cores, versions, code },
    ended: marks.some(({ state }) => state === 'ended'),
    again: marks.at(-1)?.again ?? 0,
    leftOut: (marks.at(-1)?.leftOut ?? []).reduce((sum, { count }) => sum + count, 0),
    impostors: {
      tried: impostors.length,
      caught: countOf(impostors, 'caught'),
      open: countOf(impostors, 'open'),
      missed: impostors
        .filter(({ outcome }) => outcome === 'missed')
        .map(({ impostor, breaks, said = '' }) => ({ impostor, breaks, said })),
    },
    conformers: {
      tried: conformers.length,
      right: countOf(conformers, 'right'),
      open: countOf(conformers, 'open'),
      alarms: conformers
        .filter(({ outcome }) => outcome === 'alarm')
        .flatMap(({ conformer, by, said }) =>
          said.map(({ clause, reason }) => ({ conformer, by, clause, said: reason })),
        ),
    },
  };
}

// A machine that was too busy to tell says nothing of Assay: but of one that left so many open, too little was found out.
const mostOpen = 0.1;

/** What the self-test itself came to: fail where an implementation that is known was judged wrongly. */
export function verdictOfSelfTest({ ended, impostors, conformers }: SelfTestReport): RunVerdict {
  if (impostors.missed.length + conformers.alarms.length > 0) return 'fail';
  const tried = impostors.tried + conformers.tried;
  const open = impostors.open + conformers.open;
  return ended && tried > 0 && open <= mostOpen * tried ? 'pass' : 'inconclusive';
}

/** A clause that let an impostor pass on this machine, or failed what is right, decides nothing there of anybody else. */
export function selfTestDoubts({ impostors, conformers }: SelfTestReport, history: History): Doubt[] {
  const of = (clause: string) => (id: string) => id === clause;
  const byClause = Map.groupBy(entriesOf(history, 'impostor'), ({ breaks }) => breaks);
  const unseen = [...byClause].filter(([, all]) => all.every(({ outcome }) => outcome === 'open'));
  return [
    ...impostors.missed.map(({ impostor, breaks }) => ({
      touches: of(breaks),
      says: `the self-test did not catch ${impostor}, which breaks this clause`,
      evenFails: false,
    })),
    ...unseen.map(([clause]) => ({
      touches: of(clause),
      says: 'in the self-test the machine was too busy to tell of every impostor that breaks this clause',
      evenFails: false,
    })),
    ...conformers.alarms.map(({ conformer, clause }) => ({
      touches: of(clause),
      says: `in the self-test this clause did not pass ${conformer}, which is right`,
      evenFails: true,
    })),
  ];
}

function countOf<O>(all: readonly { readonly outcome: O }[], wanted: NoInfer<O>): number {
  return all.filter(({ outcome }) => outcome === wanted).length;
}
