import { oneLine, withoutMarkup } from '../../markdown-words.ts';
import { namespace } from './names.ts';
import type { Property } from './model.ts';

/** Words where OSCAL reads Markdown, which is in every title and description: as words, whoever chose them. Where there are none, it says so. */
export function text(words: string): string {
  const line = oneLine(words);
  if (line === '') return '(none)';
  return withoutMarkup(line).replace(/^(?:[#=+-]|(\d+)(?=[.)]))/, (start, digits?: string) =>
    digits === undefined ? `\\${start}` : `${digits}\\`,
  );
}

/** A property in the namespace of Assay; its value is a string as OSCAL takes one, on one line. */
export function property(name: string, value: string, more: Pick<Property, 'class' | 'remarks'> = {}): Property {
  return { name, ns: namespace, ...more, value: oneLine(value) || '(none)' };
}
