import type { MeshNodeSpec, MeshSpec } from '../fixtures/target/mesh-spec.ts';
import type { ToolName } from '../fixtures/toolchain/toolchain.ts';
import type { Behaviour } from '../mesh/node/behaviour.ts';
import { modulePath } from '../src/module-file.ts';

/** A right implementation in a style of its own: it breaks no promise, so that nothing may fail it and nothing may be left open. */
export type Conformer = ConformerNode | ConformerTool | ConformerCommand;

/** What a conformer is judged by: the suites that look at nodes, or one scenario by its id. */
export type JudgedBy = 'suites' | 'rotation' | 'partition-short' | 'partition-long';

interface What {
  readonly id: string;
  /** What it does in its own way. */
  readonly title: string;
  readonly judgedBy: readonly JudgedBy[];
  /** It is judged by the whole gate instead, in meshes of its own. */
  readonly wholeGate?: true;
  /** The mesh that it needs, where it is another one than those of the gate. */
  readonly mesh?: MeshStyle;
  readonly node?: Pick<MeshNodeSpec, 'alsoServices'>;
  /** What it has no part in, and says so: its clauses are skipped. */
  readonly offersNot?: 'dial' | 'kept connections';
}

/** A mesh deployed in another way; conformers that name the same one share it. */
export interface MeshStyle {
  readonly id: string;
  readonly spec: Partial<Pick<MeshSpec, 'caKeyType' | 'svidKeyType' | 'upstreamAuthority'>>;
}

/** The reference node with one decision made in another way. */
export interface ConformerNode extends What {
  readonly kind: 'node';
  readonly change: Partial<Behaviour>;
}

/** A program of the toolchain that obeys the node contract. */
export interface ConformerTool extends What {
  readonly kind: 'tool';
  readonly tool: ToolName;
  readonly args: readonly string[];
}

/** The reference node, started in another way. */
export interface ConformerCommand extends What {
  readonly kind: 'command';
  /** What that takes of the node itself. */
  readonly change?: Partial<Behaviour>;
  /** From the words that start the reference node; a string goes through a shell. */
  readonly command: (reference: readonly string[]) => string | readonly string[];
}

/** How a conformer is started; `tool` gives the path of a program of the toolchain. */
export function commandOfConformer(conformer: Conformer, tool: (name: ToolName) => string): string | readonly string[] {
  switch (conformer.kind) {
    case 'tool':
      return [tool(conformer.tool), ...conformer.args];
    case 'node':
      return nodeMain(conformer.id);
    case 'command':
      return conformer.command(nodeMain(conformer.id));
  }
}

/** The reference node with what the conformer or impostor of this id changes. */
export function nodeMain(id: string): readonly string[] {
  return [process.execPath, modulePath('./node-main.ts', import.meta.url), id];
}
