import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { inject } from '../fixtures/faults/inject.ts';
import { outageOfServer } from '../fixtures/faults/kinds/server-outage.ts';
import { reaches } from '../fixtures/faults/links.ts';
import { pauseOfServer } from '../fixtures/faults/paused-server.ts';
import type { Fault } from '../fixtures/faults/fault.ts';
import { mintIdentity } from '../fixtures/probes/issue-identity.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { startSpireServer, type SpireServer } from '../fixtures/spire/spire-server.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { FixtureError } from '../src/errors.ts';
import { HealError } from '../src/heal-error.ts';
import { readFaults, type FaultRead } from '../src/reading/faults.ts';
import { svid } from '../src/checkers/history-builder.ts';
import { startProcesses, usualServer } from './spire-processes.ts';

// The faults of a SPIRE server, on a real one.

t.setTimeout(120_000);

const tools = await locateTools(['spire-server'], { onProgress() {} });
const out = mkdtempSync(join(tmpdir(), 'assay-server-faults-'));
await using runtime = startProcesses(join(out, 'run'));
t.after(() => rmSync(out, { recursive: true }));
const start = (name: string) => startSpireServer(runtime, tools['spire-server'].path, { ...usualServer, name });

const during = 'crash';
const timing = { svidTtlSeconds: 8, syncIntervalMs: 200, cacheReloadMs: 200, uptakeMs: 2_000 };
const nodes = ['node-001', 'node-002'];

let labs = 0;
/** Injects what `faultOf` makes, with a history of its own; gives the fault as that tells it. */
async function injected(
  faultOf: (recorder: ReturnType<typeof openRecorder>) => Fault,
  meanwhile: () => Promise<void> = async () => {},
): Promise<FaultRead | undefined> {
  const recorder = openRecorder(join(out, `lab-${++labs}`));
  try {
    for (const [, delivered] of nodes.map((node) => svid(0, node, 'delivered', { serial: node, notAfterMs: 8_000 })))
      recorder.record(delivered);
    const signal = new AbortController().signal;
    await using _fault = await inject({ recorder, signal, scenario: during, healWithinMs: 1_500 }, [faultOf(recorder)]);
    await meanwhile();
  } finally {
    recorder.close();
  }
  return readFaults(recorder.history, during)[0];
}

const killed = (spire: SpireServer, meanwhile?: () => Promise<void>) =>
  injected((recorder) => outageOfServer({ timing }, spire, nodes, recorder), meanwhile);
const paused = (spire: SpireServer, meanwhile?: () => Promise<void>) =>
  injected(() => pauseOfServer(spire, nodes), meanwhile);

const authoritiesOf = async ({ api }: SpireServer) =>
  (await api.getBundle()).authorities.map(({ der }) => Buffer.from(der).toString('hex'));
const isOpen = ({ host }: SpireServer) => reaches(host.address('api'), 2_000);

await t.test('a server that is killed', async (t) => {
  await using spire = await start('killed');
  const before = await authoritiesOf(spire);
  const address = spire.host.address('api');
  await t.test('is away while the block lasts, and back with its authorities after it', async (t) => {
    const fault = await killed(spire, async () => {
      t.match(spire.exit(), { signal: 'SIGKILL' });
      t.equal(await isOpen(spire), 'closed');
      t.equal(await spire.api.healthy(), false);
    });
    t.match(fault, {
      ...{ kind: 'server-outage', target: 'killed', nodes, missing: [] },
      provenBy:
        'it shook hands right before, was ended by SIGKILL, its port lets nobody in, and no agent delivered anything for 400 ms',
      healedProvenBy: 'the server shakes hands at its port and says that it is healthy',
    });
    t.equal(spire.exit(), undefined);
    t.equal(await isOpen(spire), 'open');
    t.strictSame(await authoritiesOf(spire), before);
    await t.resolves(mintIdentity(spire.api, `spiffe://${usualServer.trustDomain}/service/a`, () => undefined));
    t.equal(spire.host.address('api'), address);
  });

  await t.test('can be killed again, and its log goes on', async (t) => {
    const lines = spire.readLog().length;
    t.match(await killed(spire), { missing: [] });
    t.ok(spire.readLog().length > lines);
  });

  await t.test('is not said to be away where the kill killed nothing', async (t) => {
    await t.resolves(
      assert.rejects(
        killed({ ...spire, kill: async () => {} }),
        /^FixtureError: server-outage of killed: it was killed and is still there$/,
      ),
    );
    t.equal(spire.exit(), undefined);
  });

  await t.test('is not killed where it does not answer anyway', async (t) => {
    await spire.kill();
    await t.resolves(assert.rejects(killed(spire), /server-outage of killed: it shakes no hands at .* before/));
    await spire.start();
    t.equal(await isOpen(spire), 'open');
  });

  await t.test('that does not come back says how to start it by hand', async (t) => {
    const start = async () => Promise.reject(new FixtureError('the disk is gone'));
    await t.resolves(
      assert.rejects(killed({ ...spire, start }), (error) => {
        assert.ok(error instanceof HealError);
        assert.match(
          error.message,
          /^server-outage of killed is healed: not within 1\.5 s; last seen: the disk is gone; left: killed, ended for as long as the mesh of this run stands; remove it by hand with: \S+spire-server run -config \S+server\.conf$/,
        );
        return true;
      }),
    );
    await spire.start();
  });
});

await t.test('a server that hangs', async (t) => {
  await using spire = await start('hung');
  await t.test('takes connections and answers nobody while the block lasts, and answers after it', async (t) => {
    const fault = await paused(spire, async () => {
      await t.rejects(isOpen(spire), /neither shook hands nor closed/);
    });
    t.match(fault, { kind: 'pause', target: 'hung', nodes, missing: [] });
    t.equal(await isOpen(spire), 'open');
    t.equal(await spire.api.healthy(), true);
  });

  await t.test('and is killed meanwhile leaves nothing to resume', async (t) => {
    await t.resolves(
      assert.rejects(
        paused(spire, () => spire.kill()),
        (error) => {
          assert.ok(error instanceof FixtureError && !(error instanceof HealError));
          assert.match(error.message, /whether it is gone cannot be seen: the program was ended by SIGKILL/);
          return true;
        },
      ),
    );
    await spire.start();
    t.equal(await isOpen(spire), 'open');
  });
});
