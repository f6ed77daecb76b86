import { join } from 'node:path';
import type { HostPort } from '../../src/host-port.ts';

/** An agent of a mesh node that is attested by join token. Paths are absolute. */
export interface AgentSetup {
  readonly trustDomain: string;
  readonly server: HostPort;
  /** Of the Workload API. */
  readonly socketPath: string;
  readonly files: AgentFiles;
  /** What one has that serves a whole host; left out where it is only to be attested. */
  readonly service?: AgentService;
}

/** Where the files of an agent are. */
export interface AgentFiles {
  readonly config: string;
  readonly bundle: string;
  /** A directory: its keys and its own SVID. */
  readonly data: string;
  readonly log: string;
}

/** Ports on loopback. Who runs it may ask which program a process runs, whoever's it is: CAP_SYS_PTRACE. */
export interface AgentService {
  readonly metricsPort: number;
  readonly healthPort: number;
}

/** All of them in one directory. */
export const filesIn = (directory: string): AgentFiles => ({
  config: join(directory, 'agent.conf'),
  bundle: join(directory, 'bundle.pem'),
  data: join(directory, 'data'),
  log: join(directory, 'agent.log'),
});

/**
 * The configuration of an agent. There is no token in it, as that is used once, and no `insecure_bootstrap`: whom it trusts at first contact comes by a
 * file.
 */
export function agentConfig({ trustDomain, server, socketPath, files, service }: AgentSetup): string {
  const text = JSON.stringify;
  return `agent {
  trust_domain = ${text(trustDomain)}
  server_address = ${text(server.host)}
  server_port = ${server.port}
  trust_bundle_path = ${text(files.bundle)}
  data_dir = ${text(files.data)}
  socket_path = ${text(socketPath)}
  log_level = "INFO"
  log_format = "json"
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "disk" { plugin_data { directory = ${text(files.data)} } }
  WorkloadAttestor "unix" { plugin_data {${service === undefined ? '' : byPath}} }
}
${service === undefined ? '' : watched(service)}`;
}

// A hash would be of no use to whoever may not read a program, and the attestor then knows nothing of that process, not even whose it is.
const byPath = `
    discover_workload_path = true
    # No selector unix:sha256: where a program cannot be read, its process would have no selector at all.
    workload_size_limit = -1
  `;

const watched = ({ metricsPort, healthPort }: AgentService) => `telemetry {
  Prometheus {
    host = "127.0.0.1"
    port = ${metricsPort}
  }
}
health_checks {
  listener_enabled = true
  bind_address = "127.0.0.1"
  bind_port = "${healthPort}"
  live_path = "/live"
  ready_path = "/ready"
}
`;
