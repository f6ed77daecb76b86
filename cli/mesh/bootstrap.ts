import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diesWithUs } from '../../fixtures/run/dies-with-us.ts';
import { eventually } from '../../fixtures/run/eventually.ts';
import { agentConfig, filesIn, type AgentSetup } from '../../mesh/bootstrap/agent-config.ts';
import { startAgentProcess, type AgentProcess } from '../../mesh/bootstrap/agent-process.ts';
import { refuseOthersDirectories } from '../../mesh/bootstrap/safe-directory.ts';
import { makeDirectories } from '../../mesh/make-directories.ts';
import { replaceFile } from '../../mesh/replace-file.ts';
import { readAgentData } from '../../mesh/status/agent-data.ts';
import { fetchX509Context, WorkloadApiError } from '../../spiffe/workload-api.ts';
import { DeadlineError, FixtureError, messageOf, UsageError } from '../../src/errors.ts';
import { hostPortText } from '../../src/host-port.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { exitCodes } from '../exit-codes.ts';
import { aborted, abortOnSignals } from '../signals.ts';
import { agentProgram, checkedBundle, nodeOf, refuseEmpty, serverOf } from './agent-flags.ts';
import { aloneIn } from './alone-in.ts';
import { findInstalled, type InstalledAgent } from './installed-agent.ts';
import { tokenFrom, writeToken } from './join-token.ts';

/** The flags of `assay mesh bootstrap`. */
export interface BootstrapFlags {
  readonly nodeId: string;
  /** This and the next three are left out where `assay mesh install` was told them. */
  readonly trustDomain?: string;
  /** host:port */
  readonly server?: string;
  /** File, PEM. */
  readonly bundle?: string;
  readonly bundleSha256?: string;
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
  /** The agent that `assay mesh install` has put here; left out where this command makes its files itself. */
  readonly installed?: InstalledAgent;
}

/**
 * `assay mesh bootstrap`: has the agent of this node attested by a join token, and waits until the node has its identity. What is attested already needs
 * no token, and stays as it is.
 *
 * @throws UsageError for what makes no sense, FixtureError where the server is not reached, or nobody has registered the node
 */
export async function bootstrapCommand(flags: BootstrapFlags): Promise<number> {
  const { dryRun, json } = flags;
  const wanted = isWhole(flags) ? checked(flags) : ofInstalled(flags);
  const { node, setup, isAttested, installed } = wanted;
  const { files } = setup;
  const say = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  if (await isServedAlready(wanted)) {
    process.stdout.write(json ? `${JSON.stringify({ node, attested: 'before', runs: true })}\n` : `${node}\n`);
    say('Its agent runs already.\n');
    return exitCodes.pass;
  }
  if (isAttested && flags.tokenFile !== undefined) say('The agent was attested before: the token is left as it is.\n');
  if (dryRun) {
    const writes = installed === undefined ? `write ${files.config} and ${files.bundle}, and ` : '';
    say(
      `would ${writes}${isAttested ? 'start the agent, which was attested already' : `have the agent attested at ${hostPortText(setup.server)} by the token`}; then wait for ${node}\n`,
    );
    return exitCodes.pass;
  }
  const token = isAttested ? undefined : tokenFrom(flags.tokenFile!);
  const program = installed?.program ?? (await agentProgram(flags.spireAgent));
  const directory = dirname(files.config);
  // Before anything is written: what another one works with is not swept away.
  await using _alone = await ofFiles(setup, async () => {
    if (installed === undefined) for (const one of [files.data, dirname(setup.socketPath)]) makeDirectories(one);
    return aloneIn(directory, `${directory}: another bootstrap goes on there`);
  });
  await ofFiles(setup, async () => prepare(wanted));
  // Awaited here: the lock is held as long as this scope is not left.
  return await attest(flags, wanted, { program, token, say });
}

interface Means {
  readonly program: string;
  readonly token: string | undefined;
  readonly say: (text: string) => void;
}

async function attest({ within, stay, json }: BootstrapFlags, wanted: Bootstrap, means: Means): Promise<number> {
  const { node, setup, isAttested, installed } = wanted;
  const { program, token, say } = means;
  const { files } = setup;
  using stopping = abortOnSignals('leaving; the agent ends with this command');
  const { signal } = stopping;
  const tokenFile = join(tokensOf(wanted), `${tokenPrefix}${randomUUID()}`);
  using _gone = { [Symbol.dispose]: () => rmSync(tokenFile, { force: true }) };
  const command = [program, 'run', '-config', files.config] as const;
  const log = openSync(files.log, 'a', 0o600);
  if (token !== undefined) writeToken(tokenFile, token, installed?.owner);
  const given = token === undefined ? command : ([...command, '-joinTokenFile', tokenFile] as const);
  const agent = startAgentProcess(installed === undefined ? diesWithUs(given) : installed.asItsUser(given), log, say);
  try {
    const notAfter = await eventually(`${node} is handed out`, () => identityOf(wanted), {
      ...{ withinMs: within, everyMs: 100, signal, lookAt: files.log },
      unless: () => agent.hopeless(),
    });
    rmSync(tokenFile, { force: true });
    const start = installed?.start ?? command.join(' ');
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

type WholeFlags = BootstrapFlags & Required<Pick<BootstrapFlags, 'trustDomain' | 'server' | 'bundle' | 'bundleSha256'>>;

/** Whether they say all of an agent, or nothing: then it has to be here. @throws UsageError where they say some of it */
function isWhole(flags: BootstrapFlags): flags is WholeFlags {
  const { trustDomain, server, bundle, bundleSha256 } = flags;
  const told = {
    '--trust-domain': trustDomain,
    '--server': server,
    '--bundle': bundle,
    '--bundle-sha256': bundleSha256,
  };
  const lacking = Object.entries(told).flatMap(([flag, value]) => (value === undefined ? flag : []));
  if (lacking.length > 0 && lacking.length < 4)
    throw new UsageError(
      `${lacking.join(', ')}: wanted, too; or leave away all of ${Object.keys(told).join(', ')} where \`assay mesh install\` was told them`,
    );
  return lacking.length === 0;
}

function checked(flags: WholeFlags): Bootstrap {
  const { dir, socket, spireAgent } = flags;
  refuseEmpty({ '--dir': dir, '--socket': socket, '--spire-agent': spireAgent });
  const node = nodeOf(flags);
  const directory = resolve(dir);
  const setup: AgentSetup = {
    trustDomain: flags.trustDomain,
    server: serverOf(flags.server),
    socketPath: resolve(socket),
    files: filesIn(directory),
  };
  const { socketPath } = setup;
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
  return { node, setup, bundlePem, isAttested: isAttestedOr(flags, node, setup) };
}

function ofInstalled(flags: BootstrapFlags): Bootstrap {
  const { setup, bundlePem, ...installed } = findInstalled(flags);
  const node = nodeOf({ nodeId: flags.nodeId, trustDomain: setup.trustDomain });
  return { node, setup, bundlePem, installed, isAttested: isAttestedOr(flags, node, setup) };
}

/** Whether it was attested before. @throws UsageError where it was not, and there is no token by which it could be */
function isAttestedOr({ tokenFile }: BootstrapFlags, node: string, setup: AgentSetup): boolean {
  const isAttested = livesOn(setup);
  if (!isAttested && tokenFile === undefined)
    throw new UsageError(
      `--token-file: wants the file of a join token for ${node}, as its agent was not attested yet; - reads it from standard input`,
    );
  return isAttested;
}

/** Whether an agent of that trust domain was attested there, and can go on by that. @throws UsageError where it is of another one */
function livesOn(setup: AgentSetup): boolean {
  const { data } = setup.files;
  if (!existsSync(join(data, 'agent-data.json')) || !existsSync(join(data, 'keys.json'))) return false;
  let agent;
  try {
    agent = readAgentData(data);
  } catch {
    // Half written, or of before its first attestation.
    return false;
  }
  if (!agent.spiffeId.startsWith(`spiffe://${setup.trustDomain}/`))
    throw new UsageError(`${data}: has the agent ${agent.spiffeId}, of another trust domain; name another directory`);
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

/** Where a token lies for a moment: where the agent can read it, and nobody else. */
const tokensOf = ({ setup, installed }: Bootstrap) =>
  installed === undefined ? dirname(setup.files.config) : setup.files.data;

/** @throws UsageError for what the file system has against it */
async function ofFiles<T>({ files, socketPath }: AgentSetup, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${dirname(files.config)}, ${socketPath}: ${messageOf(error)}`);
  }
}

function prepare(wanted: Bootstrap): void {
  const { setup, bundlePem, installed } = wanted;
  const { files, socketPath } = setup;
  const directory = dirname(files.config);
  const tokens = tokensOf(wanted);
  for (const left of readdirSync(tokens).filter((name) => name.startsWith(tokenPrefix))) rmSync(join(tokens, left));
  if (existsSync(files.log) && !statSync(files.log).isFile()) throw new Error(`${files.log} is no file`);
  if (installed !== undefined) return installed.prepare();
  replaceFile(files.bundle, bundlePem);
  replaceFile(files.config, agentConfig(setup));
  // What was not there before is looked at now.
  refuseOthersDirectories(dirname(socketPath), `--socket ${socketPath}`);
  refuseOthersDirectories(directory, `--dir ${directory}`);
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
        `the agent is attested, but ${node} is not handed to this user (uid ${process.getuid?.()}): nobody has registered it, or its selectors do not fit; \`spire-server entry create -parentID ${node} -spiffeID ${node} -selector unix:uid:${process.getuid?.()}\` registers it. ${error.message}`,
      )
    : new FixtureError(`${node} is not handed out: ${error.message}`);
}
