import type { Bench } from '../../../src/statistics/handshakes.ts';
import type { ChartOption, Picture } from './charts.ts';
import { ink } from './charts.ts';

const marks = ['0 %', '90 %', '99 %', '99.9 %', '99.99 %'];
const spread = (percentile: number) => -Math.log10(1 - percentile / 100);

/**
 * The percentile curves of all benches, each decade of rarity as wide as the one before, so that the tail is not squeezed
 * into the last pixel. Dashed: the same handshakes counted from when they were due. Null without benches.
 */
export function latencyChart(benches: readonly Bench[], draw: (picture: Picture) => string): string | null {
  if (benches.length === 0) return null;
  return draw({
    name: 'latency',
    label: 'Handshake latency by percentile, measured and from the moment due',
    width: 1040,
    height: 300,
    option: option(benches),
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
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: benches.flatMap((bench, at) => {
      const color = at === 0 ? ink.accent : ink.second;
      const curve = (key: 'ms' | 'fromDueMs', name: string, type: 'solid' | 'dashed') => ({
        type: 'line' as const,
        silent: true,
        symbol: 'none',
        smooth: false,
        lineStyle: { color, width: type === 'solid' ? 2.5 : 1.5, type },
        itemStyle: { color },
        endLabel: { show: true, color: ink.text, fontSize: 11, distance: 6, formatter: () => name },
        labelLayout: { moveOverlap: 'shiftY' as const },
        data: bench.distribution.map((point) => [spread(point.percentile), Math.max(point[key], 0.01)]),
      });
      const kind = bench.id.replace('handshake/', '');
      return [curve('ms', `${kind}, measured`, 'solid'), curve('fromDueMs', `${kind}, from due`, 'dashed')];
    }),
  };
}
