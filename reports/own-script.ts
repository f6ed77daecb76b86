import { hash } from 'node:crypto';

/**
 * A page without the one script that its policy lets run, for tests that look for others.
 *
 * @throws Error when it has none, or its policy lets run another
 */
export function withoutOwnScript(page: string): string {
  const [, policy, script = ''] = /script-src '(sha256-[^']+)'.*<script type="module">(.*)<\/script>/s.exec(page) ?? [];
  if (policy !== `sha256-${hash('sha256', script, 'base64')}`)
    throw new Error(`the policy of the page allows ${policy}`);
  return page.replace(`<script type="module">${script}</script>`, '');
}
