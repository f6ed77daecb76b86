import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { refusalReason, type Handshake } from '../node/handshake.ts';

const roles = ['server', 'client'] as const;
/** On which side of a connection a service stands. */
export type Role = (typeof roles)[number];

// A handshake within a host takes one or two milliseconds, one across a continent hundreds.
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** A request of a peer, or of a person, that was answered, or that nobody waited for any more. */
export interface ServedRequest {
  readonly method: string;
  /** One of a service's own routes, or `other`. */
  readonly route: string;
  /** Of HTTP; 0 where the caller was gone before the answer. */
  readonly status: number;
  readonly seconds: number;
}

/** What a service of the mesh counts and measures, for Prometheus. Times are in seconds, instants in seconds since 1970. */
export class MeshMetrics {
  readonly #registry = new Registry();
  readonly #handshakes = new Counter({
    name: 'mesh_mtls_handshakes_total',
    help: 'mTLS handshakes that have ended, by what came of them: ok, refused, error.',
    labelNames: ['role', 'result'] as const,
    registers: [this.#registry],
  });
  readonly #handshakeSeconds = new Histogram({
    name: 'mesh_mtls_handshake_duration_seconds',
    help: 'From the connection to the end of the handshake that both sides were verified in.',
    labelNames: ['role'] as const,
    buckets,
    registers: [this.#registry],
  });
  readonly #authFailures = new Counter({
    name: 'mesh_mtls_auth_failures_total',
    help: 'Peers that were refused, by the kind of reason.',
    labelNames: ['role', 'reason'] as const,
    registers: [this.#registry],
  });
  readonly #rotations = new Counter({
    name: 'mesh_svid_rotations_total',
    help: 'SVIDs that took the place of another one.',
    registers: [this.#registry],
  });
  readonly #active = new Gauge({
    name: 'mesh_mtls_active_connections',
    help: 'mTLS connections that are open.',
    labelNames: ['role'] as const,
    registers: [this.#registry],
  });
  readonly #requestSeconds = new Histogram({
    name: 'mesh_request_duration_seconds',
    help: 'From a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets,
    registers: [this.#registry],
  });
  readonly #requestErrors = new Counter({
    name: 'mesh_request_errors_total',
    help: 'Requests that were answered with 5xx, or whose caller was gone before the answer.',
    labelNames: ['route'] as const,
    registers: [this.#registry],
  });
  readonly #callErrors = new Counter({
    name: 'mesh_call_errors_total',
    help: 'Calls to a peer that brought no answer.',
    labelNames: ['peer'] as const,
    registers: [this.#registry],
  });

  /** @param svid - what is held at the time of a look: its ID, and when it ends */
  constructor(svid: () => { readonly spiffeId: string; readonly notAfter: Date } | undefined) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'mesh_svid_expiry_timestamp_seconds',
      help: 'When the SVID ends that is held; absent where there is none.',
      labelNames: ['spiffe_id'] as const,
      registers: [this.#registry],
      collect() {
        this.reset();
        const held = svid();
        if (held !== undefined) this.set({ spiffe_id: held.spiffeId }, held.notAfter.getTime() / 1_000);
      },
    });
    // A rate over a series that begins with its first event misses that event.
    for (const role of roles) {
      this.#active.set({ role }, 0);
      for (const result of ['ok', 'refused', 'error'] as const) this.#handshakes.inc({ role, result }, 0);
    }
  }

  handshake({ role, result, seconds, why = '' }: Handshake): void {
    this.#handshakes.inc({ role, result });
    if (result === 'refused') this.#authFailures.inc({ role, reason: refusalReason(why) });
    if (result === 'ok' && seconds !== undefined) this.#handshakeSeconds.observe({ role }, seconds);
  }

  rotated(): void {
    this.#rotations.inc();
  }

  /** A connection was opened. @returns what tells that it was closed */
  connected(role: Role): () => void {
    this.#active.inc({ role });
    return () => this.#active.dec({ role });
  }

  served({ method, route, status, seconds }: ServedRequest): void {
    this.#requestSeconds.observe({ method, route, status: String(status) }, seconds);
    if (status >= 500 || status === 0) this.#requestErrors.inc({ route });
  }

  callFailed(peer: string): void {
    this.#callErrors.inc({ peer });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
