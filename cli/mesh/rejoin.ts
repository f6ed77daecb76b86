import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { rejoin } from '../../mesh/rejoin.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { adminPathOf, checkNodeId, notReached } from './server-flags.ts';

/** The flags of `assay mesh rejoin`. */
export interface RejoinFlags {
  readonly spireServer: string;
  /** SPIFFE ID of the node. */
  readonly node: string;
  readonly tokenFile: string;
  readonly forced?: string;
  readonly json: boolean;
}

// As the deployment document has it.
const ttlSeconds = 300;

/**
 * `assay mesh rejoin`: a new join token for a node whose agent was off for too long, in a file that its owner alone can read.
 *
 * @throws UsageError where that makes no sense, FixtureError where the server is not reached
 */
export async function rejoinCommand({ spireServer, node, tokenFile, forced, json }: RejoinFlags): Promise<number> {
  const path = adminPathOf(spireServer);
  checkNodeId('--node', node);
  if (tokenFile === '-' || tokenFile.trim() === '')
    throw new UsageError(
      '--token-file: wants the path of a file that is not there yet; a token is shown on no terminal',
    );
  if (forced?.trim() === '') throw new UsageError('--forced: wants the reason');
  using api = connectServerApi(path);
  const opened = openNew(tokenFile);
  let kept = false;
  const keep = (token: string) => {
    writeSync(opened, `${token}\n`);
    kept = true;
  };
  const wanted = { node, ttlSeconds, forced: forced !== undefined, keep };
  const { expiresAt, removed } = await rejoin(api, wanted, new Date())
    .catch(notReached)
    .finally(() => {
      closeSync(opened);
      if (!kept) rmSync(tokenFile);
    });
  const file = resolve(tokenFile);
  process.stdout.write(
    json
      ? `${JSON.stringify({ node, tokenFile: file, expiresAt: expiresAt.toISOString(), removed, ...(forced !== undefined && { forced }) })}\n`
      : `${node} can join once more, until ${expiresAt.toISOString()}, by the token in ${file}.
${removed === 0 ? 'No agent' : `${removed} ${removed === 1 ? 'agent' : 'agents'} of it that had ended`} was removed; its entries are as they were.
On the node, beside its configuration: spire-agent run -joinTokenFile FILE. Then remove the file.
`,
  );
  return exitCodes.pass;
}

/** Where there is nothing yet, so that no token takes the place of another. @throws UsageError */
function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    throw new UsageError(
      `--token-file ${file}: cannot be made: ${messageOf(error)}; wanted is a file that is not there yet`,
    );
  }
}
