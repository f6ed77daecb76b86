import { existsSync, readdirSync, readFileSync } from 'node:fs';

const usualSocket = '/tmp/spire-server/private/api.sock';

/** SPIRE servers of this machine, each in words: where one runs, the key of a root has no business. */
export function serversHere(): string[] {
  const running = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commOf(name) === 'spire-server')
    .map((pid) => `a spire-server runs here, as process ${pid}`);
  return running.length === 0 && existsSync(usualSocket)
    ? [`a SPIRE server has its socket here, ${usualSocket}`]
    : running;
}

function commOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
