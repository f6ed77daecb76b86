import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { merged, type DiscoveredNode } from '../fixtures/target/discover/discovered.ts';
import { discoverEnvoy } from '../fixtures/target/discover/from-envoy.ts';
import { discoverSpireAt } from '../fixtures/target/discover/from-spire.ts';
import { fillIn, linesToFill, targetText } from '../fixtures/target/discover/target-text.ts';
import { parseHostPort } from '../mesh/node/contract.ts';
import { adminSocketPath } from '../spiffe/admin-socket.ts';
import { fetchX509Context, parseEndpointSocket } from '../spiffe/workload-api.ts';
import { messageOf, UsageError } from '../src/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { abortOnSignals } from './signals.ts';

/** The flags of `assay target discover`. */
export interface DiscoverFlags {
  readonly spireServer?: string;
  readonly spireAddress?: string;
  readonly workloadApi?: string;
  /** Admin addresses, each as http://127.0.0.1:9901. */
  readonly envoy: readonly string[];
  readonly out?: string;
}

/**
 * `assay target discover`: writes a target file of what a SPIRE server and Envoys tell, by reading alone. What nobody tells is marked for a person to
 * fill in.
 *
 * @throws UsageError for flags that make no sense, FixtureError where nobody answers
 */
export async function discoverCommand(flags: DiscoverFlags): Promise<number> {
  const { spireServer, spireAddress, workloadApi, envoy, out } = flags;
  const admin = checked(flags);
  using stopping = abortOnSignals('leaving');
  const [handed, spire, ...doors] = await Promise.all([
    workloadApi === undefined ? nobody : idsHanded(workloadApi),
    admin === undefined ? undefined : discoverSpireAt(admin),
    ...envoy.map((address) => discoverEnvoy(address, stopping.signal)),
  ]);
  const nodes = merged(doors.flat(), spire?.nodes ?? []).map(noted(handed.ids));
  const text = targetText({
    ...spire,
    ...(workloadApi !== undefined && { workloadApi }),
    ...(spireServer !== undefined && {
      spireServer: { admin: spireServer, ...(spireAddress !== undefined && { address: spireAddress }) },
    }),
    ...{ nodes, notes: spire?.notes ?? [] },
  });
  await written(text, out);
  const left = linesToFill(text);
  process.stderr.write(
    [
      nodes.length === 0
        ? 'No service was found: there is no registration entry of a workload, and no listener that speaks TLS. Name yours under nodes.\n'
        : `${counted(nodes.length, 'service')} found.\n`,
      ...(handed.trouble === undefined ? [] : [`Who Assay will be is not known: ${handed.trouble}\n`]),
      ...(left.length === 0 ? [] : [`${fillIn} stands in ${counted(left.length, 'line')}: ${told(left)}.\n`]),
      `Then: npx assay target check ${out ?? 'FILE'}\n`,
    ].join(''),
  );
  return exitCodes.pass;
}

interface Handed {
  readonly ids: readonly string[];
  /** Why that is not known. */
  readonly trouble?: string;
}

const nobody: Handed = { ids: [] };
const handedWithinMs = 5_000;

/** The IDs that the Workload API hands to this user, among whom the probe will be; or why that is not known, which keeps nothing from being written. */
async function idsHanded(workloadApi: string): Promise<Handed> {
  try {
    const { svids } = await fetchX509Context(parseEndpointSocket(workloadApi), { withinMs: handedWithinMs });
    return { ids: svids.map(({ spiffeId }) => spiffeId) };
  } catch (error) {
    return { ids: [], trouble: messageOf(error) };
  }
}

/** Says so of a service whose identity this user is handed, too. */
function noted(handed: readonly string[]): (node: DiscoveredNode) => DiscoveredNode {
  return (node) =>
    node.spiffeId === undefined || !handed.includes(node.spiffeId)
      ? node
      : {
          ...node,
          notes: [
            ...node.notes,
            'this user is handed it, too: where that is Assay alone, it is no service, and is to be deleted here',
          ],
        };
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const told = (lines: readonly number[]) => `${lines.slice(0, 12).join(', ')}${lines.length > 12 ? ' …' : ''}`;

/** The path of the admin socket, where there is one. @throws UsageError before anybody is asked */
function checked({ spireServer, spireAddress, workloadApi, envoy, out }: DiscoverFlags): string | undefined {
  if (spireServer === undefined && envoy.length === 0)
    throw new UsageError(
      'nobody to ask: name a SPIRE server, as in --spire-server unix:///tmp/spire-server/private/api.sock, or an Envoy, as in --envoy http://127.0.0.1:9901',
    );
  if (spireServer === undefined && spireAddress !== undefined)
    throw new UsageError(
      `--spire-address ${spireAddress}: is of the SPIRE server that --spire-server names; name that one, too`,
    );
  if (out !== undefined && existsSync(out))
    throw new UsageError(
      `--out ${out}: there is a file already, which is not written over; name another one, or move it away`,
    );
  if (spireAddress !== undefined) parseHostPort(spireAddress, '--spire-address');
  if (workloadApi !== undefined) readable('--workload-api', workloadApi, parseEndpointSocket);
  return spireServer === undefined ? undefined : readable('--spire-server', spireServer, adminSocketPath);
}

function readable<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw new UsageError(`${flag}: ${messageOf(error)}`);
  }
}

async function written(text: string, out: string | undefined): Promise<void> {
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(resolve(out), text, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(`--out ${out}: cannot be written: ${messageOf(error)}`);
  }
}
