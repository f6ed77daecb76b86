import { styleText } from 'node:util';

/** Paints words for standard output; `color` only allows colours, NO_COLOR and a pipe still forbid them. */
export function paintedIf(color: boolean) {
  return (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { stream: process.stdout }) : text;
}
