import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkCipherSuites, cipherSuites } from '../../mesh/node/cipher-suites.ts';
import { parseHostPort } from '../../mesh/node/contract.ts';
import { svidFiles } from '../../mesh/node/svid-files.ts';
import { createLog } from '../../mesh/observability/log.ts';
import { isLoopback } from '../../mesh/plain-listener.ts';
import { startApi } from '../../mesh/services/api.ts';
import { startBackend } from '../../mesh/services/backend.ts';
import { startFrontend } from '../../mesh/services/frontend.ts';
import type { Service, ServiceOptions } from '../../mesh/services/service.ts';
import { parseEndpointSocket } from '../../spiffe/workload-api.ts';
import { FixtureError, messageOf, UsageError } from '../../src/errors.ts';
import { findSpiffeId, isTrustDomain } from '../../src/svid/spiffe-id.ts';
import { exitCodes } from '../exit-codes.ts';
import { aborted, abortOnSignals } from '../signals.ts';

/** The flags of `assay mesh service`. */
export interface ServiceFlags {
  readonly trustDomain?: string;
  readonly workloadApi?: string;
  /** Directory of spiffe-helper's files. */
  readonly certDir?: string;
  /** host:port, as the next two. */
  readonly listen: string;
  readonly admin: string;
  readonly web?: string;
  /** Of frontend and backend: host:port of the one behind them. */
  readonly backend?: string;
  readonly api?: string;
  /** Of api: file. */
  readonly data?: string;
  readonly allow: readonly string[];
  readonly cipherSuites?: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** A service that was chosen, when all that a person said made sense. */
interface Chosen {
  readonly name: string;
  readonly options: Omit<ServiceOptions, 'log' | 'signal' | 'identity'>;
  /** Of the Workload API, or the directory of the files. */
  readonly identity: { readonly socket: string } | { readonly certDir: string };
  /** What is the service's own, for people. */
  readonly own: Readonly<Record<string, string>>;
  start(options: ServiceOptions): Promise<Service & { readonly webAddress?: string }>;
}

/**
 * `assay mesh service`: runs one of the services of the demo until Ctrl-C or SIGTERM, and then ends it when what is under way was answered. Its log goes
 * to standard output, by docs/logs.md.
 *
 * @throws UsageError for what makes no sense, FixtureError where it cannot run
 */
export async function serviceCommand(name: string, flags: ServiceFlags): Promise<number> {
  const chosen = choose(name, flags);
  if (flags.dryRun) {
    process.stdout.write(planOf(chosen, flags.json));
    return exitCodes.pass;
  }
  using stopping = abortOnSignals('what is under way is answered first; once more to leave at once');
  const { signal } = stopping;
  const { identity } = chosen;
  try {
    await using service = await chosen.start({
      ...chosen.options,
      identity: 'socket' in identity ? identity.socket : svidFiles(identity.certDir),
      log: createLog(name),
      signal,
    });
    if (service.webAddress !== undefined) process.stderr.write(`The page is at http://${service.webAddress}/\n`);
    await aborted(signal);
  } catch (error) {
    if (signal.aborted) return exitCodes.aborted;
    throw new FixtureError(`${name}: ${messageOf(error)}`, { cause: error });
  }
  return exitCodes.pass;
}

function choose(name: string, flags: ServiceFlags): Chosen {
  const trustDomain = flags.trustDomain ?? process.env.SPIFFE_TRUST_DOMAIN ?? 'example.org';
  if (!isTrustDomain(trustDomain))
    throw new UsageError(
      `--trust-domain ${trustDomain}: is no name of a trust domain; wanted is one such as example.org`,
    );
  const id = (service: string) => `spiffe://${trustDomain}/${service}`;
  const options = (caller?: string) => ({ trustDomain, ...ways(flags, caller === undefined ? [] : [id(caller)]) });
  const identity = identityOf(flags);
  switch (name) {
    case 'frontend': {
      onlyOwn(name, flags, ['web', 'backend']);
      const [web, backend] = [plain('--web', flags.web ?? '127.0.0.1:8080'), place('--backend', flags.backend)];
      const start = (all: ServiceOptions) => startFrontend(all, { web, backend });
      return { name, identity, options: options(), own: { web, calls: `${id('backend')} at ${backend}` }, start };
    }
    case 'backend': {
      onlyOwn(name, flags, ['api']);
      const api = place('--api', flags.api);
      const start = (all: ServiceOptions) => startBackend(all, api);
      return { name, identity, options: options('frontend'), own: { calls: `${id('api')} at ${api}` }, start };
    }
    case 'api': {
      onlyOwn(name, flags, ['data']);
      const data = dataFile(flags.data);
      const start = (all: ServiceOptions) => startApi(all, data);
      return { name, identity, options: options('backend'), own: { data }, start };
    }
    default:
      throw new UsageError(
        `service ${JSON.stringify(name)}: there is none of that name; wanted is frontend, backend or api`,
      );
  }
}

const whose = { web: 'frontend', backend: 'frontend', api: 'backend', data: 'api' } as const;

function onlyOwn(name: string, flags: ServiceFlags, own: readonly (keyof typeof whose)[]): void {
  for (const flag of Object.keys(whose) as (keyof typeof whose)[])
    if (flags[flag] !== undefined && !own.includes(flag))
      throw new UsageError(`--${flag}: is for ${whose[flag]}, and ${name} takes none`);
}

/** What every service has: how it is reached, by whom, and with which suites. */
function ways(
  { listen, admin, allow, cipherSuites: suites }: ServiceFlags,
  callers: readonly string[],
): Pick<ServiceOptions, 'listen' | 'admin' | 'allow' | 'cipherSuites'> {
  for (const one of allow)
    if ((findSpiffeId(one)?.path ?? '') === '')
      throw new UsageError(
        `--allow ${JSON.stringify(one)}: is no SPIFFE ID of a workload; wanted are exact ones, as spiffe://example.org/frontend`,
      );
  parseHostPort(listen, '--listen', 0);
  try {
    if (suites !== undefined) checkCipherSuites(suites);
  } catch (error) {
    throw new UsageError(`--cipher-suites: ${messageOf(error)}`);
  }
  return {
    ...{ listen, admin: plain('--admin', admin), allow: [...new Set([...callers, ...allow])] },
    ...(suites !== undefined && { cipherSuites: suites }),
  };
}

/** An address without TLS. @throws UsageError where others than this host reach it */
function plain(flag: string, address: string): string {
  if (isLoopback(parseHostPort(address, flag, 0))) return address;
  throw new UsageError(
    `${flag} ${address}: has no TLS, so it is for this host alone; wanted is an address as 127.0.0.1:8080`,
  );
}

function place(flag: string, address: string | undefined): string {
  if (address === undefined) throw new UsageError(`${flag}: is missing: where that service listens, as 127.0.0.1:9443`);
  parseHostPort(address, flag);
  return address;
}

function dataFile(file: string | undefined): string {
  if (file === undefined || file.trim() === '')
    throw new UsageError('--data: is missing: the file that api keeps its notes in, as notes.sqlite');
  const path = resolve(file);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--data ${path}: is a directory, and a file is wanted`);
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--data ${path}: its directory is not there`);
  return path;
}

function identityOf({ certDir, workloadApi }: ServiceFlags): Chosen['identity'] {
  if (certDir !== undefined) {
    const path = resolve(certDir);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return { certDir: path };
    throw new UsageError(`--cert-dir ${path}: is no directory; wanted is the cert_dir of spiffe-helper`);
  }
  const socket = workloadApi ?? process.env.SPIFFE_ENDPOINT_SOCKET;
  if (socket === undefined)
    throw new UsageError(
      'service: say where its identity comes from: --workload-api or SPIFFE_ENDPOINT_SOCKET for the socket of an agent, --cert-dir for the files of spiffe-helper',
    );
  try {
    parseEndpointSocket(socket);
  } catch (error) {
    throw new UsageError(
      `${workloadApi === undefined ? 'SPIFFE_ENDPOINT_SOCKET' : '--workload-api'}: ${messageOf(error)}`,
    );
  }
  return { socket };
}

function planOf({ name, options, identity, own }: Chosen, json: boolean): string {
  const { trustDomain, listen, admin, allow } = options;
  const suites = options.cipherSuites ?? cipherSuites;
  const spiffeId = `spiffe://${trustDomain}/${name}`;
  if (json)
    return `${JSON.stringify({ service: name, spiffeId, identity, listen: allow.length > 0 ? listen : null, admin, allow, cipherSuites: suites, ...own })}\n`;
  const from = 'socket' in identity ? identity.socket : `the files in ${identity.certDir}`;
  return `would run ${name} as ${spiffeId}, by ${from}
  mTLS    ${allow.length > 0 ? `at ${listen}, for ${allow.join(', ')}` : 'for nobody: no listener is opened'}
  suites  ${suites.join(', ')}
  admin   ${admin}
${Object.entries(own)
  .map(([key, value]) => `  ${key.padEnd(7)} ${value}\n`)
  .join('')}`;
}
