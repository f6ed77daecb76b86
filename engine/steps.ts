/** Tells a person what is happening now. */
export interface Steps {
  /** Shows `title` while `work` runs; `say` adds what it is at. */
  step<T>(id: string, title: string, work: (say: (text: string) => void) => Promise<T>): Promise<T>;
  trouble(message: string): void;
}

export const silent: Steps = { step: (_id, _title, work) => work(() => {}), trouble: () => {} };
