import { create } from 'xmlbuilder2';
import type { Report } from '../../src/report/report.ts';

const colours = { pass: '#1a7046', fail: '#b3261e', inconclusive: '#8a5a00' } as const;
const label = 'assay';
const [letter, gap, height] = [6.6, 14, 20];

/** A badge that says what a run came to and on which day, as SVG. */
export function badge({ verdict, run }: Report): string {
  const says = `${verdict} · ${run.startedAt.slice(0, 10)}`;
  const [left, right] = [label, says].map((text) => Math.round(text.length * letter) + gap) as [number, number];
  const svg = create().ele('svg', {
    xmlns: 'http://www.w3.org/2000/svg',
    width: left + right,
    height,
    role: 'img',
    'aria-label': `${label}: ${says}`,
  });
  svg.ele('rect', { width: left + right, height, rx: 4, fill: '#3d444b' });
  svg.ele('path', { d: `M${left} 0h${right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H${left}z`, fill: colours[verdict] });
  const text = svg.ele('g', {
    fill: '#ffffff',
    'text-anchor': 'middle',
    'font-family': 'Verdana, DejaVu Sans, sans-serif',
    'font-size': 11,
  });
  text.ele('text', { x: left / 2, y: 14 }).txt(label);
  text.ele('text', { x: left + right / 2, y: 14 }).txt(says);
  return `${svg.end({ headless: true })}\n`;
}
