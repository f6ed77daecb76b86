import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAdmin } from '../mesh/node/admin.ts';
import { readContract } from '../mesh/node/contract.ts';
import { SpiffeController } from '../mesh/controller.ts';
import type { Held } from '../mesh/node/held.ts';
import { Metrics } from '../mesh/node/metrics.ts';
import { pem } from '../src/svid/x509/pem.ts';

// Node's TLS cannot grant early data, so OpenSSL's own server stands at the mTLS listener: it demands a client certificate of the bundle, and
// its tickets say max_early_data. It pins nobody and follows no rotation, which mesh/tls/no-early-data does not ask for.
const contract = readContract(process.env);
await using controller = new SpiffeController({ endpointSocket: contract.endpointSocket });
await using _admin = await startAdmin(
  contract.admin,
  {
    ready: () => listening,
    dial: () => Promise.resolve({ outcome: 'error', peer: null, detail: 'this node does not call' }),
  },
  new Metrics(),
);
let listening = false;
await controller.initialize();
const dir = mkdtempSync(join(tmpdir(), 'assay-openssl-'));
const server = listen(controller.getIdentity());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.kill());
server.once('exit', () => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(0);
});
await sleep(300);
listening = true;
await new Promise(() => {});

function listen(held: Held): ChildProcess {
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  file(
    'hello',
    JSON.stringify({ self: held.spiffeId, peer: [...contract.allow].find((id) => id.endsWith('/assay-probe')) }),
  );
  const authorities = [...held.bundles.values()]
    .flat()
    .map(({ der }) => pem('CERTIFICATE', der))
    .join('');
  return spawn(
    'openssl',
    [
      's_server',
      '-accept',
      `${contract.listen.host}:${contract.listen.port}`,
      '-tls1_3',
      '-max_early_data',
      '16384',
      '-WWW',
      '-quiet',
      '-cert',
      file('svid.pem', held.certPem),
      '-key',
      file('key.pem', held.keyPem),
      '-CAfile',
      file('bundle.pem', authorities),
      '-Verify',
      '2',
      '-verify_return_error',
    ],
    { cwd: dir, stdio: 'ignore' },
  );
}
