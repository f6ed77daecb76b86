import type { ConformerTool } from '../conformer.ts';

/** The node in Rust: rustls leaves to the program what other stacks do by themselves. */
export const rustStyles: readonly ConformerTool[] = [
  {
    kind: 'tool',
    id: 'rustls-node',
    title: 'A node in Rust: rustls and rust-spiffe',
    judgedBy: [],
    wholeGate: true,
    tool: 'assay-rust-node',
    args: [],
  },
  {
    kind: 'tool',
    id: 'rustls-resuming',
    title: 'In Rust: gives session tickets, judges again who comes with one, and closes a complete handshake to refuse',
    judgedBy: ['suites', 'rotation', 'partition-long'],
    tool: 'assay-rust-node',
    args: ['--resume'],
  },
];
