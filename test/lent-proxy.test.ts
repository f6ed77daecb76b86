import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import t from 'tap';
import { inject } from '../fixtures/faults/inject.ts';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { diesWithUs } from '../fixtures/run/dies-with-us.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { undoAllOf, undosOf } from '../fixtures/run/guardian/undo.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { makeScratch, type Run } from '../fixtures/run/run.ts';
import { faultByToxiproxy } from '../fixtures/target/attach/fault-by-toxiproxy.ts';
import { changeProxy, reachedAt, readProxy } from '../fixtures/target/attach/lent-proxy.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { HealError } from '../src/heal-error.ts';
import { readFaults } from '../src/reading/faults.ts';

t.setTimeout(240_000);

// A proxy of a toxiproxy that belongs to somebody else: a real one, before a server that speaks TLS.

const { toxiproxy } = await locateTools(['toxiproxy'], { onProgress() {} });
const api = await freePort();
const [program, ...args] = diesWithUs([toxiproxy.path, '-host', '127.0.0.1', '-port', String(api)]);
const running = spawn(program, args, { stdio: 'ignore' });
t.teardown(() => running.kill('SIGKILL'));
const at = `http://127.0.0.1:${api}`;
await eventually('toxiproxy answers', async () => (await fetch(`${at}/version`)).ok, { withinMs: 10_000 });

const authority = await forgeAuthority({ trustDomain: 'a.mesh' });
const { cert, key } = await issueIdentity(authority, 'spiffe://a.mesh/spire/server');
const server = createServer({ cert, key }, (socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
await once(server, 'listening');
t.teardown(() => server.close());
const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`;

const dir = mkdtempSync(join(tmpdir(), 'lent-proxy-'));
t.teardown(() => rmSync(dir, { recursive: true }));

/** A run, as far as a fault wants one. */
function aRun(t: { teardown(end: () => void): void }): Run {
  const id = newRunId(new Date());
  const scratch = makeScratch(id);
  const recorder = openRecorder(join(dir, id));
  t.teardown(() => {
    recorder.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  return { id, recorder, env: { ASSAY_RUN: id }, signal: new AbortController().signal } as unknown as Run;
}

let made = 0;
/** A proxy of its own. */
async function lend(change: object = {}) {
  const proxy = `link-${++made}`;
  const state = { name: proxy, listen: '127.0.0.1:0', upstream, enabled: true, ...change };
  const { status } = await fetch(`${at}/proxies`, { method: 'POST', body: JSON.stringify(state) });
  assert.equal(status, 201);
  return { toxiproxy: at, proxy };
}

const injecting = (run: Run) => ({ recorder: run.recorder, signal: run.signal, scenario: 'cut', healWithinMs: 1_000 });
const cut = (run: Run, lent: Awaited<ReturnType<typeof lend>>, of: { server?: string; listen?: string } = {}) =>
  faultByToxiproxy(partition, { node: 'api', trustDomain: 'a.mesh', server: of.server }, lent, of.listen, run);

await t.test('is disabled and enabled again, which is seen at its port', async (t) => {
  const run = aRun(t);
  const lent = await lend();
  {
    await using _cut = await inject(injecting(run), [cut(run, lent, { server: upstream })]);
    t.equal((await readProxy(lent)).enabled, false);
    t.equal(undosOf(run.id).length, 1);
  }
  t.equal((await readProxy(lent)).enabled, true);
  t.strictSame(undosOf(run.id), [], 'nobody else has to enable it');
  const [fault] = readFaults(run.recorder.history, 'cut');
  t.match(fault, {
    ...{ kind: 'partition', target: 'api', missing: [] },
    provenBy: /^127\.0\.0\.1:\d+ closes every connection, and let through before; the server answers beside it$/,
    healedProvenBy: /^a server shakes hands at 127\.0\.0\.1:\d+$/,
  });
});

await t.test('one that is disabled already, or leads nowhere, is not begun on', async (t) => {
  const run = aRun(t);
  for (const [change, says] of [
    [{ enabled: false }, /it is disabled already, and not by this run/],
    [{ upstream: `127.0.0.1:${await freePort()}` }, /nothing gets through before/],
  ] as const) {
    const lent = await lend(change);
    await t.resolves(assert.rejects(inject(injecting(run), [cut(run, lent)]), says));
    t.equal((await readProxy(lent)).enabled, !('enabled' in change), 'it is as it was');
  }
  await t.resolves(
    assert.rejects(inject(injecting(run), [cut(run, { toxiproxy: at, proxy: 'none' })]), /GET is answered 404/),
  );
  t.strictSame(run.recorder.history, []);
});

await t.test('a cut proves nothing while the server itself is gone', async (t) => {
  const run = aRun(t);
  const lent = await lend();
  const nobody = `127.0.0.1:${await freePort()}`;
  await t.resolves(
    assert.rejects(
      inject(injecting(run), [cut(run, lent, { server: nobody })]),
      /the server itself .* does not answer/,
    ),
  );
  t.equal((await readProxy(lent)).enabled, true);
});

await t.test('an API that says what it does not do is not believed', async (t) => {
  const lent = await lend();
  const state = await readProxy(lent);
  let says = { ...state };
  const liar = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      says = { ...says, ...(JSON.parse(body || '{}') as object) };
      response.end(JSON.stringify(says));
    });
  }).listen(0, '127.0.0.1');
  await once(liar, 'listening');
  t.teardown(() => liar.close());
  const lie = { toxiproxy: `http://127.0.0.1:${(liar.address() as AddressInfo).port}`, proxy: lent.proxy };
  const run = aRun(t);
  await t.test('that it is disabled', async (t) => {
    await t.resolves(
      assert.rejects(inject(injecting(run), [cut(run, lie)]), /is in force: not within 10\.0 s; .*shakes hands/),
    );
  });
  await t.test('that it is enabled again', async (t) => {
    const fault = cut(run, lie);
    await t.resolves(
      assert.rejects(
        async () => {
          await using _cut = await inject(injecting(run), [
            {
              ...fault,
              inject: async () => void (await fault.inject(), await changeProxy(lent, { enabled: false })),
              healWithinMs: 1_000,
            },
          ]);
        },
        (error) => {
          assert.ok(error instanceof HealError);
          assert.match(
            error.message,
            /closes every connection; left: .*; remove it by hand with: curl -X POST -d '\{"enabled":true\}' http/,
          );
          return true;
        },
      ),
    );
    t.equal(undosOf(run.id).length, 1, 'and whoever comes later tries again');
  });
});

await t.test('what a killed run disabled is enabled by whoever finds it', async (t) => {
  const run = aRun(t);
  const lent = await lend();
  const fault = cut(run, lent);
  await fault.prepare!();
  await fault.inject();
  t.equal((await readProxy(lent)).enabled, false);
  t.equal(undoAllOf(run.id), true);
  t.equal((await readProxy(lent)).enabled, true);
  const [byHand = '', ...words] = ['sh', '-c', fault.byHand];
  await changeProxy(lent, { enabled: false });
  t.equal(spawnSync(byHand, words).status, 0);
  t.equal((await readProxy(lent)).enabled, true);
});

await t.test('where it listens, as seen from here', (t) => {
  const lent = (toxiproxy: string) => ({ toxiproxy, proxy: 'link' });
  const on = (toxiproxy: string, listen: string, said?: string) => reachedAt(lent(toxiproxy), { listen }, said);
  t.equal(on('http://10.0.0.7:8474', '[::]:81'), '10.0.0.7:81');
  t.equal(on('http://10.0.0.7:8474', '10.0.0.7:81'), '10.0.0.7:81');
  t.equal(on('http://localhost:8474', '127.0.0.1:81'), '127.0.0.1:81');
  t.equal(on('http://[fd00::7]:8474', '0.0.0.0:81'), '[fd00::7]:81');
  t.equal(on('http://10.0.0.7:8474', '127.0.0.1:81', 'edge:81'), 'edge:81');
  t.throws(
    () => on('http://10.0.0.7:8474', '10.0.0.8:81'),
    /listens at 10\.0\.0\.8:81, and only 10\.0\.0\.7 is named; wanted is listen/,
  );
  t.end();
});
