import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { agentConfig, agentFiles, type AgentSetup } from '../../mesh/bootstrap/agent-config.ts';
import { startAgentProcess, type AgentProcess } from '../../mesh/bootstrap/agent-process.ts';
import { refuseOthersDirectories } from '../../mesh/bootstrap/safe-directory.ts';
import { makeDirectories } from '../../mesh/make-directories.ts';
import { parseHostPort } from '../../mesh/node/contract.ts';
import { readAgentData } from '../../mesh/status/agent-data.ts';
import { fetchX509Context, WorkloadApiError } from '../../spiffe/workload-api.ts';
import { DeadlineError, FixtureError, messageOf, UsageError } from '../../src/errors.ts';
import { isTrustDomain, parseSpiffeId, SpiffeIdError } from '../../src/svid/spiffe-id.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { exitCodes } from '../exit-codes.ts';
import { readFlagFile } from '../flag-file.ts';
import { aborted, abortOnSignals } from '../signals.ts';
import { aloneIn } from './alone-in.ts';
import { programOf } from './program-flag.ts';

/** The flags of `assay mesh bootstrap`. */
export interface BootstrapFlags {
  readonly nodeId: string;
  readonly trustDomain: string;
  /** host:port */
  readonly server: string;
  /** File, PEM. */
  readonly bundle: string;
  readonly bundleSha256: string;
  /** File, or - for standard input. */
  readonly tokenFile?: string;
  readonly dir: string;
  /** Path of the Workload API's socket. */
  readonly socket: string;
  readonly spireAgent?: string;
  /** Milliseconds. */
  readonly within: number;
  readonly stay: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What is to be done, when all that a person said made sense. */
interface Bootstrap {
  /** SPIFFE ID. */
  readonly node: string;
  readonly setup: AgentSetup;
  readonly bundlePem: string;
  /** Whether its agent was attested here before, and can go on by that. */
  readonly isAttested: boolean;
}

/**
 * `assay mesh bootstrap`: has the agent of this node attested by a join token, and waits until the node has its identity. What is attested already needs
 * no token, and stays as it is.
 *
 * @throws UsageError for what makes no sense, FixtureError where the server is not reached, or nobody has registered the node
 */
export async function bootstrapCommand(flags: BootstrapFlags): Promise<number> {
  const { dryRun, json } = flags;
  const wanted = checked(flags);
  const { node, setup, isAttested } = wanted;
  const files = agentFiles(setup);
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  if (await isServedAlready(wanted)) {
    process.stdout.write(json ? `${JSON.stringify({ node, attested: 'before', runs: true })}\n` : `${node}\n`);
    say('Its agent runs already.\n');
    return exitCodes.pass;
  }
  if (isAttested && flags.tokenFile !== undefined) say('The agent was attested before: the token is left as it is.\n');
  if (dryRun) {
    say(
      `would write ${files.config} and ${files.bundle}, and ${isAttested ? 'start the agent, which was attested already' : `have the agent attested at ${flags.server} by the token`}; then wait for ${node}\n`,
    );
    return exitCodes.pass;
  }
  const token = isAttested ? undefined : tokenFrom(flags.tokenFile!);
  const program = await programOf('--spire-agent', 'spire-agent', flags.spireAgent);
  prepare(wanted);
  await using _alone = await aloneIn(setup.directory, `--dir ${setup.directory}: another bootstrap goes on there`);
  return attest(flags, wanted, { program, token, say });
}

interface Means {
  readonly program: string;
  readonly token: string | undefined;
  readonly say: (text: string) => void;
}

async function attest({ within, stay, json }: BootstrapFlags, wanted: Bootstrap, means: Means): Promise<number> {
  const { node, setup, isAttested } = wanted;
  const { program, token, say } = means;
  const files = agentFiles(setup);
  using stopping = abortOnSignals('leaving; the agent ends with this command');
  const { signal } = stopping;
  const tokenFile = join(setup.directory, `${tokenPrefix}${randomUUID()}`);
  using _gone = { [Symbol.dispose]: () => rmSync(tokenFile, { force: true }) };
  const command = [program, 'run', '-config', files.config] as const;
  const log = openSync(files.log, 'a', 0o600);
  if (token !== undefined) writeFileSync(tokenFile, token, { mode: 0o600, flag: 'wx' });
  const given = token === undefined ? command : ([...command, '-joinTokenFile', tokenFile] as const);
  const agent = startAgentProcess(diesWithUs(given), log, say);
  try {
    const notAfter = await eventually(`${node} is handed out`, () => identityOf(wanted), {
      ...{ withinMs: within, everyMs: 100, signal, lookAt: files.log },
      unless: () => agent.hopeless(),
    });
    rmSync(tokenFile, { force: true });
    const start = command.join(' ');
    process.stdout.write(
      json
        ? `${JSON.stringify({ node, attested: isAttested ? 'before' : 'now', notAfter, config: files.config, start })}\n`
        : `${node}\n`,
    );
    if (!stay) {
      say(`The node is attested. Its agent ends with this command; start it by: ${start}\n`);
      return exitCodes.pass;
    }
    const how = await Promise.race([agent.ended, aborted(signal).then(() => undefined)]);
    if (how === undefined) return exitCodes.pass;
    throw new FixtureError(`the agent ${how}; look at ${files.log}`);
  } catch (error) {
    if (!signal.aborted) throw explained(error, agent, wanted);
    process.stderr.write(`${messageOf(signal.reason)}: ${node} was not waited for\n`);
    return exitCodes.aborted;
  } finally {
    await agent.end();
  }
}

// As much as the kernel takes for the address of a socket, and a byte at its end.
const mostSocketBytes = 107;
const tokenPrefix = '.token-';

function checked(flags: BootstrapFlags): Bootstrap {
  for (const [flag, value] of [
    ['--dir', flags.dir],
    ['--socket', flags.socket],
    ['--spire-agent', flags.spireAgent ?? 'left out'],
  ] as const)
    if (value.trim() === '') throw new UsageError(`${flag}: is empty; is the variable that names it set?`);
  const node = nodeOf(flags);
  const setup: AgentSetup = {
    trustDomain: flags.trustDomain,
    server: serverOf(flags.server),
    socketPath: resolve(flags.socket),
    directory: resolve(flags.dir),
  };
  const { socketPath, directory } = setup;
  if (Buffer.byteLength(socketPath) > mostSocketBytes)
    throw new UsageError(
      `--socket ${socketPath}: is longer than the ${mostSocketBytes} bytes that a socket's path may have`,
    );
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket())
    throw new UsageError(`--socket ${socketPath}: is there, and is no socket; name another path`);
  refuseOthersDirectories(dirname(socketPath), `--socket ${socketPath}`);
  refuseOthersDirectories(directory, `--dir ${directory}`);
  const bundlePem = checkedBundle(flags.bundle, flags.bundleSha256);
  const isAttested = livesOn(setup);
  if (!isAttested && flags.tokenFile === undefined)
    throw new UsageError(
      `--token-file: wants the file of a join token for ${node}, as its agent was not attested yet; - reads it from standard input`,
    );
  return { node, setup, bundlePem, isAttested };
}

function nodeOf({ nodeId, trustDomain }: BootstrapFlags): string {
  if (!isTrustDomain(trustDomain))
    throw new UsageError(
      `--trust-domain ${trustDomain}: is no name of a trust domain; wanted is one such as example.org`,
    );
  const id = `spiffe://${trustDomain}/node/${nodeId}`;
  try {
    if (!nodeId.includes('/')) return parseSpiffeId(id).text;
  } catch (error) {
    if (!(error instanceof SpiffeIdError)) throw error;
  }
  throw new UsageError(`--node-id ${nodeId}: is no segment of a SPIFFE ID; wanted is one such as node-001`);
}

function serverOf(text: string) {
  try {
    return parseHostPort(text, '--server');
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** The bundle, if it is the one that was meant: it decides whom the agent believes. */
function checkedBundle(file: string, sha256: string): string {
  const text = readFlagFile('--bundle', file);
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== sha256.toLowerCase())
    throw new UsageError(
      `--bundle ${file}: its SHA-256 is ${found}, and not ${sha256}: it is not the file that was meant, and nothing is believed by it`,
    );
  if (pemBlocks(text, 'CERTIFICATE').length === 0)
    throw new UsageError(`--bundle ${file}: holds no certificate; \`spire-server bundle show\` writes it`);
  return text;
}

/** Whether an agent of that trust domain was attested there, and can go on by that. @throws UsageError where it is of another one */
function livesOn(setup: AgentSetup): boolean {
  const { data } = agentFiles(setup);
  if (!existsSync(join(data, 'agent-data.json')) || !existsSync(join(data, 'keys.json'))) return false;
  let agent;
  try {
    agent = readAgentData(data);
  } catch {
    // Half written, or of before its first attestation.
    return false;
  }
  if (!agent.spiffeId.startsWith(`spiffe://${setup.trustDomain}/`))
    throw new UsageError(
      `--dir ${setup.directory}: has the agent ${agent.spiffeId}, of another trust domain; name another directory`,
    );
  return agent.notAfter > new Date();
}

/**
 * Whether its agent runs already, and hands out the identity of the node.
 *
 * @throws UsageError where another one has the socket
 */
async function isServedAlready({ node, setup, isAttested }: Bootstrap): Promise<boolean> {
  const { socketPath } = setup;
  if (!existsSync(socketPath)) return false;
  const ids: readonly string[] | undefined = await fetchX509Context(
    { kind: 'unix', path: socketPath },
    { withinMs: 2_000 },
  ).then(
    ({ svids }) => svids.map(({ spiffeId }) => spiffeId),
    (error: unknown): readonly string[] | undefined => {
      if (!(error instanceof WorkloadApiError)) throw error;
      // Nobody has it: an agent that was killed leaves it behind, and the next one takes it.
      return error.code === 'UNAVAILABLE' ? undefined : [];
    },
  );
  if (ids === undefined) return false;
  if (isAttested && ids.includes(node)) return true;
  throw new UsageError(
    `--socket ${socketPath}: an agent answers there already, and hands out ${ids.length === 0 ? 'nothing to this user' : ids.join(', ')}; end it, or name another path`,
  );
}

/** @throws UsageError for one that others can read, or that holds no token; the token itself stands in no message */
function tokenFrom(file: string): string {
  if (file !== '-' && ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
    throw new UsageError('--token-file: can be read by others: chmod 600 it');
  const token = (file === '-' ? readFileSync(0, 'utf8') : readFlagFile('--token-file', file)).trim();
  if (!/^\S{8,}$/.test(token))
    throw new UsageError('--token-file: holds no join token; wanted is one word, as SPIRE makes it');
  return token;
}

/** @throws UsageError for what the file system has against it */
function prepare({ setup, bundlePem }: Bootstrap): void {
  const files = agentFiles(setup);
  try {
    for (const directory of [files.data, dirname(setup.socketPath)]) makeDirectories(directory);
    for (const left of readdirSync(setup.directory).filter((name) => name.startsWith(tokenPrefix)))
      rmSync(join(setup.directory, left));
    replace(files.bundle, bundlePem);
    replace(files.config, agentConfig(setup));
    if (existsSync(files.log) && !statSync(files.log).isFile()) throw new Error(`${files.log} is no file`);
  } catch (error) {
    throw new UsageError(`--dir ${setup.directory}, --socket ${setup.socketPath}: ${messageOf(error)}`);
  }
  // What was not there before is looked at now.
  refuseOthersDirectories(dirname(setup.socketPath), `--socket ${setup.socketPath}`);
  refuseOthersDirectories(setup.directory, `--dir ${setup.directory}`);
}

function replace(file: string, text: string): void {
  const draft = `${file}.draft`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o644, flag: 'wx' });
  renameSync(draft, file);
}

/** Until when the identity of that node is valid; undefined where others are handed out alone. @throws where it is not vouched for by the bundle */
async function identityOf({ node, setup, bundlePem, isAttested }: Bootstrap): Promise<string | undefined> {
  const { svids } = await fetchX509Context({ kind: 'unix', path: setup.socketPath }, { withinMs: 2_000 });
  const found = svids.find(({ spiffeId }) => spiffeId === node);
  if (found === undefined) return undefined;
  const chain = found.chain.map((der) => readCertificate(der));
  // Authorities may have been renewed since an agent was attested by an older bundle.
  if (!isAttested) {
    const authorities = pemBlocks(bundlePem, 'CERTIFICATE').map((der) => readCertificate(der));
    const verified = verifyX509Svid(chain, new Map([[setup.trustDomain, authorities]]), new Date());
    if (!verified.ok) throw new Error(`the SVID that is handed out is refused by the bundle: ${verified.detail}`);
  }
  return chain[0]!.notAfter.toISOString();
}

/** The same in words of what a person can do. */
function explained(error: unknown, agent: AgentProcess, { node, setup }: Bootstrap): unknown {
  if (!(error instanceof DeadlineError)) return error;
  const trouble = agent.trouble();
  if (trouble?.isFinal) return new UsageError(`the node is not attested: ${trouble.why}`);
  if (trouble !== undefined && !livesOn(setup))
    return new FixtureError(`the node is not attested: ${error.message}; ${trouble.why}`);
  const isUnknown =
    agent.hopeless() === undefined && /PERMISSION_DENIED|the last answer was undefined/.test(error.message);
  return isUnknown
    ? new FixtureError(
        `the agent is attested, but ${node} is not handed to this user (uid ${process.getuid?.()}): nobody has registered it, or its selectors do not fit. ${error.message}`,
      )
    : new FixtureError(`${node} is not handed out: ${error.message}`);
}
