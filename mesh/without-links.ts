import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The absolute path without symbolic links, as far as it is there. */
export function withoutLinks(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(withoutLinks(parent), absolute.slice(parent.length));
  }
}
