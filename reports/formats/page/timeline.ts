import type { History } from '../../../src/history.ts';
import type { ScenarioReport } from '../../../src/report/report.ts';
import type { ChartOption, Picture } from './charts.ts';
import { milliseconds } from '../../wording.ts';
import { ink } from './charts.ts';
import type { Lane, TimelineData } from './timeline-data.ts';
import { benchTimelineData, timelineData } from './timeline-data.ts';

const laneHeight = 24;
const width = 1040;
const left = 168;
const right = 16;
const curveHeight = 96;
const gap = 40;

/**
 * A scenario as one picture over time: faults, authorities and SVID rotations in lanes, below them requests per second and
 * latency, with the faults shaded through all of it. Null when nothing happened that could be drawn.
 */
export function timeline(
  history: History,
  scenario: ScenarioReport,
  draw: (picture: Picture) => string,
): string | null {
  return picture(timelineData(history, scenario), `${scenario.id} ${scenario.pass ?? ''}`.trim(), draw);
}

/** A benchmark as one picture over time, drawn alike. Null where nothing was measured. */
export function benchTimeline(history: History, draw: (picture: Picture) => string): string | null {
  const data = benchTimelineData(history);
  return data && picture(data, 'benchmark', draw);
}

function picture(data: TimelineData, name: string, draw: (picture: Picture) => string): string | null {
  const hasTraffic = data.buckets.some((bucket) => bucket.ok + bucket.fail + bucket.unknown > 0);
  if (data.lanes.length === 0 && !hasTraffic) return null;
  const lanesBottom = 12 + data.lanes.length * laneHeight;
  const height = hasTraffic ? lanesBottom + 2 * (gap + curveHeight) + 34 : lanesBottom + 34;
  return draw({
    name: `timeline-${name.replace(/\W/g, '-')}`,
    label: `Timeline of ${name}: ${inWords(data)}`,
    width,
    height,
    option: option(data, lanesBottom, hasTraffic),
  });
}

/** What is seen in the picture, for who does not see it. */
function inWords({ lanes, buckets, fromMs, toMs, latencyOf, hiddenNodes }: TimelineData): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const sum = (key: 'ok' | 'fail' | 'unknown') => buckets.reduce((total, bucket) => total + bucket[key], 0);
  const highest = Math.max(...buckets.map(({ p99Ms }) => p99Ms ?? 0));
  const faults = lanes
    .filter(({ kind }) => kind === 'fault')
    .map(
      ({ label, bands }) =>
        `${label} ${bands.map((band) => `from ${seconds(band.fromMs)} to ${seconds(band.toMs)}${band.proven ? '' : ', unproven'}`).join(' and ')}`,
    );
  const svids = lanes.filter(({ kind }) => kind === 'svid');
  const presented = svids.reduce((total, { marks }) => total + marks.length, 0);
  return [
    `from ${seconds(fromMs)} to ${seconds(toMs)} of the run`,
    ...faults,
    ...lanes
      .filter(({ kind }) => kind === 'authority')
      .map(({ label, marks }) => `${label} at ${marks.map(seconds).join(' and ')}`),
    ...(svids.length === 0 ? [] : [`${presented} new SVIDs presented by ${svids.length + hiddenNodes} nodes`]),
    `${sum('ok')} requests answered, ${sum('fail')} failed, ${sum('unknown')} without an answer`,
    ...(highest > 0 ? [`99 in 100 of each moment within ${milliseconds(highest)} (${latencyOf})`] : []),
  ].join('; ');
}

function option(data: TimelineData, lanesBottom: number, hasTraffic: boolean): ChartOption {
  const tops = [12, lanesBottom + gap, lanesBottom + 2 * gap + curveHeight];
  const grids = hasTraffic ? 3 : 1;
  const last = grids - 1;
  const rate = 1000 / data.bucketMs;
  return {
    grid: tops
      .slice(0, grids)
      .map((top, at) => ({ left, right, top, height: at === 0 ? lanesBottom - 12 : curveHeight, containLabel: false })),
    xAxis: Array.from({ length: grids }, (_, at) => ({
      type: 'value' as const,
      gridIndex: at,
      min: data.fromMs,
      max: data.toMs,
      axisLabel: {
        show: at === last,
        color: ink.faint,
        fontSize: 11,
        formatter: (ms: number) => `${Number((ms / 1000).toFixed(2))} s`,
        showMinLabel: false,
        showMaxLabel: false,
        hideOverlap: true,
      },
      splitLine: { show: true, lineStyle: { color: ink.line } },
      axisLine: { show: at > 0, lineStyle: { color: ink.faint } },
      axisTick: { show: false },
    })),
    yAxis: [
      laneAxis(data.lanes),
      ...(hasTraffic ? [curveAxis(1, 'requests / s'), curveAxis(2, `${data.latencyOf} ms`)] : []),
    ],
    series: [...laneSeries(data), ...(hasTraffic ? trafficSeries(data, rate) : [])],
  };
}

function laneAxis(lanes: readonly Lane[]) {
  return {
    type: 'value' as const,
    gridIndex: 0,
    min: 0,
    max: Math.max(1, lanes.length),
    interval: 1,
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: ink.line } },
    axisLabel: { show: false },
  };
}

function curveAxis(gridIndex: number, name: string) {
  return {
    type: 'value' as const,
    gridIndex,
    min: 0,
    splitNumber: 3,
    name,
    nameLocation: 'middle' as const,
    nameRotate: 0,
    nameGap: 100,
    nameTextStyle: { color: ink.text, fontSize: 12, align: 'center' as const },
    axisLabel: { color: ink.faint, fontSize: 11 },
    axisLine: { show: true, lineStyle: { color: ink.faint } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: ink.line } },
  };
}

function laneSeries({
  lanes,
  fromMs: startMs,
}: TimelineData): NonNullable<Extract<ChartOption['series'], readonly unknown[]>> {
  const middle = (at: number) => at + 0.5;
  const base = { type: 'scatter' as const, xAxisIndex: 0, yAxisIndex: 0, silent: true, clip: false };
  return [
    {
      ...base,
      symbolSize: 0.01,
      data: lanes.map((_, at) => [startMs, middle(at)]),
      label: {
        show: true,
        position: 'left' as const,
        distance: 12,
        color: ink.text,
        fontSize: 12,
        formatter: ({ dataIndex }: { dataIndex: number }) => shortened(lanes[dataIndex]?.label ?? ''),
      },
      markArea: {
        silent: true,
        data: lanes.flatMap((lane, at) =>
          lane.bands.map(
            ({ fromMs, toMs, proven }) =>
              [
                {
                  coord: [fromMs, at + 0.14],
                  itemStyle: {
                    color: lane.kind === 'row' ? ink.accent : ink.fault,
                    opacity: lane.kind === 'row' ? 0.3 : proven ? 0.75 : 0.25,
                  },
                  name: proven ? '' : 'not proven in force',
                  label: { color: ink.text, position: 'inside' as const, fontSize: 11 },
                },
                { coord: [toMs, at + 0.86] },
              ] satisfies [unknown, unknown],
          ),
        ),
      },
    },
    {
      ...base,
      symbol: 'rect',
      symbolSize: [2, 8],
      symbolOffset: [0, -5],
      itemStyle: { color: ink.faint },
      data: lanes.flatMap((lane, at) => lane.delivered.map((ms) => [ms, middle(at)])),
    },
    {
      ...base,
      symbol: 'rect',
      symbolSize: [3, 10],
      symbolOffset: [0, 4],
      itemStyle: { color: ink.accent },
      data: lanes.flatMap((lane, at) => (lane.kind === 'svid' ? lane.marks.map((ms) => [ms, middle(at)]) : [])),
    },
    {
      ...base,
      symbol: 'diamond',
      symbolSize: 13,
      itemStyle: { color: ink.second },
      data: lanes.flatMap((lane, at) => (lane.kind === 'authority' ? lane.marks.map((ms) => [ms, middle(at)]) : [])),
    },
  ];
}

function trafficSeries(
  data: TimelineData,
  rate: number,
): NonNullable<Extract<ChartOption['series'], readonly unknown[]>> {
  const bar = (key: 'ok' | 'fail' | 'unknown', color: string) => ({
    type: 'bar' as const,
    stack: 'requests',
    xAxisIndex: 1,
    yAxisIndex: 1,
    silent: true,
    barWidth: Math.max(1, (width - left - right) / data.buckets.length - 1),
    itemStyle: { color },
    data: data.buckets.map((bucket) => [bucket.atMs + data.bucketMs / 2, bucket[key] * rate]),
    ...(key === 'ok' ? { markArea: shade(data) } : {}),
  });
  const curve = (key: 'p50Ms' | 'p99Ms', color: string) => ({
    type: 'line' as const,
    xAxisIndex: 2,
    yAxisIndex: 2,
    silent: true,
    symbolSize: 4,
    lineStyle: { color, width: 1.5 },
    itemStyle: { color },
    // A line shows what has a neighbour; what has none would not be seen without a dot.
    data: data.buckets.map((bucket, at) => ({
      value: [bucket.atMs + data.bucketMs / 2, bucket[key]],
      symbol: (data.buckets[at - 1]?.[key] ?? data.buckets[at + 1]?.[key] ?? null) === null ? 'circle' : 'none',
    })),
    ...(key === 'p50Ms' ? { markArea: shade(data) } : {}),
  });
  return [
    bar('ok', ink.pass),
    bar('unknown', ink.unknown),
    bar('fail', ink.fail),
    curve('p50Ms', ink.accent),
    curve('p99Ms', ink.second),
  ];
}

function shade(data: TimelineData) {
  const bands = data.lanes.filter(({ kind }) => kind === 'fault').flatMap((lane) => lane.bands);
  // Where several are in force at once it is no darker.
  const spans: { readonly fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of bands.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const last = spans.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else spans.push({ fromMs, toMs });
  }
  const areas = spans.map(({ fromMs, toMs }): [{ xAxis: number }, { xAxis: number }] => [
    { xAxis: fromMs },
    { xAxis: toMs },
  ]);
  return { silent: true, itemStyle: { color: ink.fault, opacity: 0.2 }, data: areas };
}

function shortened(label: string): string {
  return label.length > 21 ? `${label.slice(0, 20)}…` : label;
}
