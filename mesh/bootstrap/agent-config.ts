import { join } from 'node:path';
import type { HostPort } from '../../src/host-port.ts';

/** An agent of a mesh node that is attested by join token. Paths are absolute. */
export interface AgentSetup {
  readonly trustDomain: string;
  readonly server: HostPort;
  /** Of the Workload API. */
  readonly socketPath: string;
  /** Has its configuration, its data and its log. */
  readonly directory: string;
}

/** Where the files of an agent are. */
export const agentFiles = ({ directory }: Pick<AgentSetup, 'directory'>) => ({
  config: join(directory, 'agent.conf'),
  bundle: join(directory, 'bundle.pem'),
  data: join(directory, 'data'),
  log: join(directory, 'agent.log'),
});

/**
 * The configuration of an agent. There is no token in it, as that is used once, and no `insecure_bootstrap`: whom it trusts at first contact comes by a
 * file.
 */
export function agentConfig(setup: AgentSetup): string {
  const { data, bundle } = agentFiles(setup);
  const { trustDomain, server, socketPath } = setup;
  const text = JSON.stringify;
  return `agent {
  trust_domain = ${text(trustDomain)}
  server_address = ${text(server.host)}
  server_port = ${server.port}
  trust_bundle_path = ${text(bundle)}
  data_dir = ${text(data)}
  socket_path = ${text(socketPath)}
  log_level = "INFO"
  log_format = "json"
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "disk" { plugin_data { directory = ${text(data)} } }
  WorkloadAttestor "unix" { plugin_data {} }
}
`;
}
