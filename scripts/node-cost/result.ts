import { join } from 'node:path';
import { readKept, writeKept } from '../kept-file.ts';

const path = join(import.meta.dirname, 'result.json');

/** What `npm run bench:node` keeps of its last run. */
export interface NodeCost {
  /** UTC. */
  readonly date: string;
  readonly cores: number;
  readonly rounds: number;
  /** Each with the request that comes with it. */
  readonly handshake: CostOf;
  /** On connections that stand. */
  readonly request: CostOf;
}

/** Processor time of the node itself, in milliseconds, as the median of rounds. */
export interface CostOf {
  readonly referenceMs: number;
  readonly bareMs: number;
  /** How much more the reference node takes, as a share: the median of the rounds, in which both were measured in turn. */
  readonly moreBy: number;
  /** The least and the most of any round. */
  readonly between: readonly [number, number];
}

/** Undefined where it was never measured. */
export const readNodeCost = () => readKept<NodeCost>(path);

export const writeNodeCost = (result: NodeCost) => writeKept(path, result);
