import { percent } from '../percent.ts';
import { entriesOf, type History } from '../history.ts';

// The gate itself has its threads wait for a fifth of the time on two processors, and decides everything.
const shortShare = 0.25;
const stolenShare = 0.1;

/**
 * What a run lacked of its machine, in words; undefined where it had enough. It decides nothing: what a busy machine excuses is judged clause by
 * clause.
 */
export function shortageOf(history: History): string | undefined {
  const { share, whose } = waitedFor(history);
  if (share > shortShare) return `threads of ${whose} waited ${percent(share)} of the time for a processor`;
  const told = entriesOf(history, 'machine').flatMap(({ stolen }) => stolen ?? []);
  const stolen = sumOf(told) / Math.max(1, told.length);
  return stolen > stolenShare ? `its host took away ${percent(stolen)} of the time of its processors` : undefined;
}

/** The share of the time for which threads waited that had work to do: those of load sources, and of each node the one that waited longest. */
function waitedFor(history: History): { readonly share: number; readonly whose: string } {
  const ours = entriesOf(history, 'machine').filter(({ waitedMs }) => waitedMs !== undefined);
  const fromMs = ours.reduce((first, one) => Math.min(first, one.fromMs), Infinity);
  const toMs = ours.reduce((last, one) => Math.max(last, one.atMs), 0);
  const starved = entriesOf(history, 'starved').filter((one) => one.fromMs >= fromMs && one.atMs <= toMs);
  // A moment in which a node hardly waited is not told; where none is told at all, nobody may have looked.
  const nodes = new Set(
    starved.length === 0 ? [] : [...entriesOf(history, 'node'), ...starved].map(({ node }) => node),
  );
  const waitedMs = sumOf([...ours, ...starved].map((one) => one.waitedMs ?? 0));
  const tookMs = sumOf(ours.map((one) => one.atMs - one.fromMs)) + nodes.size * (toMs - fromMs);
  return {
    share: ours.length === 0 ? 0 : waitedMs / tookMs,
    whose: nodes.size === 0 ? 'Assay' : 'Assay and of the nodes',
  };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
