import type { Knee } from '../../../src/statistics/knee.ts';
import type { ChartOption, Picture } from './charts.ts';
import { ink } from './charts.ts';

/** Latency by the rate at which connections came, with the rate at which it bends. */
export function kneeChart(knee: Knee, draw: (picture: Picture) => string): string {
  return draw({
    name: 'capacity',
    label: 'Handshake latency by connections a second',
    width: 1040,
    height: 280,
    option: option(knee),
  });
}

function option({ curve, holdsPerSecond, bendsPerSecond }: Knee): ChartOption {
  const line = (key: 'p50Ms' | 'p90Ms' | 'p99Ms', name: string, color: string) => ({
    type: 'line' as const,
    silent: true,
    symbol: 'circle',
    symbolSize: 7,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    endLabel: { show: true, color: ink.text, fontSize: 11, distance: 6, formatter: () => name },
    labelLayout: { moveOverlap: 'shiftY' as const },
    data: curve.flatMap((point) => {
      const ms = point[key];
      return ms === null ? [] : [[point.wantedPerSecond, Math.max(ms, 0.01)]];
    }),
  });
  const highest = Math.max(...curve.map(({ wantedPerSecond }) => wantedPerSecond));
  return {
    grid: { left: 64, right: 80, top: 16, bottom: 34 },
    xAxis: {
      type: 'value',
      min: 0,
      max: highest,
      axisLabel: { color: ink.faint, fontSize: 11, formatter: (rate: number) => `${rate} / s`, showMaxLabel: false },
      splitLine: { lineStyle: { color: ink.line } },
      axisLine: { lineStyle: { color: ink.faint } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'log',
      axisLabel: { color: ink.faint, fontSize: 11, formatter: (ms: number) => `${ms} ms` },
      axisLine: { lineStyle: { color: ink.faint } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: [
      {
        ...line('p50Ms', 'p50', ink.pass),
        markArea: {
          silent: true,
          itemStyle: { color: ink.fault, opacity: 0.2 },
          data:
            bendsPerSecond === null
              ? []
              : [[{ xAxis: holdsPerSecond ?? 0 }, { xAxis: bendsPerSecond }] as [{ xAxis: number }, { xAxis: number }]],
        },
      },
      line('p90Ms', 'p90', ink.accent),
      line('p99Ms', 'p99', ink.second),
    ],
  };
}
