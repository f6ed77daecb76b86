import { Gauge, Registry, type OpenMetricsContentType } from 'prom-client';
import type { History } from '../../src/history.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import type { Report } from '../../src/report/report.ts';
import { pointsOf } from '../points.ts';
import { rowName } from '../../src/statistics/bench-rows.ts';
import type { ReportFormat } from '../format.ts';

/** OpenMetrics 1.0: verdicts, claims and figures as gauges, times in seconds. */
export const format = {
  id: 'openmetrics',
  title: 'OpenMetrics, the verdict of each clause and every figure of the benches, for dashboards.',
  fileName: 'metrics.prom',
  verdicts: {
    pass: 'verdict="pass"',
    fail: 'verdict="fail"',
    inconclusive: 'verdict="inconclusive"',
    skipped: 'verdict="skipped"',
    deviation: 'verdict="deviation"',
    accepted: 'verdict="accepted"',
  },
  render: openMetrics,
} as const satisfies ReportFormat;

function openMetrics(report: Report, history: History): Promise<string> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `assay_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const { run } = report;
  gauge('run', 'The run, with its verdict.', ['run', 'command', 'runtime', 'verdict']).set(
    { run: run.id, command: run.command, runtime: run.runtime, verdict: report.verdict },
    1,
  );
  const clauses = gauge('clause', 'A clause or a bound, with its verdict.', ['clause', 'verdict']);
  for (const point of pointsOf(report, history)) clauses.set({ clause: point.id, verdict: outcomeOf(point) }, 1);
  if (report.certification !== undefined) {
    const claims = gauge('claim', 'What a certification claims of a promise or of a document.', ['of', 'id', 'claim']);
    for (const { of, id, claim } of report.certification.claims) claims.set({ of, id, claim }, 1);
  }

  const rows = ['row', 'generator', 'loop'];
  const timed = (name: string, what: string) => ({
    latency: gauge(`${name}_seconds`, `${what}, by quantile and by what it is counted from.`, [
      ...rows,
      ...['quantile', 'from'],
    ]),
    interval: gauge(`${name}_interval_seconds`, 'Where a quantile lies with a confidence of 95 %.', [
      ...rows,
      ...['quantile', 'bound'],
    ]),
  });
  const [handshake, operation] = [timed('handshake', 'TLS handshake'), timed('operation', 'Operation of SPIRE')];
  const connections = gauge('connections', 'Connections or operations, by what came of them.', [...rows, 'outcome']);
  const rate = gauge('connections_per_second', 'How many a second were made.', rows);
  const cpu = gauge('connection_cpu_seconds', 'Processor time of one.', [...rows, 'at']);
  for (const bench of report.bench) {
    const { row } = bench;
    const { latency, interval } = row?.times === undefined ? handshake : operation;
    const labels = { row: rowName(bench.id), generator: row?.generator ?? 'assay', loop: row?.loop ?? 'open' };
    const few = row !== undefined && row.state !== 'told' && row.fromDue.length === 0;
    const quantiles = [
      ['0.5', bench.p50Ms, bench.fromDueP50Ms],
      ['0.9', bench.p90Ms, bench.fromDueP90Ms],
      ['0.99', bench.p99Ms, bench.fromDueP99Ms],
      ['0.999', bench.p999Ms, bench.fromDueP999Ms],
    ] as const;
    // Who tells of no latency told none of zero.
    for (const [quantile, measured, fromDue] of bench.maxMs > 0 && !few ? quantiles : []) {
      if (measured !== null)
        latency.set(
          { ...labels, quantile, from: row?.times === undefined ? 'tcp connected' : 'begun' },
          measured / 1000,
        );
      if (fromDue !== null && row?.state !== 'told') latency.set({ ...labels, quantile, from: 'due' }, fromDue / 1000);
    }
    for (const { percentile, interval: lies } of row?.fromDue ?? []) {
      if (lies === null) continue;
      const quantile = String(Number((percentile / 100).toFixed(6)));
      interval.set({ ...labels, quantile, bound: 'low' }, lies.lowMs / 1000);
      interval.set({ ...labels, quantile, bound: 'high' }, lies.highMs / 1000);
    }
    connections.set({ ...labels, outcome: 'answered' }, bench.count);
    if (row !== undefined) connections.set({ ...labels, outcome: 'answered otherwise' }, row.otherwise);
    connections.set({ ...labels, outcome: 'failed' }, bench.errors);
    rate.set(labels, bench.perSecond);
    const cpuMs = { generator: row?.generatorCpuMs ?? null, node: row?.nodeCpuMs ?? null };
    for (const [at, ms] of Object.entries(cpuMs)) if (ms !== null) cpu.set({ ...labels, at }, ms / 1000);
  }
  return registry.metrics();
}
