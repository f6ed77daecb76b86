import { rowName } from '../../../src/statistics/bench-rows.ts';
import type { Bench } from '../../../src/statistics/handshakes.ts';
import type { ChartOption, Picture } from './charts.ts';
import { ink } from './charts.ts';

const barHeight = 16;

/**
 * What one of a row cost whoever made it, and the node, in processor time, row by row: where the first is the longer, the generator is what a machine
 * is short of. Null where nobody told.
 */
export function cpuChart(benches: readonly Bench[], draw: (picture: Picture) => string): string | null {
  const told = benches.filter(({ row }) => (row?.generatorCpuMs ?? null) !== null);
  if (told.length === 0) return null;
  return draw({
    name: 'cpu',
    label: 'Processor time of each, at its generator and at the node',
    width: 1040,
    height: 50 + told.length * (2 * barHeight + 10),
    option: option(told),
  });
}

function option(told: readonly Bench[]): ChartOption {
  const bars = (name: string, color: string, of: (bench: Bench) => number | null | undefined) => ({
    type: 'bar' as const,
    silent: true,
    barWidth: barHeight,
    barGap: '0%',
    itemStyle: { color },
    label: {
      show: true,
      position: 'right' as const,
      color: ink.text,
      fontSize: 11,
      formatter: ({ value }: { readonly value: unknown }) =>
        typeof value === 'number' ? `${value.toFixed(2)} ms ${name}` : '',
    },
    data: told.map((bench) => of(bench) ?? null),
  });
  return {
    grid: { left: 220, right: 120, top: 8, bottom: 28 },
    xAxis: {
      type: 'value',
      min: 0,
      axisLabel: { color: ink.faint, fontSize: 11, formatter: (ms: number) => `${ms} ms` },
      splitLine: { lineStyle: { color: ink.line } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: told.map(({ id }) => rowName(id)),
      axisLabel: { color: ink.text, fontSize: 11 },
      axisLine: { lineStyle: { color: ink.faint } },
      axisTick: { show: false },
    },
    series: [
      bars('here', ink.accent, ({ row }) => row?.generatorCpuMs),
      bars('at the node', ink.second, ({ row }) => row?.nodeCpuMs),
    ],
  };
}
