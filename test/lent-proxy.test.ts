import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import t, { type Test } from 'tap';
import { inject } from '../fixtures/faults/inject.ts';
import { partition } from '../fixtures/faults/kinds/partition.ts';
import type { TlsIdentity } from '../fixtures/probes/probe.ts';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import { eventually } from '../fixtures/run/eventually.ts';
import { freePort } from '../fixtures/run/free-port.ts';
import { undoAllOf, undosOf } from '../fixtures/run/guardian/undo.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { makeScratch, type Run } from '../fixtures/run/run.ts';
import { dialForged } from '../fixtures/probes/forged-server.ts';
import { withBentLink } from '../fixtures/target/attach/bent-link.ts';
import { dialByLink } from '../fixtures/target/attach/dial-link.ts';
import { faultByToxiproxy } from '../fixtures/target/attach/fault-by-toxiproxy.ts';
import { changeProxy, reachedAt, readProxy } from '../fixtures/target/attach/lent-proxy.ts';
import { hostPort } from '../src/host-port.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { HealError } from '../src/heal-error.ts';
import { modulePath } from '../src/module-file.ts';
import { readFaults } from '../src/reading/faults.ts';
import { startToxiproxy } from './lent-toxiproxy.ts';

t.setTimeout(240_000);

// A proxy of a toxiproxy that belongs to somebody else: a real one, before a server that speaks TLS.

const toxiproxy = await startToxiproxy();
t.teardown(() => toxiproxy.stop());
const at = toxiproxy.api;

const authority = await forgeAuthority({ trustDomain: 'a.mesh' });
const identity = await issueIdentity(authority, 'spiffe://a.mesh/spire/server');
/** A server that speaks TLS as SPIRE does: it hangs up on whoever asks for anything else. */
async function serveTls(as: TlsIdentity = identity) {
  const { cert, key } = as;
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => void (server.listening && server.close());
  t.teardown(close);
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
const { address: upstream } = await serveTls();

const assay = modulePath('../cli/assay.ts', import.meta.url);
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

const trust = { trustDomain: 'a.mesh', authorities: () => Promise.resolve([authority.certificatePem]) };

const lend = (change: { readonly upstream?: string; readonly enabled?: boolean } = {}) =>
  toxiproxy.lend(upstream, change);

const injecting = (run: Run) => ({ recorder: run.recorder, signal: run.signal, scenario: 'cut', healWithinMs: 1_000 });
const cut = (run: Run, lent: Awaited<ReturnType<typeof lend>>, of: { server?: string; listen?: string } = {}) =>
  faultByToxiproxy(partition, { node: 'api', trust, server: of.server }, lent, of.listen, run);

/** An API of ours before that of the real one, whose answers may be others, or be lost on their way. */
async function apiBefore(
  t: { teardown(end: () => void): void },
  answers: (change: { enabled?: boolean; name?: string }) => number | 'lost',
) {
  const relay = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const status = answers(JSON.parse(body || '{}') as object);
      if (status !== 200 && status !== 'lost') return void response.writeHead(status).end('busy');
      const { method = 'GET', url = '' } = request;
      void fetch(`${at}${url}`, { method, ...(body !== '' && { body }) }).then(async (answer) => {
        const text = await answer.text();
        if (status === 'lost') response.destroy();
        else response.writeHead(answer.status).end(text);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.teardown(() => relay.close());
  return `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
}

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
    provenBy:
      /^127\.0\.0\.1:\d+ closes every connection, and let through to the server before; the server answers beside it; that the agent of api takes this way is what the target file says$/,
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

/** Nothing is begun on, and the proxy is as it was. */
async function isLeftAlone(t: Test, of: { server?: string }, change: { upstream?: string }, says: RegExp) {
  const run = aRun(t);
  const lent = await lend(change);
  const changes: unknown[] = [];
  const toxiproxy = await apiBefore(t, (asked) => {
    if (asked.enabled !== undefined) changes.push(asked);
    return 200;
  });
  await t.resolves(assert.rejects(inject(injecting(run), [cut(run, { ...lent, toxiproxy }, of)]), says));
  t.strictSame([changes, run.recorder.history], [[], []]);
}

await t.test('a cut that nothing could show is not made: nobody answers beside the proxy', async (t) => {
  const nobody = `127.0.0.1:${await freePort()}`;
  await isLeftAlone(t, { server: nobody }, {}, /the server itself \(\S+\) is not seen to be .*, and nothing is cut: /);
});

await t.test('nor one of whatever else speaks TLS', async (t) => {
  const others = await forgeAuthority({ trustDomain: 'a.mesh' });
  const another = await serveTls(await issueIdentity(authority, 'spiffe://a.mesh/service/api'));
  const forged = await serveTls(await issueIdentity(others, identity.spiffeId));
  const isApi =
    /who is behind it \(\S+\) is not seen to be spiffe:\/\/a\.mesh\/spire\/server, .*the SVID of spiffe:\/\/a\.mesh\/service\/api/;
  await isLeftAlone(t, { server: upstream }, { upstream: another.address }, isApi);
  await isLeftAlone(t, {}, { upstream: forged.address }, /who is behind it .*: unknown-authority/);
  await isLeftAlone(t, { server: another.address }, {}, /the server itself .* is not seen to be .*service\/api/);
});

await t.test(
  'where the file names the proxy for the server, by whatever name, nobody is looked for beside it',
  async (t) => {
    const run = aRun(t);
    const lent = await lend();
    const port = (await readProxy(lent)).listen.split(':').at(-1);
    for (const server of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      await using _cut = await inject(injecting(run), [cut(run, lent, { server })]);
      t.equal((await readProxy(lent)).enabled, false, server);
    }
    t.equal((await readProxy(lent)).enabled, true);
  },
);

await t.test('a server that goes away with the proxy leaves open what was cut', async (t) => {
  const run = aRun(t);
  const lent = await lend();
  const beside = await serveTls();
  const fault = cut(run, lent, { server: beside.address });
  const both = { ...fault, inject: async () => (beside.close(), fault.inject()) };
  await t.resolves(
    assert.rejects(inject(injecting(run), [both]), /the server itself .* does not answer, so that it is/),
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

await t.test('an accident of its API is no reason to leave it disabled, whatever else is gone', async (t) => {
  const run = aRun(t);
  const lent = await lend();
  const beside = await serveTls();
  let accidents = 2;
  const toxiproxy = await apiBefore(t, ({ enabled }) => (enabled === true && accidents-- > 0 ? 503 : 200));
  {
    await using _cut = await inject(injecting(run), [cut(run, { ...lent, toxiproxy }, { server: beside.address })]);
    beside.close();
  }
  t.equal(accidents, -1, 'it was asked until it did');
  t.equal((await readProxy(lent)).enabled, true);
  t.strictSame(undosOf(run.id), []);
});

await t.test(
  'where nobody is behind it any more, it is given back all the same, and nothing is said of the cut',
  async (t) => {
    const run = aRun(t);
    const [behind, beside] = [await serveTls(), await serveTls()];
    const lent = await lend({ upstream: behind.address });
    await t.resolves(
      assert.rejects(
        async () => {
          await using _cut = await inject(injecting(run), [cut(run, lent, { server: beside.address })]);
          behind.close();
          beside.close();
        },
        { name: 'FixtureError', message: /whether it is gone cannot be seen: the server itself .* does not answer/ },
      ),
    );
    t.equal((await readProxy(lent)).enabled, true);
  },
);

await t.test('a run that comes to its end with a cut that it did not undo leaves that to its guardian', async (t) => {
  const lent = await lend();
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const run = newRunId(new Date());
  const work = `
    const { openRecorder } = await import(${module('../fixtures/run/recorder.ts')});
    const { withRun } = await import(${module('../fixtures/run/with-run.ts')});
    const { partition } = await import(${module('../fixtures/faults/kinds/partition.ts')});
    const { faultByToxiproxy } = await import(${module('../fixtures/target/attach/fault-by-toxiproxy.ts')});
    const of = { node: 'api', trust: { trustDomain: 'a.mesh' }, server: undefined };
    const directory = ${JSON.stringify(join(dir, run))};
    const [recorder, { signal }] = [openRecorder(directory), new AbortController()];
    await withRun({ id: '${run}', directory, recorder, signal, runtime: undefined }, (run) =>
      faultByToxiproxy(partition, of, ${JSON.stringify(lent)}, undefined, run).inject());
    process.exit();`;
  const env = { ...process.env, TMPDIR: dir };
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', work], { env, encoding: 'utf8' });
  t.equal(ended.status, 0, ended.stderr);
  await eventually('it is enabled again', async () => (await readProxy(lent)).enabled, {
    withinMs: 20_000,
    everyMs: 50,
  });
  await eventually('nothing is left of the run', () => !existsSync(join(dir, `assay-${run}`)), { withinMs: 20_000 });
  t.pass('it is enabled again, and nothing is left');
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

await t.test('how to undo it is written down each time that it is disabled', async (t) => {
  const run = aRun(t);
  const fault = cut(run, await lend());
  await fault.prepare!();
  for (const time of ['first', 'second']) {
    await fault.inject();
    t.equal(undosOf(run.id).length, 1, `the ${time} time`);
    await fault.heal();
    t.match(await fault.look(), { gone: true });
    t.strictSame(undosOf(run.id), [], `and taken back, the ${time} time`);
  }
});

await t.test('what a killed run disabled, and its guardian with it, is told by the doctor, and enabled', async (t) => {
  const lent = await lend();
  const run = newRunId(new Date());
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  // With a folder of its own for scratch, so that no run beside this test finds it first.
  const env = { ...process.env, TMPDIR: dir };
  const killed = `
    const { makeScratch } = await import(${module('../fixtures/run/run.ts')});
    const { partition } = await import(${module('../fixtures/faults/kinds/partition.ts')});
    const { faultByToxiproxy } = await import(${module('../fixtures/target/attach/fault-by-toxiproxy.ts')});
    const of = { node: 'api', trust: { trustDomain: 'a.mesh' }, server: undefined };
    makeScratch('${run}');
    await faultByToxiproxy(partition, of, ${JSON.stringify(lent)}, undefined, { id: '${run}' }).inject();
    process.kill(process.pid, 'SIGKILL');`;
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', killed], { env, encoding: 'utf8' });
  t.equal(ended.signal, 'SIGKILL', ended.stderr);
  t.equal((await readProxy(lent)).enabled, false);

  const file = (more: string, ofNode = '') => {
    const path = join(dir, 'mesh.yaml');
    writeFileSync(
      path,
      `trustDomain: a.mesh\nworkloadApi: unix:///nowhere.sock\n${more}\nnodes: [{ name: api, address: 127.0.0.1:1, spiffeId: spiffe://a.mesh/api, allows: []${ofNode && `, ${ofNode}`} }]\n`,
    );
    return path;
  };
  const lending = `allow: { faults: [{ kind: partition, nodes: [api], toxiproxy: "${at}", proxy: ${lent.proxy} }] }`;
  const doctor = (path: string, ...more: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [assay, 'doctor', '--target', path, ...more], {
      ...{ env, encoding: 'utf8', cwd: dir },
    });
    return { status, stdout, stderr };
  };
  t.match(doctor(file(lending), '--json'), {
    ...{ status: 3, stderr: /names no spireServer\.admin, without which nobody can be asked what is left at its/ },
    stdout: new RegExp(`"run": "${run}",\\s+"what": "1 cut of a link or an agent",\\s+"state": "there"`),
  });
  const deaf = 'spireServer: { address: "127.0.0.1:1", admin: unix:///nowhere.sock }';
  t.match(
    doctor(file(deaf)),
    { status: 3, stderr: /does not say what is left: .*; 1 cut of a link or an agent, by run \S+: heal with: / },
    'a server that does not answer hides no cut',
  );
  t.match(doctor(file(lending), '--heal'), { status: 0, stdout: /1 cut of a link or an agent, by run \S+: healed/ });
  t.equal((await readProxy(lent)).enabled, true);
  t.match(doctor(file(lending)), { status: 0, stdout: 'No run of this machine left anything there.\n' });
  t.match(
    doctor(file(''), '--heal'),
    { status: 2, stderr: /names no spireServer\.admin/ },
    'here there is nobody to ask',
  );
  const bending = `link: { toxiproxy: "${at}", proxy: ${lent.proxy}, expects: spiffe://a.mesh/backend }`;
  t.match(
    doctor(file('', bending)),
    { status: 0, stdout: 'No run of this machine left anything there.\n' },
    'a link that may be bent is asked for here, too',
  );
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

/** What somebody who is to be called shows, and what comes of it through a link. */
const own = await issueIdentity(authority, 'spiffe://a.mesh/service/api');
const right = await issueIdentity(authority, 'spiffe://a.mesh/service/backend');
const wrong = await issueIdentity(await forgeAuthority({ trustDomain: 'a.mesh' }), right.spiffeId);
const everyMs = 150;

/** A service that calls through a link over and over. */
function caller(
  t: { teardown(end: () => void): void },
  to: string,
  { as = own, believes = false, trusts = authority.certificatePem, silent = false, health = false } = {},
) {
  const { host, port } = hostPort(to);
  const call = () => {
    if (silent) {
      connectTcp({ host, port }, function (this: Socket) {
        this.end();
      }).on('error', () => undefined);
      return;
    }
    const socket = connect({
      ...{ host, port, ca: trusts, rejectUnauthorized: !believes },
      ...(!health && { cert: as.cert, key: as.key }),
      checkServerIdentity: () => undefined,
    });
    socket.once('secureConnect', () => {
      if (health) socket.end();
      else socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    });
    socket.on('error', () => undefined);
    socket.resume();
    setTimeout(() => socket.destroy(), 1_000).unref();
  };
  const calling = setInterval(call, everyMs);
  t.teardown(() => clearInterval(calling));
}

/** What comes of one call through a link, to somebody who shows this. */
function through(run: Run, lent: Awaited<ReturnType<typeof lend>>) {
  const dialler = dialByLink(
    { node: 'api', spiffeId: own.spiffeId, trustDomain: 'a.mesh' },
    { ...lent, every: everyMs },
    run,
  );
  return (identity: typeof own) => dialForged(dialler, '127.0.0.1', right.spiffeId, { identity });
}

await t.test('a service that calls through a link is met there, and the link is as it was', { jobs: 4 }, async (t) => {
  void t.test('who is right', { buffered: true }, async (t) => {
    const [run, lent] = [aRun(t), await lend()];
    caller(t, (await readProxy(lent)).listen);
    const met = through(run, lent);
    const all = await Promise.all([met(right), met(wrong), met(right)]);
    t.match(all, [
      { outcome: 'accepted', how: 'sent application data', client: [{ uriSans: [own.spiffeId] }] },
      { outcome: 'refused', how: /^closed/ },
      { outcome: 'accepted' },
    ]);
    t.match(await readProxy(lent), { upstream, enabled: true });
    t.strictSame(undosOf(run.id), []);
    t.equal((await fetch(`${at}/proxies/assay-holds-${lent.proxy}`)).status, 404);
  });

  void t.test('who believes anybody', { buffered: true }, async (t) => {
    const lent = await lend();
    caller(t, (await readProxy(lent)).listen, { believes: true });
    t.match(await through(aRun(t), lent)(wrong), { outcome: 'accepted' });
  });

  void t.test(
    'one who believes anybody beside a right one that refuses is not hidden by it',
    { buffered: true },
    async (t) => {
      const lent = await lend();
      const { listen } = await readProxy(lent);
      caller(t, listen, { believes: true });
      caller(t, listen);
      t.match(await through(aRun(t), lent)(wrong), { outcome: 'accepted' });
    },
  );

  void t.test('where others call, too, nobody knows who refused', { buffered: true }, async (t) => {
    const lent = await lend();
    const { listen } = await readProxy(lent);
    caller(t, listen);
    caller(t, listen, { as: await issueIdentity(authority, 'spiffe://a.mesh/service/batch') });
    const met = through(aRun(t), lent);
    let seen = await met(right);
    for (let nth = 0; nth < 5 && seen?.client?.[0]?.uriSans[0] === own.spiffeId; nth++) seen = await met(right);
    t.match(await met(wrong), {
      outcome: 'unknown',
      how: /spiffe:\/\/a\.mesh\/service\/batch calls through that link, too/,
    });
  });

  void t.test('who believes anybody and is somebody else is held against nobody', { buffered: true }, async (t) => {
    const lent = await lend();
    caller(t, (await readProxy(lent)).listen, { believes: true, as: right });
    t.match(await through(aRun(t), lent)(wrong), { outcome: 'unknown' });
  });

  void t.test('who looks only whether anybody listens has not called', { buffered: true }, async (t) => {
    const lent = await lend();
    caller(t, (await readProxy(lent)).listen, { silent: true });
    t.match(await through(aRun(t), lent)(wrong), { outcome: 'unknown', how: 'connected, and closed without a word' });
  });

  void t.test(
    'a health check that shakes hands and closes is somebody else, whose refusal is not that of the service',
    { buffered: true },
    async (t) => {
      const lent = await lend();
      const { listen } = await readProxy(lent);
      caller(t, listen, { health: true });
      const met = through(aRun(t), lent);
      const how = /somebody who shows no SVID calls through that link, and not api alone/;
      t.match(await met(right), { outcome: 'unknown', how });
      caller(t, listen);
      t.match(await met(right), { outcome: 'accepted' });
      t.match(await met(wrong), { outcome: 'unknown', how });
    },
  );

  void t.test('nobody calls', { buffered: true }, async (t) => {
    t.match(await through(aRun(t), await lend())(right), {
      outcome: 'unknown',
      how: /^nobody called through link-\d+ in 2\.5 s, and api does every 0\.15 s, as its file says$/,
    });
  });
});

await t.test('one run at a time bends a link', async (t) => {
  const lent = await lend();
  const [first, second] = [aRun(t), aRun(t)];
  const of = (run: Run, work: () => Promise<unknown>, bentTo = '127.0.0.1:9') =>
    withBentLink({ id: run.id, trustDomain: 'a.mesh' }, lent, bentTo, work);
  await of(first, async () => {
    t.equal((await readProxy(lent)).upstream, '127.0.0.1:9');
    await t.resolves(
      assert.rejects(
        of(second, async () => undefined, '127.0.0.1:10'),
        /another run of Assay bends it, or left it behind: .* curl -X DELETE/,
      ),
    );
    t.equal((await readProxy(lent)).upstream, '127.0.0.1:9', 'and the second changes nothing');
  });
  t.equal((await readProxy(lent)).upstream, upstream);
  await t.test('one that is held although nobody heard so is let go', async (t) => {
    const run = aRun(t);
    const deaf = { ...lent, toxiproxy: await apiBefore(t, (change) => ('name' in change ? 'lost' : 200)) };
    const bending = withBentLink({ id: run.id, trustDomain: 'a.mesh' }, deaf, '127.0.0.1:9', async () => undefined);
    await t.resolves(assert.rejects(bending, /POST .*\/proxies: /));
    t.equal((await fetch(`${at}/proxies/assay-holds-${lent.proxy}`)).status, 404);
    t.strictSame(undosOf(run.id), []);
  });
  await t.test('and where nobody can tell, it is left to the guardian', async (t) => {
    const run = aRun(t);
    let isHeld = false;
    const gone = {
      ...lent,
      toxiproxy: await apiBefore(t, (change) => {
        isHeld ||= 'name' in change;
        return isHeld ? 503 : 200;
      }),
    };
    const bending = withBentLink({ id: run.id, trustDomain: 'a.mesh' }, gone, '127.0.0.1:9', async () => undefined);
    await t.resolves(assert.rejects(bending, /is answered 503/));
    t.equal(undosOf(run.id).length, 1);
  });
  await t.test('what somebody else made of it meanwhile stays', async (t) => {
    await of(first, async () => void (await changeProxy(lent, { upstream: '127.0.0.1:11' })));
    t.equal((await readProxy(lent)).upstream, '127.0.0.1:11');
    await changeProxy(lent, { upstream });
  });
  await t.test('whatever becomes of the work', async (t) => {
    await t.resolves(
      assert.rejects(
        of(first, () => Promise.reject(new Error('no'))),
        /^Error: no/,
      ),
    );
    t.equal((await readProxy(lent)).upstream, upstream);
  });
});

await t.test('a link that a killed run bent is bent back by whoever finds it', async (t) => {
  const lent = await lend();
  const killed = aRun(t);
  const never = new Promise<never>(() => undefined);
  void withBentLink({ id: killed.id, trustDomain: 'a.mesh' }, lent, '127.0.0.1:9', () => never);
  await eventually('it is bent', async () => (await readProxy(lent)).upstream === '127.0.0.1:9', { withinMs: 5_000 });
  t.equal(undoAllOf(killed.id), true);
  t.match(await readProxy(lent), { upstream, enabled: true });
  const next = aRun(t);
  t.equal(await withBentLink({ id: next.id, trustDomain: 'a.mesh' }, lent, '127.0.0.1:9', async () => 'bent'), 'bent');
});
