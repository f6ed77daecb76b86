import { files, programsIn, socketDirectories } from './places.ts';
import type { InstallSettings } from './settings.ts';

/**
 * The unit of an agent. Each setting that is not what `systemd-analyze security` would like best says why; the test of it starts a real agent under it,
 * and workloads get their SVIDs by uid and by path.
 */
export function unitText({ nodeId, user, prefix }: Pick<InstallSettings, 'nodeId' | 'user' | 'prefix'>): string {
  const { agent, socketDirectory } = programsIn(prefix);
  return `# Made by \`assay mesh install\`; changes belong into a file beside it, by \`systemctl edit spire-agent\`.
[Unit]
Description=SPIRE agent of mesh node ${nodeId}
Documentation=https://github.com/spiffe/spire/blob/main/doc/spire_agent.md
Wants=network-online.target
After=network-online.target
# Before \`assay mesh bootstrap\` there is no identity to go on with. The token that it takes is used once, and stands nowhere here.
AssertPathExists=${files.data}/agent-data.json
# A server that is away is waited for, however long.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
# As root, outside of the sandbox: makes the directory of the socket, and refuses one that is not root's.
ExecStartPre=+${socketDirectory} ${user}
ExecStart=${agent} run -config ${files.config}
Restart=on-failure
RestartSec=5s
LimitNOFILE=65536
# Keys are in its memory.
LimitCORE=0
UMask=0077
StateDirectory=spire/agent
StateDirectoryMode=0700

# Which program a process runs, of whatever user it is, is told to those alone who may trace it: selectors by unix:path need that, and nothing else does.
CapabilityBoundingSet=CAP_SYS_PTRACE
AmbientCapabilities=CAP_SYS_PTRACE
NoNewPrivileges=yes

ProtectSystem=strict
# Where it is not there yet, what makes it would not be started without the dash.
ReadWritePaths=-${socketDirectories[1]}
ProtectHome=yes
# Off, as the socket of the deployment document is in /tmp: with one of its own, no workload would see the agent's.
PrivateTmp=no
PrivateMounts=yes
PrivateDevices=yes
DevicePolicy=closed
# Off, as it looks at processes of all users: who they are is what it attests.
PrivateUsers=no
ProtectProc=default
ProcSubset=all
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RemoveIPC=yes
KeyringMode=private

# The server, DNS and its two ports on loopback; the socket of the Workload API.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
# Who may trace is not to do it: no call by which the memory of another process is read, or written.
SystemCallFilter=~@privileged @resources @debug process_vm_readv process_vm_writev
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}
