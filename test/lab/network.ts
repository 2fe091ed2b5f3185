/**
 * A real network for tests: two network namespaces on this machine, `server` and `client`, with a path between them that
 * loses, delays, reorders, thins out or is cut, by a seed (forwarder.cc). Programs run unchanged inside. Needs root and
 * /dev/net/tun; all of it is gone when the lab is disposed of, or this process ends.
 *
 *   await using lab = await openLab({ seed: 7, down: { loss: 0.05 } });
 *   lab.run('client', 'ping', ['10.77.0.1']);
 *   lab.change({ down: { loss: 0, delayMs: 200 }, up: { rateBps: 1e6 } });
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../interop/ffmpeg.ts';

const SOURCE = fileURLToPath(new URL('forwarder.cc', import.meta.url));
const RELAY = fileURLToPath(new URL('relay.ts', import.meta.url));
const BINARY = fileURLToPath(new URL('../../build/lab-forwarder', import.meta.url));

export type Side = 'server' | 'client';

/** The same in every lab: namespaces know nothing of each other. */
export const ADDRESSES: Readonly<Record<Side, { readonly ipv4: string; readonly ipv6: string }>> = {
  server: { ipv4: '10.77.0.1', ipv6: 'fd77::1' },
  client: { ipv4: '10.77.0.2', ipv6: 'fd77::2' },
};

/** Of one direction; what is left out stays as it is. At first nothing is lost, late or limited. */
export type Conditions = {
  /** Share of packets, as all shares from 0 to 1. */
  readonly loss?: number;
  readonly duplicate?: number;
  readonly delayMs?: number;
  /** Up to so much more; the order stays. */
  readonly jitterMs?: number;
  /** Share of packets that are held back by `reorderByMs` (20 at first), so that later ones overtake them. */
  readonly reorder?: number;
  readonly reorderByMs?: number;
  /** 0 is no limit. */
  readonly rateBps?: number;
  /** How much may wait for the rate limit (64 kB at first). */
  readonly queueBytes?: number;
};

/** `down` is from the server to the client. */
export type Change = { readonly down?: Conditions; readonly up?: Conditions };

export type DirectionCounts = Readonly<
  Record<
    | 'packets'
    | 'bytes'
    | 'lost'
    | 'cut'
    | 'overflowed'
    | 'reordered'
    | 'duplicated'
    | 'queuedBytes',
    number
  >
>;
export type Counts = { readonly down: DirectionCounts; readonly up: DirectionCounts };

export type LabOptions = Change & {
  /** Which packets are lost: the n-th of a direction has the same fate in every run with this seed. */
  readonly seed?: number;
};

/** The forwarder's words for {@link Conditions}. */
const WORDS: Readonly<Record<keyof Conditions, string>> = {
  loss: 'loss',
  duplicate: 'duplicate',
  delayMs: 'delay',
  jitterMs: 'jitter',
  reorder: 'reorder',
  reorderByMs: 'reorder_by',
  rateBps: 'rate',
  queueBytes: 'queue',
};

/** Why no lab can be opened here; undefined where one can. For the `skip` of tests. */
export function labRefusal(): string | undefined {
  if (process.getuid?.() !== 0) return 'the network lab needs root';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'the network lab needs /dev/net/tun';
  }
  const { status } = spawnSync('unshare', ['--net', 'ip', 'link', 'show', 'lo'], {
    stdio: 'ignore',
  });
  return status === 0
    ? undefined
    : 'the network lab needs unshare and ip, and the right to use them';
}

export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const refusal = labRefusal();
  if (refusal !== undefined) throw new Error(refusal);
  buildForwarder();
  const forwarder = spawn(BINARY, [String(options.seed ?? 1)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: forwarder.stdout });
  const [ready] = (await once(lines, 'line', { signal: AbortSignal.timeout(5000) })) as [string];
  const [, server, client] = ready.split(' ');
  const lab = new Lab(forwarder, lines, { server: server!, client: client! });
  for (const side of ['server', 'client'] as const) configure(lab, side);
  lab.change(options);
  return lab;
}

export class Lab {
  readonly #forwarder: ChildProcess;
  readonly #lines: Interface;
  readonly #descriptors: Readonly<Record<Side, string>>;
  readonly #children = new Set<ChildProcess>();
  /** For what belongs to the lab; removed with it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-lab-'));
  #relays = 0;

  constructor(
    forwarder: ChildProcess,
    lines: Interface,
    descriptors: Readonly<Record<Side, string>>,
  ) {
    this.#forwarder = forwarder;
    this.#lines = lines;
    this.#descriptors = descriptors;
    forwarder.stdin!.on('error', () => {}); // it ended: whoever waits for it is told
  }

  /** Words to put ahead of a command so that it runs on that side. The process is the command's own. */
  inside(side: Side): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#forwarder.pid}/fd/${this.#descriptors[side]}`];
  }

  /** Starts a program on one side; it ends with the lab. */
  run(
    side: Side,
    command: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): ChildProcess {
    const [program, ...words] = this.inside(side);
    const child = spawn(program!, [...words, command, ...args], options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  change(change: Change): void {
    for (const direction of ['down', 'up'] as const) {
      for (const [name, value] of Object.entries(change[direction] ?? {})) {
        this.#tell(`${direction} ${WORDS[name as keyof Conditions]} ${value}`);
      }
    }
  }

  /** From now on nothing passes, for so long. */
  cut(durationMs: number): void {
    this.#tell(`cut ${durationMs}`);
  }

  /** From now on the client reaches the server's IPv4 address only as this one, which no interface of the server has. */
  translate(outside: string): void {
    this.#tell(`nat ${outside} ${ADDRESSES.server.ipv4}`);
  }

  /** What has come to the forwarder since the lab was opened, and what became of it. */
  async counts(): Promise<Counts> {
    const answer = once(this.#lines, 'line', { signal: AbortSignal.timeout(5000) });
    this.#tell('counts');
    const [line] = (await answer) as [string];
    return JSON.parse(line) as Counts;
  }

  /** A TCP port of one side's loopback as a Unix socket, which every namespace can reach. Gives its path. */
  async relay(side: Side, port: number): Promise<string> {
    const path = join(this.folder, `relay-${this.#relays++}`);
    const child = this.run(side, process.execPath, [RELAY, String(port), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data', { signal: AbortSignal.timeout(5000) });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => endProcess(child)));
    await endProcess(this.#forwarder);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #tell(line: string): void {
    this.#forwarder.stdin!.write(`${line}\n`);
  }
}

/** Addresses and routes. A default route, since Chromium looks for the interface that it leads to. */
function configure(lab: Lab, side: Side): void {
  const { ipv4, ipv6 } = ADDRESSES[side];
  const script = [
    'ip link set lo up',
    'ip link set lab0 up',
    `ip addr add ${ipv4}/24 dev lab0`,
    `ip -6 addr add ${ipv6}/64 dev lab0 nodad`,
    'ip route add default dev lab0',
    'ip -6 route add default dev lab0',
  ].join(' && ');
  const [program, ...words] = lab.inside(side);
  const { status, stderr } = spawnSync(program!, [...words, 'sh', '-c', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the lab's ${side} side has no address: ${stderr}`);
}

/** Compiles the forwarder where it is missing or older than its source. */
function buildForwarder(): void {
  const built = statSync(BINARY, { throwIfNoEntry: false });
  if (built && built.mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(join(BINARY, '..'), { recursive: true });
  const fresh = `${BINARY}.${process.pid}`;
  const compiler = process.env['CXX'] ?? 'c++';
  const { status } = spawnSync(compiler, ['-std=c++17', '-O2', '-o', fresh, SOURCE], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`${compiler} could not build the lab's forwarder`);
  renameSync(fresh, BINARY);
}
