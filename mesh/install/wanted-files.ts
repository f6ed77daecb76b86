import { agentConfig } from '../bootstrap/agent-config.ts';
import { files, programsIn, socketPath, systemdFiles } from './places.ts';
import type { InstallSettings } from './settings.ts';
import { socketDirectoryScript, sysusersText, tmpfilesText } from './snippets.ts';
import { unitText } from './unit.ts';

/** A file as it is to be on the node. */
export interface WantedFile {
  /** Absolute, as it is on the node. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly content: Buffer;
}

/** The files of an installation, in the order in which they are put in their places. @param agent - the program. @param bundlePem - whom it trusts at first contact */
export function wantedFiles(settings: InstallSettings, agent: Buffer, bundlePem: string): readonly WantedFile[] {
  const { trustDomain, server, user, prefix, metricsPort, healthPort } = settings;
  const programs = programsIn(prefix);
  const config = agentConfig({ trustDomain, server, socketPath, files, service: { metricsPort, healthPort } });
  const text = (path: string, content: string): WantedFile => ({ path, mode: 0o644, content: Buffer.from(content) });
  return [
    { path: programs.agent, mode: 0o755, content: agent },
    { path: programs.socketDirectory, mode: 0o755, content: Buffer.from(socketDirectoryScript) },
    text(files.bundle, bundlePem),
    text(files.config, config),
    text(systemdFiles.sysusers, sysusersText(user)),
    text(systemdFiles.tmpfiles, tmpfilesText({ user, prefix })),
    text(systemdFiles.unit, unitText(settings)),
  ];
}
