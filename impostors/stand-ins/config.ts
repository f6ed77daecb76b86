import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The configuration file that `run -config FILE` names. */
export function configPath(args: readonly string[]): string | undefined {
  return args[0] === 'run' ? args[args.indexOf('-config') + 1] : undefined;
}

/** Puts another value in the place of the one that `pattern` finds in its first group; gives that one. */
export function replaceSetting(path: string, pattern: RegExp, value: string): string {
  const text = readFileSync(path, 'utf8');
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new TypeError(`${path} has no ${pattern.source}`);
  writeFileSync(
    path,
    text.replace(pattern, (whole) => whole.replace(found, value)),
    { mode: 0o600 },
  );
  return found;
}

export async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}
