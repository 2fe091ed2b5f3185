/**
 * The part of `npm run try-release` that needs systemd: boots the Debian of that trial in namespaces of its own, with nothing of
 * this machine but its kernel, and installs, upgrades, breaks and removes the service there.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Ten seconds where nothing else runs; on a busy machine it was 45. */
const BOOT_MS_MAX = 180_000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Debian 12 mounts one hierarchy; elsewhere it lies beside the old ones. */
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
const CGROUP = 'millrace-trial';
const PACKAGE = '/usr/local/lib/node_modules/millrace';

/** What makes a folder a machine: its own root, devices and control groups, and systemd as its first process. */
const BOOT = `
mount --make-rprivate / && mount --bind "$0" "$0" && cd "$0" && mkdir -p former
mount -t proc proc proc && mount -t sysfs sys sys && mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir -p dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts && ln -s pts/ptmx dev/ptmx
mount -t cgroup2 cgroup2 sys/fs/cgroup
# There is no network to wait for.
ln -sf /dev/null etc/systemd/system/systemd-networkd-wait-online.service
pivot_root . former && umount -l /former
ip link set lo up
exec env -i container=trial PATH=${PATH} /lib/systemd/systemd --log-target=null systemd.unified_cgroup_hierarchy=1
`;

const ANSWERS = `
const response = await fetch('http://127.0.0.1:3333/');
if (!response.ok) throw new Error('the page: ' + response.status);
`;

/** @param debian a folder with Debian, systemd and the installed package */
export async function tryService(debian: string): Promise<void> {
  const machine = await Machine.boot(debian);
  try {
    machine.run('millrace install --sysctl');
    machine.run(`systemctl is-active millrace && node --input-type=module --eval "${ANSWERS}"`);
    machine.run(
      'test "$(stat -c %U /proc/$(systemctl show -p MainPID --value millrace))" = millrace',
    );
    machine.run('millrace key add show --name kept && systemctl reload millrace');
    // The installed release has nothing newer in it; the package has.
    machine.run('! millrace upgrade');
    machine.run(`node ${PACKAGE}/dist/millrace.js upgrade && ls /var/lib/millrace/before-*.sqlite`);
    machine.run('systemctl is-active millrace && millrace key list | grep kept');
    machine.run(
      `cp -r ${PACKAGE} /root/broken && echo 'process.exit(1)' > /root/broken/dist/media.js`,
    );
    machine.run('! node /root/broken/dist/millrace.js upgrade');
    machine.run('systemctl is-active millrace && millrace key list | grep kept');
    machine.run(`node --input-type=module --eval "${ANSWERS}"`);
    machine.run('millrace uninstall --purge && ! id millrace && ! test -e /var/lib/millrace');
  } finally {
    await machine.stop();
  }
}

class Machine {
  readonly #outer: ChildProcess;
  readonly #cgroup: string;
  #init = 0;

  private constructor(outer: ChildProcess, cgroup: string) {
    this.#outer = outer;
    this.#cgroup = cgroup;
  }

  static async boot(root: string): Promise<Machine> {
    const cgroup = `${cgroupRoot()}/${CGROUP}`;
    mkdirSync(cgroup, { recursive: true });
    const join = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`;
    const own = [
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--cgroup',
      '--pid',
      '--fork',
      '--kill-child',
    ];
    const words = ['-c', join, 'join', 'unshare', ...own, 'sh', '-ec', BOOT, root];
    const outer = spawn('sh', words, { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH } });
    const machine = new Machine(outer, cgroup);
    const endMs = performance.now() + BOOT_MS_MAX;
    let state = '';
    while (performance.now() < endMs) {
      await delay(200);
      machine.#init = childOf(outer.pid);
      if (machine.#init > 0) state = machine.#try('systemctl is-system-running').trim();
      if (state === 'running' || state === 'degraded') return machine;
    }
    await machine.stop();
    throw new Error(`systemd does not start in namespaces on this machine: ${state}`);
  }

  /** Fails where the line does. */
  run(line: string): void {
    process.stderr.write(`# ${line.split('\n', 1)}\n`);
    const { status } = spawnSync('nsenter', this.#words(line), { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`failed: ${line}`);
  }

  async stop(): Promise<void> {
    // The first process takes all others with it.
    if (this.#init > 0) process.kill(this.#init, 'SIGKILL');
    else this.#outer.kill('SIGKILL');
    if (this.#outer.exitCode === null && this.#outer.signalCode === null) {
      await new Promise((resolve) => this.#outer.once('exit', resolve));
    }
    spawnSync('find', [this.#cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }

  #try(line: string): string {
    return spawnSync('nsenter', this.#words(line), { encoding: 'utf8' }).stdout;
  }

  #words(line: string): string[] {
    const into = ['-t', String(this.#init), '-m', '-u', '-i', '-n', '-p', '-C'];
    return [...into, '--', 'env', '-i', `PATH=${PATH}`, 'sh', '-c', line];
  }
}

function cgroupRoot(): string {
  const found = CGROUPS.find((path) => existsSync(`${path}/cgroup.procs`));
  if (found === undefined) throw new Error('this machine has no control groups of version 2');
  return found;
}

/** The only child of a process; 0 while there is none. */
function childOf(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) || 0;
  } catch {
    return 0;
  }
}
