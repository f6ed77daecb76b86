import type { MeshSpec } from '../fixtures/target/mesh-spec.ts';
/** Tells a person what is happening now. */
export interface Steps {
  /** Shows `title` while `work` runs; `say` adds what it is at. */
  step<T>(id: string, title: string, work: (say: (text: string) => void) => Promise<T>): Promise<T>;
  trouble(message: string): void;
}

export const silent: Steps = { step: (_id, _title, work) => work(() => {}), trouble: () => {} };

/** How the standing up of a mesh is shown. */
export function meshTitle({ name, nodes }: MeshSpec): string {
  const agents = nodes.length === 1 ? 'one node with its agent' : `${nodes.length} nodes with an agent each`;
  return `Mesh ${name}: SPIRE, ${agents}`;
}
