import { pino, type DestinationStream } from 'pino';
import { withoutSecrets } from '../../src/leaks/withhold.ts';
import { logEvents, type LogEvent, type LogFields } from './log-events.ts';

/** Writes what happened, a line of JSON for each event: see docs/logs.md. */
export type Log = <E extends LogEvent>(event: E, fields: LogFields<E>) => void;

// What a peer or an agent said of itself may have any length.
const mostCharacters = 500;

/** @param to - where lines go; standard output unless told, and there at once, so that the last words of a process are not lost */
export function createLog(service: string, to: DestinationStream = pino.destination({ sync: true })): Log {
  const logger = pino(
    {
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    to,
  );
  return (event, fields) => {
    const told = Object.entries(fields as Record<string, unknown>).map(([name, value]) => [name, safe(value)] as const);
    logger[logEvents[event].level]({ event, ...Object.fromEntries(told) });
  };
}

/** No field is meant to hold a secret. One that would is told without. */
function safe(value: unknown): unknown {
  return typeof value === 'string' ? withoutSecrets(value).slice(0, mostCharacters) : value;
}
