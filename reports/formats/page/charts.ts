import type { ComposeOption, EChartsType } from 'echarts/core';
import type { BarSeriesOption, LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { GridComponentOption, MarkAreaComponentOption } from 'echarts/components';

/** The options of echarts for the kinds of series and components that are loaded here; others would draw nothing. */
export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | ScatterSeriesOption | GridComponentOption | MarkAreaComponentOption
>;

/**
 * Colours as echarts sees them. It computes with colours, so it is given plain ones that nothing else uses, and the finished
 * picture gets the page's custom properties instead: one picture then serves light, dark and print.
 */
export const ink = {
  text: '#010101',
  faint: '#010102',
  line: '#010103',
  pass: '#010104',
  fail: '#010105',
  unknown: '#010106',
  fault: '#010107',
  accent: '#010108',
  second: '#010109',
} as const satisfies Readonly<Record<string, string>>;

/** A picture that is to be drawn; `label` is what a screen reader says of it, and sizes are CSS pixels. */
export interface Picture {
  /** Distinguishes the ids inside of this picture from those of others on the same page. */
  readonly name: string;
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly option: ChartOption;
}

// The collections `echarts/charts` and `echarts/components` load every chart there is: three times the processor time of these.
const parts = [
  'chart/bar/install.js',
  'chart/line/install.js',
  'chart/scatter/install.js',
  'component/grid/install.js',
  'component/marker/installMarkArea.js',
  'renderer/installSVGRenderer.js',
] as const;

let loading: Promise<(picture: Picture) => string> | undefined;

/** Gives the function that draws a picture as SVG text: the same text each time for the same picture. Loads echarts on first use. */
export function loadCharts(): Promise<(picture: Picture) => string> {
  loading ??= load();
  return loading;
}

async function load(): Promise<(picture: Picture) => string> {
  const core = await import('echarts/core');
  const installed = await Promise.all(
    parts.map((part) => import(`echarts/lib/${part}`) as Promise<{ install: Parameters<typeof core.use>[0] }>),
  );
  for (const { install } of installed) core.use(install);
  return (picture) => {
    const chart: EChartsType = core.init(null, null, {
      renderer: 'svg',
      ssr: true,
      width: picture.width,
      height: picture.height,
    });
    try {
      chart.setOption({
        animation: false,
        backgroundColor: 'transparent',
        textStyle: { fontFamily: 'inherit', color: ink.text },
        ...picture.option,
      });
      return finish(chart.renderToSVGString(), picture);
    } finally {
      chart.dispose();
    }
  };
}

function finish(svg: string, { name, label }: Picture): string {
  let text = slim(svg)
    // Ids carry counts over all charts drawn by this process, and would differ from one rendering to the next.
    .replace(/zr\d+-/g, `${name}-`)
    .replace(
      '<svg ',
      `<svg role="img" aria-label="${label.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)}" `,
    );
  for (const [key, value] of Object.entries(ink)) {
    text = text
      .replaceAll(value, `var(--ink-${key})`)
      .replaceAll(`rgb(1,1,${Number.parseInt(value.slice(5), 16)})`, `var(--ink-${key})`);
  }
  return text;
}

/** The same picture in a quarter of the bytes: nobody points at anything in it, and neighbours that look alike are one path. */
function slim(svg: string): string {
  return svg
    .replace(/<style ?>.*?<\/style>\s*/gs, '')
    .replace(/ (?:class|pointer-events|xmlns:xlink|baseProfile|version|xml:space|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/<path d="[^"]*[lL]0 0l[^"]*"[^>]*><\/path>\n/g, '')
    .replace(/(?:<path d="[^"]*"(?: (?!transform|clip-path|[\w-]*opacity)[\w-]+="[^"]*")*><\/path>\n)+/g, merged);
}

const path = /<path d="([^"]*)"([^>]*)><\/path>\n/g;

function merged(paths: string): string {
  const runs: { readonly look: string; d: string }[] = [];
  for (const [, d = '', look = ''] of paths.matchAll(path)) {
    const last = runs.at(-1);
    if (last?.look === look) last.d += d;
    else runs.push({ look, d });
  }
  return runs.map(({ look, d }) => `<path d="${d}"${look}></path>\n`).join('');
}
