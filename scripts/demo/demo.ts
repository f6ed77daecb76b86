// Three services that speak mTLS with SVIDs of a real SPIRE, on this machine: npm run demo -- [--check] [--json] [--web HOST:PORT] [--ttl SECONDS]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodes } from '../../cli/exit-codes.ts';
import { aborted, abortOnSignals } from '../../cli/signals.ts';
import { freePort } from '../../fixtures/run/free-port.ts';
import { openRecorder } from '../../fixtures/run/recorder.ts';
import { newRunId } from '../../fixtures/run/run-id.ts';
import { withRun } from '../../fixtures/run/with-run.ts';
import { startProcessRuntime } from '../../fixtures/runtime/process/process.ts';
import { defaultRuntime } from '../../fixtures/runtime/runtimes.ts';
import { describeProgress } from '../../fixtures/toolchain/describe-progress.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { parseHostPort } from '../../mesh/node/contract.ts';
import { isLoopback } from '../../mesh/plain-listener.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import { checkDemo, type Tried } from './check.ts';
import { rotatesEverySeconds, serviceNames, startDemo, type Demo } from './start-demo.ts';

const usage = `usage: npm run demo -- [--check [--json]] [--web HOST:PORT] [--ttl SECONDS]

Starts a SPIRE server, and frontend, backend and api with an agent each, as processes of this machine; nothing else is needed, and nothing stays.
Prints the address of a page that shows who talks to whom while their SVIDs rotate. Ctrl-C ends all of it.

  --check     try who is answered and who is refused, print it, and end: exit code 0 where all came out as it has to, 1 where not, 3 where nothing
              could be tried
  --json      with --check: print that as JSON
  --web       where the page is, for this host alone (default: 127.0.0.1 and a port that is free)
  --ttl       seconds that an SVID lives, from 12 on; it rotates after half of that, less five seconds (default: 22)`;

interface Wanted {
  readonly check: boolean;
  readonly json: boolean;
  readonly web: string;
  readonly svidTtlSeconds: number;
}

/** @throws UsageError; undefined where help is wanted */
async function wantedBy(args: readonly string[]): Promise<Wanted | undefined> {
  const { values } = parsed(args);
  if (values.help) return undefined;
  const ttl = Number(values.ttl);
  if (!Number.isInteger(ttl) || ttl < 12 || ttl > 3_600)
    throw new UsageError(`--ttl ${values.ttl}: wanted are whole seconds from 12 to 3600`);
  if (values.json && !values.check) throw new UsageError('--json: goes with --check');
  const web = values.web ?? `127.0.0.1:${await freePort()}`;
  if (!isLoopback(parseHostPort(web, '--web')))
    throw new UsageError(
      `--web ${web}: has no TLS, so it is for this host alone; wanted is an address as 127.0.0.1:8080`,
    );
  return { check: values.check, json: values.json, web, svidTtlSeconds: ttl };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        web: { type: 'string' },
        ttl: { type: 'string', default: '22' },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${usage}`);
  }
}

async function run({ check, json, web, svidTtlSeconds }: Wanted): Promise<number> {
  using stopping = abortOnSignals('taking the demo down; once more to leave at once');
  const { signal } = stopping;
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const directory = mkdtempSync(join(tmpdir(), 'assay-demo-'));
  const recorder = openRecorder(directory);
  let up = false;
  try {
    say('Starting a SPIRE server, three agents and three services …');
    const onProgress = (progress: Parameters<typeof describeProgress>[0]) => say(describeProgress(progress));
    const found = await locateTools(['spire-server', 'spire-agent'], { onProgress, signal });
    const tools = { 'spire-server': found['spire-server'].path, 'spire-agent': found['spire-agent'].path };
    const id = newRunId(new Date());
    return await withRun({ id, directory, recorder, signal, runtime: defaultRuntime }, async (run) => {
      await using runtime = startProcessRuntime(run);
      await using demo = await startDemo({ run, runtime, tools, svidTtlSeconds, web });
      up = true;
      if (check) return report(await checkDemo(demo), json);
      say(handover(demo, svidTtlSeconds, join(directory, 'logs')));
      await aborted(run.signal);
      if (!signal.aborted) throw run.signal.reason;
      return exitCodes.pass;
    });
  } catch (error) {
    if (signal.aborted) return up && !check ? exitCodes.pass : exitCodes.aborted;
    throw error;
  } finally {
    recorder.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function handover({ page, services }: Demo, svidTtlSeconds: number, logs: string): string {
  const rows = serviceNames.map((name) => {
    const { spiffeId, admin } = services[name];
    return `  ${name.padEnd(9)} ${spiffeId.padEnd(31)} ${admin}/health  ${admin}/metrics`;
  });
  return `
Open ${page} in a browser. SVIDs rotate about every ${rotatesEverySeconds(svidTtlSeconds)} s.

${rows.join('\n')}
  logs      ${logs}

Ctrl-C ends all of it.`;
}

function report(tried: readonly Tried[], json: boolean): number {
  const passed = tried.every(({ ok }) => ok);
  if (json) process.stdout.write(`${JSON.stringify({ passed, tried })}\n`);
  else {
    const lines = tried.map(({ ok, what, seen }) => `${ok ? '✓' : '✗'} ${what}\n    ${seen}`);
    process.stdout.write(`
${lines.join('\n')}

\`curl -k\` proves nothing: it looks at no certificate, so that whoever listens there is taken for backend, as the stranger above was. And it shows none,
so that a service of this mesh refuses it, which says no more than that somebody is there. Here both sides have verified the other's SVID: its
chain by the bundle of the trust domain, its time, and that its SPIFFE ID is exactly the one that was wanted.
${passed ? 'All came out as it has to.' : 'Not all came out as it has to.'}
`);
  }
  return passed ? exitCodes.pass : exitCodes.fail;
}

try {
  const wanted = await wantedBy(process.argv.slice(2));
  if (wanted === undefined) console.log(usage);
  else process.exitCode = await run(wanted);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.inconclusive;
}
