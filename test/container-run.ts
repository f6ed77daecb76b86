// A run that its test kills: container-run.ts OUT. Starts what Assay would, says when it stands, and waits for its end.
import { newRunId } from '../fixtures/run/run-id.ts';
import { openRun } from '../fixtures/run/run.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import { startGuardian } from '../fixtures/run/guardian/guardian.ts';
import { startContainerRuntime } from '../fixtures/runtime/container/container.ts';

const out = process.argv[2] ?? '';
const run = openRun(newRunId(new Date()), out, openRecorder(out), new AbortController().signal);
startGuardian(run.id, 'container');
const runtime = await startContainerRuntime(run, { programs: {}, projectDir: process.cwd() });
const host = await runtime.startHost({ name: 'one', ports: ['http'] });
await host.run({
  name: 'stubborn',
  command: [process.execPath, '-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'],
});
console.log(run.id);
setInterval(() => {}, 1000);
