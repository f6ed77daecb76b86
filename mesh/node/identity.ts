import { EventEmitter } from 'node:events';
import type { X509Context } from '../../spiffe/workload-api.ts';
import type { Behaviour } from './behaviour.ts';
import { held, type Held } from './held.ts';

/** Who is told what a source of SVIDs has. */
export interface SvidListener {
  /** What there is now, equal or not to what was before. */
  onUpdate(context: X509Context): void;
  /** There is no identity any more: the one that is held must not be used. */
  onWithdrawn(reason: string): void;
  /** What keeps the source from telling more. What was told last stays good until it expires. */
  onTrouble(error: Error): void;
}

/** Where the identity of a node comes from, as the Workload API or files. Disposing it ends it: nothing is told later. */
export type SvidSource = (listener: SvidListener) => Disposable;

/** The identity of a node, kept fresh by its source. Emits `rotated` when what is held changes. */
export class Identity
  extends EventEmitter<{ rotated: [Held]; withdrawn: [string]; trouble: [Error] }>
  implements Disposable
{
  #held: Held | undefined;
  #context: X509Context | undefined;
  readonly #watch: Disposable;

  constructor(source: SvidSource, { update }: Pick<Behaviour, 'update'>) {
    super();
    this.#watch = source({
      onUpdate: (context) => {
        const taken = update(context, this.#context);
        const next = taken === undefined ? undefined : held(taken);
        if (taken === undefined || next === undefined) return;
        this.#context = taken;
        this.#held = next;
        this.emit('rotated', next);
      },
      onWithdrawn: (reason) => {
        this.#held = undefined;
        this.#context = undefined;
        this.emit('withdrawn', reason);
      },
      onTrouble: (error) => this.emit('trouble', error),
    });
  }

  /** Undefined before the first SVID and after it was withdrawn. */
  get current(): Held | undefined {
    return this.#held;
  }

  /** Waits for the first SVID. @throws the signal's reason */
  async ready(signal?: AbortSignal): Promise<Held> {
    signal?.throwIfAborted();
    if (this.#held !== undefined) return this.#held;
    const { promise, resolve, reject } = Promise.withResolvers<Held>();
    const abort = () => reject(signal!.reason as Error);
    this.once('rotated', resolve);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      this.off('rotated', resolve);
      signal?.removeEventListener('abort', abort);
    }
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
