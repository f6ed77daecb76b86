import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../src/svid/x509/read.ts';
import { alarmAt } from './alarm.ts';
import { asRefusal } from './node/dial.ts';

/** One TLS connection, complete and judged. */
export interface Link {
  readonly socket: TLSSocket;
  readonly peerSpiffeId: string;
  /** As the peer showed it, leaf first. */
  readonly peerChain: readonly Certificate[];
  /** When the SVID ends that we showed. */
  readonly ownNotAfter: Date;
}

/** That the peer is tried for: since a connection to it ended, and until one carries a byte. */
interface Trial {
  readonly sinceMs: number;
  /** Before the next try; none before the first. */
  readonly pauseMs: number;
  /** Why there was need of it, or why the last try failed. */
  readonly last: Error;
}

type Done = (error?: Error | null) => void;

/** What a stream can do beyond its first TLS connection. */
export interface LinkMeans {
  /** Why a peer that showed this is no longer taken; undefined while it is. */
  readonly objection: (chain: readonly Certificate[]) => string | undefined;
  /** Opens another one to the same peer; absent where the peer opened this one. */
  readonly open?: (signal: AbortSignal) => Promise<Link>;
  /** How long another one is tried for when the present one is gone. */
  readonly reopenWithinMs: number;
}

/**
 * An SVID of the connection has ended, the peer's or our own, and no boundary came before at which it could be replaced; or some came, and nothing
 * could be had in its place: then `cause` is why.
 */
export class ConnectionExpiredError extends Error {
  override name = 'ConnectionExpiredError';
}

/** We hold no SVID any more, or the bundle no longer vouches for the peer's. */
export class IdentityLostError extends Error {
  override name = 'IdentityLostError';
}

/**
 * A byte stream to a peer whose SPIFFE ID was verified, over mutual TLS 1.3. It is never used past the end of an SVID of either side.
 *
 * Below it one TLS connection follows another, and only at a boundary: a moment of which {@link MtlsConnection.boundary} says that nothing is
 * under way in either direction. So no byte is lost without an error, and none is sent twice. Any byte, sent or received, ends the boundary. At one:
 *
 * - a connection whose SVIDs have spent two thirds of the time that they had left is replaced by one that lives longer, and drained;
 * - a connection that the peer closed, that broke, that expired or whose peer the bundle no longer vouches for is opened anew, for as long as
 *   `reopenWithinMs` says. One that ends soon and without a byte of the peer is a try that failed, as that of a server which refuses us.
 *
 * Anywhere else an end of the peer is the end of the stream, and everything else is an error. Who never calls `boundary` has a stream that ends
 * with its SVIDs: at `validUntil`, by a {@link ConnectionExpiredError}.
 *
 * Beside those of a Duplex it emits `expiring` (Date: `validUntil`) when it wants to be replaced, and `replaced` (Date: the new `validUntil`).
 *
 * As TLS 1.3 has it, a server judges us after we judged it: that it refuses us shows as a RefusedError of the stream.
 */
export class MtlsConnection extends Duplex {
  /** Verified, of whoever is at the other end. */
  readonly peerSpiffeId: string;
  readonly #means: LinkMeans;
  readonly #ending = new AbortController();
  /** Replaced and not closed yet, each with the alarm that ends it. */
  readonly #drained = new Map<TLSSocket, Disposable>();
  #link: Link;
  #alarms: Disposable[] = [];
  #atBoundary = false;
  /** A successor is wanted. */
  #wanted = false;
  /** When it may be tried for again, and what does so where nobody is at work. */
  #againAt = new Date(0);
  #again: Disposable | undefined;
  #moving = false;
  /** The present link carries nothing any more; why. */
  #dead: Error | undefined;
  #carriedSinceMs = 0;
  /** Goes on over several links, where none of them is any good. */
  #trial: Trial | undefined;
  /** Why the present link, while it was alive, was not replaced when last that was tried. */
  #unreplaced: Error | undefined;
  /** What was written while a successor was opened. */
  #held: { readonly chunk: Buffer; readonly done: Done } | undefined;
  /** That it ended meanwhile. */
  #heldEnd: Done | undefined;

  /** @internal */
  constructor(link: Link, means: LinkMeans) {
    super({ allowHalfOpen: false });
    this.#means = means;
    this.#link = link;
    this.peerSpiffeId = link.peerSpiffeId;
    this.#carry(link);
  }

  /** The first end among the SVIDs that both sides have shown on the present TLS connection. */
  get validUntil(): Date {
    return endOf(this.#link);
  }

  /**
   * Says that right now nothing is under way: all that was written has been answered, and the peer is going to send nothing by itself.
   *
   * @throws Error when bytes are still on their way out
   */
  boundary(): void {
    if (this.destroyed || this.writableEnded) return;
    if (this.writableLength > 0)
      throw new Error(
        `boundary: ${this.writableLength} bytes that were written are not out yet; wait for their callback`,
      );
    this.#atBoundary = true;
    if (this.#wanted && Date.now() >= this.#againAt.getTime()) this.#move();
  }

  /** The bundle has changed. @internal */
  review(): void {
    if (this.destroyed || this.#dead !== undefined) return;
    const objection = this.#means.objection(this.#link.peerChain);
    if (objection !== undefined)
      this.#lose(new IdentityLostError(`${this.peerSpiffeId} is no longer vouched for: ${objection}`));
  }

  override _read(): void {
    this.#link.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#moving) {
      this.#held = { chunk, done };
      return;
    }
    this.#atBoundary = false;
    this.#link.socket.write(chunk, done);
  }

  override _final(done: Done): void {
    if (this.#moving) {
      this.#heldEnd = done;
      return;
    }
    const { socket } = this.#link;
    if (socket.writable) socket.end(() => done());
    else done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#ending.abort();
    for (const alarm of [...this.#alarms, ...this.#drained.values()]) alarm[Symbol.dispose]();
    this.#again?.[Symbol.dispose]();
    const open = [this.#link.socket, ...this.#drained.keys()].filter((socket) => !socket.closed);
    let left = open.length;
    if (left === 0) done(error);
    for (const socket of open) {
      socket.once('close', () => {
        left -= 1;
        if (left === 0) done(error);
      });
      socket.destroy();
    }
  }

  /** Makes a link the present one. */
  #carry(link: Link): void {
    const { socket } = link;
    const present = () => this.#link === link;
    socket.on('data', (chunk: Buffer) => {
      if (!present()) {
        // Dropped, they would be lost; handed on, they might come out of order.
        this.destroy(
          new Error(`${this.peerSpiffeId} sent ${chunk.length} bytes on a connection that was replaced at a boundary`),
        );
        return;
      }
      this.#atBoundary = false;
      if (this.#dead === undefined) this.#trial = undefined;
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('error', (error) => {
      if (present()) this.#lose(asRefusal(error));
    });
    socket.on('end', () => {
      if (present()) this.#lose(undefined);
    });
    socket.on('close', () => {
      this.#drained.get(socket)?.[Symbol.dispose]();
      this.#drained.delete(socket);
      if (present() && !this.readableEnded && !socket.readableEnded && !this.destroyed)
        this.#lose(new Error(`the connection to ${this.peerSpiffeId} was closed in the middle`));
    });
    const end = endOf(link);
    const [now, left] = [Date.now(), end.getTime() - Date.now()];
    this.#alarms = [
      alarmAt(new Date(now + (left * 2) / 3), () => this.#expiring(end)),
      alarmAt(end, () => this.#lose(expired(link, this.#unreplaced))),
    ];
    this.#wanted = false;
    this.#dead = this.#unreplaced = undefined;
    this.#carriedSinceMs = performance.now();
  }

  #expiring(end: Date): void {
    this.#wanted = true;
    this.emit('expiring', end);
    if (this.#atBoundary) this.#move();
  }

  /** The present link is of no more use: an error says why, and undefined that the peer has ended it. */
  #lose(why: Error | undefined): void {
    if (this.destroyed || this.#dead !== undefined) return;
    if (this.#atBoundary && this.#means.open !== undefined && !this.writableEnded) {
      this.#dead = why ?? new Error(`${this.peerSpiffeId} has closed the connection, as one that refuses us does`);
      // A server that lets its connections idle for a while, and closes them, is a good one.
      if (performance.now() - this.#carriedSinceMs >= this.#means.reopenWithinMs) this.#trial = undefined;
      if (this.#trial !== undefined) this.#failed(this.#dead);
      else this.#trial = { sinceMs: performance.now(), pauseMs: 0, last: this.#dead };
      this.#link.socket.destroy();
      this.#move();
    } else if (why !== undefined) this.destroy(why);
    // The peer's clock may be ahead of ours: an end that comes with that of the SVIDs may be for their sake, in the middle of anything.
    else if (endOf(this.#link).getTime() - Date.now() < clocksMs) this.destroy(expired(this.#link, this.#unreplaced));
    else this.push(null);
  }

  #move(): void {
    // Nobody would end what came after our end.
    if (this.#moving || this.#means.open === undefined || this.writableEnded) return;
    this.#moving = true;
    this.#succeed(this.#means.open)
      .catch((error: unknown) => this.destroy(error as Error))
      .finally(() => {
        this.#moving = false;
        const [held, end] = [this.#held, this.#heldEnd];
        this.#held = this.#heldEnd = undefined;
        if (this.destroyed) held?.done(this.errored ?? new Error('closed before this was written'));
        else if (held !== undefined) this._write(held.chunk, 'binary', held.done);
        else if (end !== undefined) this._final(end);
      });
  }

  /** Opens a successor: once while the present link is alive, else until one is there or the time is over. */
  async #succeed(open: NonNullable<LinkMeans['open']>): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      if (this.#dead !== undefined) await this.#pause(this.#dead);
      let next: Link;
      try {
        // What is written meanwhile waits, and need not for long: the present link is good.
        next = await open(
          this.#dead === undefined ? AbortSignal.any([signal, AbortSignal.timeout(aliveWithinMs)]) : signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        if (this.#dead === undefined) return this.#tryLater(error as Error);
        this.#failed(error as Error);
        continue;
      }
      if (signal.aborted) next.socket.destroy();
      else if (this.#dead !== undefined || (this.#atBoundary && endOf(next) > endOf(this.#link))) this.#replaceBy(next);
      else {
        // The peer has spoken meanwhile, or neither side holds a newer SVID yet.
        next.socket.destroy();
        this.#tryLater(this.#atBoundary ? new Error('the one that was opened for it ends no later') : undefined);
      }
      return;
    }
  }

  /** A try has failed. */
  #failed(why: Error): void {
    const { sinceMs, pauseMs } = this.#trial!;
    this.#trial = { sinceMs, pauseMs: Math.min(Math.max(pauseMs * 2, 50), 1_000), last: why };
  }

  /** Before the next try of a trial. @throws Error when its time is over; why the last try failed */
  async #pause(dead: Error): Promise<void> {
    const { sinceMs, pauseMs, last } = this.#trial!;
    if (pauseMs === 0) return;
    const leftMs = sinceMs + this.#means.reopenWithinMs - performance.now();
    if (leftMs <= 0) throw dead instanceof ConnectionExpiredError ? expired(this.#link, last) : last;
    const ms = Math.min(pauseMs * (0.5 + Math.random() / 2), leftMs);
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  #tryLater(why: Error | undefined): void {
    this.#unreplaced = why ?? this.#unreplaced;
    const left = endOf(this.#link).getTime() - Date.now();
    this.#againAt = new Date(Date.now() + Math.max(retryMs, left / 8));
    this.#again?.[Symbol.dispose]();
    this.#again = alarmAt(this.#againAt, () => {
      if (this.#wanted && this.#atBoundary) this.#move();
    });
  }

  #replaceBy(next: Link): void {
    const { socket } = this.#link;
    for (const alarm of this.#alarms) alarm[Symbol.dispose]();
    this.#again?.[Symbol.dispose]();
    this.#againAt = new Date(0);
    const last = endOf(this.#link);
    this.#link = next;
    this.#carry(next);
    if (!socket.destroyed) {
      this.#drained.set(
        socket,
        alarmAt(last, () => socket.destroy()),
      );
      socket.resume();
      socket.end();
    }
    this.emit('replaced', endOf(next));
  }
}

/** Between two tries to replace what is good, or longer: an eighth of the time that is left. */
const retryMs = 500;
/** How long one of them may take. */
const aliveWithinMs = 1_000;
/** By how much clocks of two hosts may differ, as a rule. */
const clocksMs = 1_000;

function endOf({ peerChain, ownNotAfter }: Link): Date {
  return new Date(Math.min(ownNotAfter.getTime(), ...peerChain.map(({ notAfter }) => notAfter.getTime())));
}

function expired(link: Link, unreplaced: Error | undefined): ConnectionExpiredError {
  const [whose, end] =
    endOf(link) < link.ownNotAfter ? [`that of ${link.peerSpiffeId}`, endOf(link)] : ['our own', link.ownNotAfter];
  return new ConnectionExpiredError(
    `an SVID of the connection ends at ${end.toISOString()}, ${whose}, and ${unreplaced === undefined ? 'no boundary came before at which it could be replaced' : `it could not be replaced: ${unreplaced.message}`}`,
    unreplaced && { cause: unreplaced },
  );
}
