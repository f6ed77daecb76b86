import { createHash } from 'node:crypto';
import { parseHostPort } from '../../mesh/node/contract.ts';
import { messageOf, UsageError } from '../../src/errors.ts';
import type { HostPort } from '../../src/host-port.ts';
import { isTrustDomain, parseSpiffeId, SpiffeIdError } from '../../src/svid/spiffe-id.ts';
import { pemBlocks } from '../../src/svid/x509/pem.ts';
import { readFlagFile } from '../flag-file.ts';
import { programOf } from './program-flag.ts';

/** The SPIFFE ID of a node. @throws UsageError where it would be none */
export function nodeOf({ nodeId, trustDomain }: { readonly nodeId: string; readonly trustDomain: string }): string {
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

/** The address of a SPIRE server. @throws UsageError where it is none */
export function serverOf(text: string): HostPort {
  try {
    return parseHostPort(text, '--server');
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** The bundle, if it is the one that was meant: it decides whom the agent believes. @throws UsageError where it is not */
export function checkedBundle(file: string, sha256: string): string {
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

/** The path of the agent: the one that was named, else that of the toolchain. @throws UsageError where what was named is no program */
export const agentProgram = (given: string | undefined) => programOf('--spire-agent', 'spire-agent', given);

/** @throws UsageError for flags that were given, and are empty: those of a variable that is not set */
export function refuseEmpty(flags: Readonly<Record<string, string | undefined>>): void {
  for (const [flag, value] of Object.entries(flags))
    if (value?.trim() === '') throw new UsageError(`${flag}: is empty; is the variable that names it set?`);
}
