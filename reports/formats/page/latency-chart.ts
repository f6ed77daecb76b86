import type { Bench } from '../../../src/statistics/handshakes.ts';
import { rowName } from '../../../src/statistics/bench-rows.ts';
import type { ChartOption, Picture } from './charts.ts';
import { ink } from './charts.ts';

const marks = ['0 %', '90 %', '99 %', '99.9 %', '99.99 %'];
const colors = [ink.accent, ink.second, ink.pass, ink.unknown, ink.fault, ink.fail];
const spread = (percentile: number) => -Math.log10(1 - percentile / 100);

/**
 * The percentile curves of all benches, each decade of rarity as wide as the one before, so that the tail is not squeezed
 * into the last pixel. Dashed: the same handshakes counted from when they were due. Null without benches.
 */
export function latencyChart(
  name: string,
  benches: readonly Bench[],
  draw: (picture: Picture) => string,
): string | null {
  const drawn = benches.filter(({ distribution }) => distribution.length > 0);
  if (drawn.length === 0) return null;
  return draw({
    name,
    label: 'Latency by percentile, measured and from the moment due',
    width: 1040,
    height: 300,
    option: option(drawn),
  });
}

function option(benches: readonly Bench[]): ChartOption {
  const values = benches.flatMap((bench) => bench.distribution.flatMap(({ ms, fromDueMs }) => [ms, fromDueMs]));
  const furthest = Math.max(
    1,
    ...benches.flatMap((bench) => bench.distribution.map(({ percentile }) => spread(percentile))),
  );
  return {
    grid: { left: 64, right: 150, top: 16, bottom: 34 },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.ceil(furthest * 10) / 10,
      interval: 1,
      axisLabel: {
        color: ink.faint,
        fontSize: 11,
        formatter: (at: number) => (Number.isInteger(at) ? (marks[at] ?? '') : ''),
      },
      splitLine: { lineStyle: { color: ink.line } },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ink.faint } },
    },
    yAxis: {
      type: 'log',
      min: 10 ** Math.floor(Math.log10(Math.max(0.01, Math.min(...values)))),
      axisLabel: { color: ink.faint, fontSize: 11, formatter: (ms: number) => `${ms} ms` },
      axisLine: { lineStyle: { color: ink.faint } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: benches.flatMap((bench, at) => {
      const color = colors[at % colors.length]!;
      const curve = (key: 'ms' | 'fromDueMs', name: string, type: 'solid' | 'dashed') => ({
        type: 'line' as const,
        silent: true,
        symbol: 'none',
        smooth: false,
        lineStyle: { color, width: type === 'solid' ? 2.5 : 1.5, type },
        itemStyle: { color },
        endLabel: { show: type === 'solid', color: ink.text, fontSize: 11, distance: 6, formatter: () => name },
        labelLayout: { moveOverlap: 'shiftY' as const },
        data: bench.distribution.map((point) => [spread(point.percentile), Math.max(point[key], 0.01)]),
      });
      const kind = rowName(bench.id);
      return [curve('ms', kind, 'solid'), curve('fromDueMs', kind, 'dashed')];
    }),
  };
}
