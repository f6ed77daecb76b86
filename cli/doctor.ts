import { canRun, examine } from '../fixtures/doctor/doctor.ts';
import { paintedIf } from './painted.ts';
import type { Finding } from '../fixtures/doctor/doctor.ts';

const marks = {
  ok: ['✓', 'green'],
  'not built yet': ['○', 'yellow'],
  'not fetched yet': ['○', 'yellow'],
  missing: ['–', 'yellow'],
  broken: ['✗', 'red'],
} as const;

/**
 * `assay doctor`: prints what can be used here, what cannot, and what would change it.
 *
 * @returns 0 when the default runtime works or will once its programs are built, else 3
 */
export async function doctorCommand(options: { json: boolean; color: boolean }): Promise<number> {
  const findings = await examine();
  process.stdout.write(
    options.json ? `${JSON.stringify(findings, null, 2)}\n` : renderFindings(findings, options.color),
  );
  return canRun(findings) ? 0 : 3;
}

/** The findings for a person to read; `color` only allows colours, NO_COLOR and a pipe still forbid them. */
export function renderFindings(findings: readonly Finding[], color: boolean): string {
  const paint = paintedIf(color);
  const width = Math.max(...findings.map(({ title }) => title.length));
  const lines: string[] = [];
  for (const [heading, prefix] of [
    ['Runtimes', 'runtime/'],
    ['Programs', 'program/'],
  ] as const) {
    lines.push(paint('bold', heading));
    for (const { id, title, state, found, why, remedy } of findings) {
      if (!id.startsWith(prefix)) continue;
      const [mark, hue] = marks[state];
      const told = [state === 'ok' ? undefined : paint(hue, state), found ?? undefined]
        .filter((text) => text !== undefined)
        .join(', ');
      lines.push(`  ${paint(hue, mark)} ${title.padEnd(width)}  ${told}`);
      const indent = ' '.repeat(width + 6);
      if (why !== null) lines.push(`${indent}${paint('dim', why)}`);
      if (remedy !== null) lines.push(`${indent}${paint('cyan', `→ ${remedy}`)}`);
    }
    lines.push('');
  }
  return lines.join('\n');
}
