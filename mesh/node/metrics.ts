/**
 * Counters of the reference node, in Prometheus' text format. Services have more, by prom-client (mesh/observability): that takes 40 ms and 10 MB to load, which
 * a gate would pay for each of its nodes.
 */
export class Metrics {
  readonly #counts = new Map<string, number>();
  readonly #bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
  readonly #buckets = new Array<number>(this.#bounds.length + 1).fill(0);
  #sumSeconds = 0;

  handshake(role: 'server' | 'client', ok: boolean, seconds?: number): void {
    this.#add(`mesh_mtls_handshakes_total{role="${role}",result="${ok ? 'ok' : 'refused'}"}`);
    if (!ok) this.#add(`mesh_mtls_auth_failures_total{role="${role}"}`);
    if (seconds === undefined) return;
    const at = this.#bounds.findIndex((bound) => seconds <= bound);
    this.#buckets[at < 0 ? this.#bounds.length : at]!++;
    this.#sumSeconds += seconds;
  }

  rotation(): void {
    this.#add('mesh_svid_rotations_total');
  }

  text(): string {
    const lines = [
      '# TYPE mesh_mtls_handshakes_total counter',
      '# TYPE mesh_mtls_auth_failures_total counter',
      '# TYPE mesh_svid_rotations_total counter',
    ];
    for (const [series, count] of [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
      lines.push(`${series} ${count}`);
    lines.push('# TYPE mesh_mtls_handshake_duration_seconds histogram');
    let total = 0;
    for (const [at, count] of this.#buckets.entries()) {
      total += count;
      lines.push(`mesh_mtls_handshake_duration_seconds_bucket{le="${this.#bounds[at] ?? '+Inf'}"} ${total}`);
    }
    lines.push(
      `mesh_mtls_handshake_duration_seconds_sum ${this.#sumSeconds}`,
      `mesh_mtls_handshake_duration_seconds_count ${total}`,
    );
    return `${lines.join('\n')}\n`;
  }

  #add(series: string): void {
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + 1);
  }
}
