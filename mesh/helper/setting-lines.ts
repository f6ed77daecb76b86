import { UsageError } from '../../src/errors.ts';

/** A line `key = value` of a helper.conf. */
export interface SettingLine {
  readonly key: string;
  /** From 1. */
  readonly line: number;
  readonly value: string | number;
}

const mostBytes = 65_536;
const wholeLine = /^\s*(?<key>[A-Za-z_][\w.-]*)\s*=\s*(?<value>.*)$/;
const quoted = /^"(?<text>(?:[^"\\]|\\["\\])*)"\s*(?:(?:#|\/\/).*)?$/;
const bare = /^(?<number>-?\d+(?:\.\d+)?)\s*(?:(?:#|\/\/).*)?$/;

/**
 * Reads the part of HCL that the document's helper.conf is written in: lines of `key = value`, where a value is a number or a string in double quotes,
 * and comments that begin with # or //. What else HCL has is refused. No line is repeated in a message, as a wrong file may hold a secret.
 *
 * @param file - its name, for messages
 * @throws UsageError that names file, line and key
 */
export function settingLines(text: string, file: string): readonly SettingLine[] {
  if (Buffer.byteLength(text) > mostBytes)
    throw new UsageError(`${file}: is larger than ${mostBytes} bytes; wanted is a helper.conf`);
  const found: SettingLine[] = [];
  for (const [at, words] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:(?:#|\/\/).*)?$/.test(words)) continue;
    const one = settingOf(words, `${file}:${at + 1}`, at + 1);
    const before = found.find(({ key }) => key === one.key);
    if (before !== undefined)
      throw new UsageError(
        `${file}:${one.line}: ${one.key} is set in line ${before.line} already; take one of them out`,
      );
    found.push(one);
  }
  return found;
}

function settingOf(words: string, where: string, line: number): SettingLine {
  const { key, value } = wholeLine.exec(words.trimEnd())?.groups ?? {};
  if (key === undefined || value === undefined)
    throw new UsageError(
      `${where}: is no line of the form key = "value"; blocks, lists and YAML have no place in this file, which is what stands behind \`helper.conf: |\``,
    );
  const text = quoted.exec(value)?.groups?.text;
  if (text !== undefined) return { key, line, value: text.replaceAll(/\\(["\\])/g, '$1') };
  const number = bare.exec(value)?.groups?.number;
  if (number !== undefined) return { key, line, value: Number(number) };
  throw new UsageError(`${where}: ${key}: wanted is a string in double quotes, or a number, as in ${key} = "30s"`);
}
