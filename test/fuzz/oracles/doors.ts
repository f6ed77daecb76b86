import type { EntryOf, History } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { judgedNodes, ofKind, skipped } from './entries.ts';
import { everyPartLookedAt, refusedRows } from './exchanges.ts';
import { wasOverloadedThrough } from './overloaded.ts';
import { inScenario, type Window } from './scenario-windows.ts';

// From docs/scenarios/commanded-restart.md, docs/scenarios/commanded-pause.md and the titles of the clauses.

type Row = EntryOf<'exchange'>;

const strangers = [
  'nobody: no certificate',
  'the right ID, self-signed',
  'the right ID below an unknown authority',
  'a question in the clear',
];

/** One fault on one service, by its marks; a time is absent where the mark is not there, or bears no proof in its place. */
interface Away {
  readonly node: string;
  readonly injectedMs: number;
  readonly inForceMs: number | undefined;
  readonly healingMs: number | undefined;
  readonly healedMs: number | undefined;
  readonly withinMs: number | undefined;
}

function faultsOf(history: History, { scenario }: Window): Away[] {
  const marks = ofKind(history, 'fault').filter((mark) => mark.scenario === scenario);
  const found: Away[] = [];
  for (const injected of marks) {
    if (injected.state !== 'injected') continue;
    const own: EntryOf<'fault'>[] = [];
    for (const mark of marks) {
      if (mark.index <= injected.index || mark.target !== injected.target || mark.fault !== injected.fault) continue;
      if (mark.state === 'injected') break;
      own.push(mark);
    }
    const healing = own.find(({ state }) => state === 'healing');
    const isProven = ({ provenBy }: EntryOf<'fault'>) => provenBy !== undefined && provenBy !== '';
    const inForce = own.find(
      (mark) => mark.state === 'in-force' && isProven(mark) && (healing === undefined || mark.index < healing.index),
    );
    const healed = own.find(
      (mark) => mark.state === 'healed' && isProven(mark) && healing !== undefined && mark.index > healing.index,
    );
    found.push({
      node: injected.target,
      injectedMs: injected.atMs,
      inForceMs: inForce?.atMs,
      healingMs: healing?.atMs,
      healedMs: healed?.atMs,
      withinMs: injected.withinMs,
    });
  }
  return found;
}

function rowsAt(history: History, { fromMs, scenario }: Window, node: string): Row[] {
  const decides = ofKind(history, 'scenario').find((mark) => mark.scenario === scenario && mark.state === 'begun')!;
  return ofKind(history, 'exchange').filter(
    (row) => row.node === node && row.atMs >= fromMs && decides.clauses.includes(row.clause),
  );
}

const began = (row: Row) => row.atMs - row.tookMs;

/** Wrong rows are refused beside their controls, and as each of the strangers somebody came between the absence and two seconds after the return. */
const strangersRefused: Oracle = inScenario((history, window, clause) => {
  const rows = refusedRows(history, clause);
  if (rows === 'fail') {
    const judged = judgedNodes(history);
    const isLetIn = ofKind(history, 'exchange').some(
      (row) =>
        row.clause === clause.id &&
        judged.has(row.node) &&
        (row.killed === true || (row.expect === 'refused' && row.outcome === 'accepted')),
    );
    return isLetIn ? 'fail' : 'inconclusive';
  }
  if (rows !== 'pass') return rows;
  const skips = skipped(history, clause);
  const faults = faultsOf(history, window);
  if (faults.length === 0 || faults.some((one) => !isWhole(one))) return skips.length > 0 ? 'skipped' : 'inconclusive';
  const came: { node: string; role: 'server' }[] = [];
  for (const { node, inForceMs, healedMs } of faults) {
    if (skips.some((skip) => skip.node === node)) continue;
    for (const stranger of strangers) {
      const met = rowsAt(history, window, node).some(
        (row) =>
          row.clause === clause.id &&
          row.row === stranger &&
          began(row) >= inForceMs! &&
          began(row) <= healedMs! + 2_000,
      );
      if (!met) return 'inconclusive';
    }
    came.push({ node, role: 'server' });
  }
  return everyPartLookedAt(history, clause, came);
});

/** Both proofs stand in their places. */
const isWhole = ({ inForceMs, healedMs }: Away) => inForceMs !== undefined && healedMs !== undefined;

interface Due {
  readonly fromMs: number;
  readonly dueMs: number | undefined;
  readonly isSaid: boolean;
  /** From when on all that is shown has to be its own. */
  readonly ownFromMs: number;
  /** An SVID that has ended may have ended meanwhile: whoever shows it is late. */
  readonly mayEnd?: true;
}

function isBack(dueOf: (history: History, window: Window, away: Away) => Due): Oracle {
  return inScenario((history, window, clause) => {
    const judged = judgedNodes(history);
    const all = faultsOf(history, window).filter(({ inForceMs }) => inForceMs !== undefined);
    if (all.length === 0) return skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive';
    const found: Verdict[] = [];
    let foreign = false;
    const looked: { node: string; role: 'server' }[] = [];
    for (const away of all) {
      if (!judged.has(away.node)) continue;
      const { fromMs, dueMs, isSaid, ownFromMs, mayEnd } = dueOf(history, window, away);
      const rows = rowsAt(history, window, away.node).filter((row) => began(row) >= fromMs);
      const shown = rows.filter((row) => row.shown !== undefined && began(row) >= ownFromMs);
      const isEnded = (row: Row) => mayEnd === true && row.unproven?.startsWith('expired: ') === true;
      if (shown.some((row) => row.unproven !== undefined && !isEnded(row))) foreign = true;
      looked.push({ node: away.node, role: 'server' });
      if (shown.some(isEnded)) {
        found.push(isSaid ? 'fail' : 'inconclusive');
        continue;
      }
      const right = rows.filter((row) => row.clause === clause.id);
      const isIn = (row: Row) => row.outcome === 'accepted' && row.shown !== undefined && row.unproven === undefined;
      const first = right
        .filter(isIn)
        .reduce<Row | undefined>((one, row) => (one === undefined || row.atMs < one.atMs ? row : one), undefined);
      if (dueMs === undefined) found.push('inconclusive');
      else if (first !== undefined && first.atMs <= dueMs) {
        const fell = right.some((row) => began(row) > first.atMs && !isIn(row));
        found.push(shown.length > 0 && !fell && isWhole(away) ? 'pass' : 'inconclusive');
      } else {
        const seen =
          first === undefined
            ? right.some(({ atMs }) => atMs >= dueMs)
            : right.some((row) => began(row) >= dueMs && began(row) < began(first));
        found.push(seen && isSaid ? 'fail' : 'inconclusive');
      }
    }
    if (foreign) return 'fail';
    if (found.includes('fail'))
      return wasOverloadedThrough(history, window.fromMs, window.toMs) ? 'inconclusive' : 'fail';
    return found.includes('inconclusive') ? 'inconclusive' : everyPartLookedAt(history, clause, looked);
  });
}

const backAfterRestart = isBack((_history, window, { injectedMs, inForceMs, withinMs }) => {
  const boundMs = withinMs ?? window.boundsMs['back'];
  return {
    fromMs: inForceMs!,
    dueMs: boundMs === undefined ? undefined : injectedMs + boundMs,
    isSaid: withinMs !== undefined,
    ownFromMs: inForceMs!,
  };
});

const backAfterPause = isBack((history, _window, { node: name, healingMs = Infinity, healedMs }) => {
  const node = ofKind(history, 'node').find((one) => one.node === name);
  const dueMs = healedMs === undefined || node === undefined ? undefined : healedMs + node.uptakeMs;
  return { fromMs: healingMs, dueMs, isSaid: node?.uptakeAssumed !== true, ownFromMs: dueMs ?? Infinity, mayEnd: true };
});

export const doorOracles: Oracles = {
  'mesh/restart/strangers-refused': strangersRefused,
  'mesh/restart/comes-back': backAfterRestart,
  'mesh/pause/strangers-refused': strangersRefused,
  'mesh/pause/comes-back': backAfterPause,
};
