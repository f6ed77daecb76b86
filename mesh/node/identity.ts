import { EventEmitter } from 'node:events';
import type { X509Context } from '../../spiffe/workload-api.ts';
import type { Behaviour } from './behaviour.ts';
import { held, type Held } from './held.ts';

/** The identity of a node, kept fresh by the Workload API. Emits `rotated` when what is held changes. */
export class Identity
  extends EventEmitter<{ rotated: [Held]; withdrawn: [string]; trouble: [Error] }>
  implements Disposable
{
  #held: Held | undefined;
  #context: X509Context | undefined;
  readonly #watch: Disposable;

  constructor(endpointSocket: string, behaviour: Pick<Behaviour, 'watch' | 'update'>) {
    super();
    this.#watch = behaviour.watch(endpointSocket, {
      onUpdate: (context) => {
        const taken = behaviour.update(context, this.#context);
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
