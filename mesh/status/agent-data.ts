import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UsageError } from '../../src/errors.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate } from '../../src/svid/x509/read.ts';

/** What a SPIRE agent keeps of itself between two starts. */
export interface AgentStatus {
  /** Without the token that it joined by. */
  readonly spiffeId: string;
  readonly notAfter: Date;
  /** Whether it can prove once more what it is, whenever it comes back. One that came by a join token cannot: that is used up. */
  readonly reattestable: boolean;
}

/**
 * Reads an agent's data directory.
 *
 * @throws UsageError where it cannot be read, or the agent was never attested
 *
 * Source: SPIRE 1.15, pkg/agent/storage.
 */
export function readAgentData(directory: string): AgentStatus {
  const file = join(directory, 'agent-data.json');
  const wanted = 'wanted is the data_dir of a SPIRE agent that was attested';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--agent-data ${directory}: ${messageOf(error)}; ${wanted}`);
  }
  try {
    const { svid, reattestable } = JSON.parse(text) as { svid?: readonly string[]; reattestable?: boolean };
    const pem = Buffer.from(svid?.[0] ?? '', 'base64').toString('latin1');
    const { uriSans, notAfter } = readCertificate(pemToDer(pem));
    return { spiffeId: withoutToken(uriSans[0] ?? ''), notAfter, reattestable: reattestable === true };
  } catch (error) {
    throw new UsageError(`${file}: holds no SVID of an agent (${messageOf(error)}); ${wanted}`);
  }
}

/** An agent that joined by token is called after it: spent, but never for a report. */
export function withoutToken(spiffeId: string): string {
  return spiffeId.replace(/(\/spire\/agent\/join_token\/).*$/, '$1…');
}
