import { commonFields, logEvents } from '../../mesh/observability/log-events.ts';
import { generatedNotice, table } from './markdown.ts';

type Fields = Readonly<Record<string, { readonly kind: string; readonly says: string }>>;

/** docs/logs.md: the lines that a service of the mesh writes. */
export function logsPage(): string {
  return `${[
    '# Logs of a service',
    generatedNotice,
    '`assay mesh service` writes a line of JSON to standard output for each event. These are all events and all fields; a test reads every line by them. No line holds a key, a token or the text of a note.',
    'Every line has:',
    fieldTable(commonFields),
    'Instants are ISO 8601 in UTC.',
    ...Object.entries(logEvents).flatMap(([event, { level, says, fields }]) => [
      `## \`${event}\``,
      `${says} Level \`${level}\`.`,
      fieldTable(fields),
    ]),
  ].join('\n\n')}\n`;
}

function fieldTable(fields: Fields): string {
  return table(
    ['Field', 'Is', ''],
    Object.entries(fields).map(([name, { kind, says }]) => [`\`${name}\``, kind, says]),
  );
}
