import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { anchorOfHeading } from './markdown.ts';
import { root } from './places.ts';

/** Every link to a file or a heading of ours that leads nowhere: file, then link. Links into the web are not followed. */
export function brokenLinks(): string[] {
  const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];
  return pages.flatMap((page) =>
    linksOf(readFileSync(join(root, page), 'utf8')).flatMap((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(target)) return [`${page}: ${link}: there is no ${relative(root, target)}`];
      if (anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).has(anchor))
        return [`${page}: ${link}: ${relative(root, target)} has no heading or anchor of that name`];
      return [];
    }),
  );
}

function linksOf(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function anchorsOf(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, text]) => anchorOfHeading(text!));
  return new Set([...headings, ...[...page.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!)]);
}

function prose(page: string): string {
  return page.replaceAll(/^```.*?^```/gms, '');
}
