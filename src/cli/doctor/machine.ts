/** The machine: Node, memory, disk, files, kernel, clock. */
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { size } from '../output.ts';
import { type Finding, fine, warning } from './finding.ts';

const NODE_MAJOR_MIN = 24;
/** The server begins with 150 MB; each viewer takes some tens of kilobytes. */
const FREE_MEMORY_BYTES_MIN = 256e6;
/** A database, its log and a backup. */
const FREE_DISK_BYTES_MIN = 500e6;
/** A socket for each viewer over TCP, and as many for pages. */
const OPEN_FILES_MIN = 4096;
/** What the media sockets ask for (src/media/ice/udp-listener.ts): keyframes come in bursts. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** Reads a file of the kernel's; undefined where it is not there. */
type ReadText = (path: string) => string | undefined;

export function checkNode(version: string = process.versions.node): Finding {
  const name = 'Node';
  const major = Number(version.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return fine(name, version);
  return warning(
    name,
    `${version} is too old`,
    `Use Node ${NODE_MAJOR_MIN}; "npm start" fetches it by itself.`,
  );
}

export function checkMemory(read: ReadText = readText): Finding {
  const name = 'memory';
  const kilobytes = /^MemAvailable: +(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  if (kilobytes === undefined) return fine(name, 'the kernel does not tell');
  const bytes = Number(kilobytes) * 1024;
  const says = `${size(bytes)} available, ${availableParallelism()} processors`;
  return bytes >= FREE_MEMORY_BYTES_MIN
    ? fine(name, says)
    : warning(name, says, 'Stop other programs, or take a machine with more memory.');
}

export function checkDisk(folder: string): Finding {
  const name = 'disk';
  const { bavail, bsize } = statfsSync(existing(folder));
  const says = `${size(bavail * bsize)} free for ${folder}`;
  return bavail * bsize >= FREE_DISK_BYTES_MIN
    ? fine(name, says)
    : warning(name, says, 'Make room, or put state_dir on another disk.');
}

/** @param pid of the server where one runs: its limits count, not those of this shell */
export function checkOpenFiles(pid: number | undefined, read: ReadText = readText): Finding {
  const name = 'open files';
  const limits = read(`/proc/${pid ?? 'self'}/limits`) ?? '';
  const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1];
  if (soft === undefined) return fine(name, 'the kernel does not tell');
  const whose = pid === undefined ? 'for programs of this shell' : 'for the server';
  const says = `${soft} ${whose}`;
  return soft === 'unlimited' || Number(soft) >= OPEN_FILES_MIN
    ? fine(name, says)
    : warning(
        name,
        `${says}, each viewer over TCP takes one`,
        'Start it after "ulimit -n 65536", or set LimitNOFILE=65536 in its systemd unit.',
      );
}

export function checkSocketBuffers(read: ReadText = readText): Finding {
  const name = 'socket buffers';
  const settings = ['net.core.rmem_max', 'net.core.wmem_max'] as const;
  const small = settings.filter((setting) => {
    const bytes = Number(read(procPath(setting)) ?? Number.NaN);
    return bytes < SOCKET_BUFFER_BYTES;
  });
  if (small.length === 0) return fine(name, `the kernel gives ${size(SOCKET_BUFFER_BYTES)}`);
  const says = `${small.join(' and ')} below ${size(SOCKET_BUFFER_BYTES)}: bursts over UDP can be lost here`;
  const lines = small.map((setting) => `${setting}=${SOCKET_BUFFER_BYTES}`).join(' ');
  return warning(name, says, `As root: sysctl -w ${lines}; the same in /etc/sysctl.d/ to keep it.`);
}

/** The server sets it on each viewer's connection; who is not root may choose only from what is allowed (tcp(7)). */
export function checkBbr(
  read: ReadText = readText,
  isRoot: boolean = process.getuid?.() === 0,
): Finding {
  const name = 'BBR';
  const has = (key: string) => (read(procPath(key)) ?? '').split(/\s+/).includes('bbr');
  const isAllowed = isRoot || has('net.ipv4.tcp_allowed_congestion_control');
  if (has('net.ipv4.tcp_available_congestion_control')) {
    if (isAllowed) return fine(name, 'there for viewers over TCP');
    return warning(
      name,
      'there, but not allowed to this user: viewers over TCP suffer more from loss and long queues',
      'As root: sysctl -w net.ipv4.tcp_allowed_congestion_control="reno cubic bbr"; the same in /etc/sysctl.d/ to keep it.',
    );
  }
  return warning(
    name,
    'not there: viewers over TCP suffer more from loss',
    'As root: modprobe tcp_bbr; and "tcp_bbr" in /etc/modules-load.d/bbr.conf to keep it.',
  );
}

/** Nothing outside is asked: whether the system keeps its clock, and whether it can be right at all. */
export function checkClock(nowMs: number, read: ReadText = readText): Finding {
  const name = 'clock';
  const says = new Date(nowMs).toISOString().replace(/\.\d+/, '');
  const builtMs = statSync(fileURLToPath(import.meta.url)).mtimeMs;
  if (nowMs < builtMs) {
    return warning(
      name,
      `${says} is before this program was installed`,
      'Set the clock, and have it kept: timedatectl set-ntp true',
    );
  }
  const kept = existsSync('/run/systemd/timesync/synchronized') || keepsTime(read);
  return fine(
    name,
    kept ? `${says}, kept by this system` : `${says}; whether it is kept, is not seen`,
  );
}

const TIME_KEEPERS = ['/run/chrony/chronyd.pid', '/run/ntpd.pid', '/run/openntpd.pid'];

function keepsTime(read: ReadText): boolean {
  return TIME_KEEPERS.some((path) => read(path) !== undefined);
}

function procPath(setting: string): string {
  return `/proc/sys/${setting.replaceAll('.', '/')}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The nearest folder above that is there. */
function existing(folder: string): string {
  let at = folder;
  while (!existsSync(at)) at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) || '/' : '.';
  return at;
}
