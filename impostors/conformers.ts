import type { ToolName } from '../fixtures/toolchain/toolchain.ts';

/** An implementation of a mesh node that is known to be right: nothing may fail it. */
export interface Conformer {
  readonly id: string;
  readonly title: string;
  /** Where it is not our reference node: the program, by the node contract. */
  readonly tool?: ToolName;
}

export const conformers: readonly Conformer[] = [
  { id: 'reference-node', title: "Assay's reference node: TypeScript, node:tls and a Workload API client of its own" },
  { id: 'go-node', title: 'A node in Go: crypto/tls and go-spiffe', tool: 'assay-go-node' },
];
