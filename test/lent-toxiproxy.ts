import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { diesWithUs } from '../fixtures/run/dies-with-us.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import type { LentProxy } from '../fixtures/target/attach/lent-proxy.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';

/** A toxiproxy of somebody's, who lends proxies of it. */
export interface LentToxiproxy {
  /** The URL of its API. */
  readonly api: string;
  /** Makes a proxy with a name of its own. */
  lend(upstream: string, change?: object): Promise<LentProxy>;
  stop(): void;
}

/** Starts a real one. */
export async function startToxiproxy(): Promise<LentToxiproxy> {
  const { toxiproxy } = await locateTools(['toxiproxy'], { onProgress() {} });
  const port = await freePort();
  const [program, ...args] = diesWithUs([toxiproxy.path, '-host', '127.0.0.1', '-port', String(port)]);
  const running = spawn(program, args, { stdio: 'ignore' });
  const api = `http://127.0.0.1:${port}`;
  await eventually('toxiproxy answers', async () => (await fetch(`${api}/version`)).ok, { withinMs: 10_000 });
  let made = 0;
  return {
    api,
    async lend(upstream, change = {}) {
      const proxy = `link-${++made}`;
      const state = { name: proxy, listen: '127.0.0.1:0', upstream, enabled: true, ...change };
      const { status } = await fetch(`${api}/proxies`, { method: 'POST', body: JSON.stringify(state) });
      assert.equal(status, 201);
      return { toxiproxy: api, proxy };
    },
    stop: () => void running.kill('SIGKILL'),
  };
}
