import { join } from 'node:path';
import type { AgentFiles } from '../bootstrap/agent-config.ts';

/** Name of the unit, as systemctl takes it. */
export const unitName = 'spire-agent.service';

/** Of the deployment document: workloads look for the socket there. The one above is root's, so that nobody takes the place of the other. */
export const socketDirectories = ['/tmp/spire-agent', '/tmp/spire-agent/public'] as const;
export const socketPath = '/tmp/spire-agent/public/api.sock';

/** Where the record of what was installed lies: it is looked for before anything is known. */
export const manifestPath = '/etc/spire/agent/installed.json';

/** The files of the agent. Its log is that of a bootstrap; later on it writes to the journal. */
export const files: AgentFiles = {
  config: '/etc/spire/agent/agent.conf',
  bundle: '/etc/spire/agent/bundle.pem',
  data: '/var/lib/spire/agent',
  log: '/var/log/spire-agent-bootstrap.log',
};

/** What systemd reads. */
export const systemdFiles = {
  unit: `/etc/systemd/system/${unitName}`,
  wanted: `/etc/systemd/system/multi-user.target.wants/${unitName}`,
  tmpfiles: '/etc/tmpfiles.d/spire-agent.conf',
  sysusers: '/etc/sysusers.d/spire-agent.conf',
} as const;

/** The programs, below a prefix such as /usr/local. */
export const programsIn = (prefix: string) => ({
  agent: join(prefix, 'lib/assay/spire-agent'),
  socketDirectory: join(prefix, 'lib/assay/spire-agent-socket-directory'),
});
