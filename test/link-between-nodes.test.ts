import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { meshSpecs } from '../plans/meshes.ts';
import { reaches } from '../fixtures/faults/links.ts';
import { startMesh } from '../fixtures/target/mesh.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { newRunId } from '../fixtures/run/run-id.ts';
import { closeRun, openRun } from '../fixtures/run/run.ts';
import { startProcessRuntime } from '../fixtures/runtime/process/process.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';

t.setTimeout(3_600_000);

await t.test(
  'a link between two nodes carries their mTLS, and when it is cut and healed so are their calls',
  async (t) => {
    const tools = await locateTools(['spire-server', 'spire-agent', 'toxiproxy', 'assay-key-probe'], {
      onProgress() {},
    });
    const out = mkdtempSync(join(tmpdir(), 'assay-test-'));
    const recorder = openRecorder(out);
    const run = openRun(newRunId(new Date()), out, recorder, new AbortController().signal);
    try {
      await using runtime = startProcessRuntime(run);
      await using mesh = await startMesh(
        run,
        runtime,
        {
          spireServer: tools['spire-server'].path,
          spireAgent: tools['spire-agent'].path,
          toxiproxy: tools.toxiproxy.path,
          keyProbe: tools['assay-key-probe'].path,
        },
        meshSpecs(undefined, {}).steady,
      );
      const [caller, called] = mesh.nodes;
      assert(caller?.admin && called);
      const link = await mesh.linkTo(called);
      const call = async () => (await caller.admin!.dial(link.peerAddress, called.spiffeId))?.outcome;

      t.equal(await reaches(link.address, 5_000), 'open');
      t.equal(await call(), 'accepted');
      await link.cut();
      t.equal(await reaches(link.address, 5_000), 'closed');
      t.not(await call(), 'accepted');
      t.equal(
        (await caller.admin.dial(called.peerAddress, called.spiffeId))?.outcome,
        'accepted',
        'the node itself is still there',
      );
      await link.heal();
      t.equal(await reaches(link.address, 5_000), 'open');
      t.equal(await call(), 'accepted');
    } finally {
      recorder.close();
      closeRun(run);
      rmSync(out, { recursive: true });
    }
  },
);
