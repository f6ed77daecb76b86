import { escaped } from './escaped.ts';

/** What a glob over ids matches, as `--only` takes it: `*` stands for any characters, slashes too. */
export function globbed(glob: string): RegExp {
  return new RegExp(`^${glob.split('*').map(escaped).join('.*')}$`);
}
