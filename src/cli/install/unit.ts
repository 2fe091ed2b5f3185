/** The systemd unit: the least rights with which the server works. */
import { MALLOC, NODE_FLAGS } from './memory.ts';

export type UnitPaths = {
  readonly node: string;
  readonly program: string;
  readonly configFile: string;
};

export const SERVICE = 'millrace';
export const USER = 'millrace';
/** Fits beside the system on a server with 1 GB; the kernel slows us down before it kills us. */
const MEMORY_HIGH = '640M';
const MEMORY_MAX = '768M';
const ENVIRONMENT = Object.entries(MALLOC)
  .map((pair) => pair.join('='))
  .join(' ');
/** A socket a viewer, and then some. */
const OPEN_FILES = 65_536;
/** A media thread that stands still for so long is no service any more. */
const WATCHDOG_S = 30;

/**
 * No MemoryDenyWriteExecute: V8 compiles at run time. Low ports need CAP_NET_BIND_SERVICE and nothing else does. AF_NETLINK is how Node
 * lists the network interfaces, AF_UNIX how it speaks to systemd and to its own children.
 */
export function unitText({ node, program, configFile }: UnitPaths): string {
  return `[Unit]
Description=Millrace, live video in and out
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
User=${USER}
Group=${USER}
Environment=${ENVIRONMENT}
ExecStart=${node} ${NODE_FLAGS.join(' ')} ${program} serve --config ${configFile}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1
TimeoutStartSec=30
TimeoutStopSec=10
WatchdogSec=${WATCHDOG_S}
StateDirectory=${SERVICE}
StateDirectoryMode=0700
UMask=0077
LimitNOFILE=${OPEN_FILES}
MemoryHigh=${MEMORY_HIGH}
MemoryMax=${MEMORY_MAX}
TasksMax=256

AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** Kernel settings for many viewers over long paths; applied where the owner says so. */
export const SYSCTL = `# Written by "millrace install --sysctl"; "millrace doctor" explains each.
net.core.rmem_max = 4194304
net.core.wmem_max = 4194304
net.core.default_qdisc = fq
net.ipv4.tcp_congestion_control = bbr
net.ipv4.tcp_notsent_lowat = 131072
`;
