import type { Scene } from './scene.ts';

/** The trees of troubleshooting: what a person sees go wrong, and begins with. */
export const trees = ['rotation', 'handshake', 'helper'] as const;
export type Tree = (typeof trees)[number];

/** One thing that goes wrong, as somebody on call looks for it. */
export interface Cause {
  /** Never changes; unique among all trees. */
  readonly id: string;
  readonly tree: Tree;
  /** What of the tree it belongs to, as a thing to check. */
  readonly branch: string;
  /** What is wrong, as a sentence without its full stop. */
  readonly title: string;
  /** What is seen of it where it is not looked for. */
  readonly symptom: string;
  /** What mends it. */
  readonly remedy: string;
  /** Looks for it in what was seen; says by what it was found, ruled out, or why nobody can tell. */
  look(scene: Scene): Finding;
}

/** What came of looking for a cause. */
export interface Finding {
  readonly state: 'found' | 'ruled-out' | 'unseen';
  /** By what, in words; of `unseen` what it would take. */
  readonly says: string;
}

export const found = (says: string): Finding => ({ state: 'found', says });
export const ruledOut = (says: string): Finding => ({ state: 'ruled-out', says });
export const unseen = (says: string): Finding => ({ state: 'unseen', says });
