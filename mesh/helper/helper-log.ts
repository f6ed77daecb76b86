/** What spiffe-helper says of its work. */
export interface HelperWord {
  /**
   * - `written`: the whole set lies in its directory;
   * - `unwritten`: it could not be written, and is not tried again before the next one comes;
   * - `refused`: the agent issues no identity to it, or none any more;
   * - `unreached`: the agent did not answer; it is asked again;
   * - `misconfigured`: it does not understand its configuration, and ends;
   * - `trouble`: anything else that went wrong.
   */
  readonly kind: 'written' | 'unwritten' | 'refused' | 'unreached' | 'misconfigured' | 'trouble';
  /** In its own words. */
  readonly why: string;
}

// Source: spiffe-helper 0.11.0, pkg/sidecar/sidecar.go and cmd/spiffe-helper/main.go.
const kinds: readonly (readonly [RegExp, HelperWord['kind']])[] = [
  [/^X\.509 certificates updated/, 'written'],
  [/^Unable to dump bundle/, 'unwritten'],
  [/^Error while watching x509 context: .*code = PermissionDenied/, 'refused'],
  [/^Error while watching x509 context/, 'unreached'],
  [/^(invalid configuration|failed to parse configuration)/, 'misconfigured'],
];

/** What a line of its log says; undefined where that is of no concern. What is no line of its log, as the words of a crash, is trouble. */
export function wordOf(line: string): HelperWord | undefined {
  const level = field(line, 'level');
  const message = field(line, 'msg');
  if (level === undefined || message === undefined)
    return line.trim() === '' ? undefined : { kind: 'trouble', why: line.slice(0, mostCharacters) };
  const error = field(line, 'error');
  const why = (error === undefined ? message : `${message}: ${error}`).slice(0, mostCharacters);
  const kind = kinds.find(([says]) => says.test(message))?.[1];
  if (kind !== undefined) return { kind, why };
  // As one says that is ended while it watches.
  const isEnding = /context canceled|code = Canceled/.test(why);
  return level === 'info' || level === 'debug' || isEnding ? undefined : { kind: 'trouble', why };
}

const mostCharacters = 1_000;

/** A field of a line as logrus writes it: `name=word` or `name="words"`. */
function field(line: string, name: string): string | undefined {
  const { text, word } =
    new RegExp(`(?:^| )${name}=(?:"(?<text>(?:[^"\\\\]|\\\\.)*)"|(?<word>\\S+))`).exec(line)?.groups ?? {};
  return text?.replaceAll(/\\(["\\])/g, '$1') ?? word;
}
