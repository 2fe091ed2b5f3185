/** What systemd hears from a service that it runs (sd_notify(3), sd_watchdog_enabled(3)). */

/** Sends one message to the socket of that path. */
export type SendDatagram = (path: string, message: string) => void;

const US_PER_MS = 1000;

export class ServiceManager {
  readonly #socket: string;
  readonly #send: SendDatagram;
  /** How often it wants to hear that we are well; undefined: not at all. */
  readonly #watchdogMs: number | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(socket: string, watchdogMs: number | undefined, send: SendDatagram) {
    this.#socket = socket;
    this.#watchdogMs = watchdogMs;
    this.#send = send;
  }

  /** Undefined where no service manager asked to be told. Takes its variables away from our children. */
  static find(
    environment: NodeJS.ProcessEnv,
    pid: number,
    send: SendDatagram,
  ): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
    if (socket === undefined || socket === '') return undefined;
    const isForUs = watched === undefined || Number(watched) === pid;
    const watchdogMs = isForUs && Number(usec) > 0 ? Number(usec) / US_PER_MS : undefined;
    return new ServiceManager(socket, watchdogMs, send);
  }

  /** All sockets are open. */
  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${oneLine(status)}`);
  }

  /** The configuration is read again; {@link ready} tells when that is over. */
  reloading(monotonicUs: bigint): void {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${monotonicUs}`);
  }

  stopping(): void {
    clearInterval(this.#watchdog);
    this.#tell('STOPPING=1');
  }

  /** Says at twice the rate asked for that we are well, as long as `isWell` says so in time. */
  watch(isWell: () => Promise<boolean>): void {
    if (this.#watchdogMs === undefined) return;
    const check = async (): Promise<void> => {
      if (await isWell().catch(() => false)) this.#tell('WATCHDOG=1');
    };
    this.#watchdog = setInterval(check, this.#watchdogMs / 2);
    this.#watchdog.unref();
  }

  /** Whoever listens may be restarting: it will ask again. */
  #tell(message: string): void {
    try {
      this.#send(this.#socket, message);
    } catch {
      // Not our affair, and no reason to stop.
    }
  }
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
