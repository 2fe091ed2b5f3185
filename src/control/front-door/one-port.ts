/** The one port as a server has it: configured, opened alone or together with HTTPS, closed. */
import { createServer, type Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { CONNECTIONS_MAX } from '../http/limits.ts';
import type { Log } from '../log.ts';
import type { MediaLink } from '../media-link.ts';
import type { HttpEntrance, HttpsServer } from '../tls/https-server.ts';
import { Listener } from '../tls/listener.ts';
import { FrontDoor } from './front-door.ts';
import { type Descriptors, Handover } from './handover.ts';
import { type OnePortSettings, onePortOf } from './settings.ts';

export type OnePortDeps = {
  readonly media: Pick<MediaLink, 'adopt'>;
  readonly descriptors: () => Descriptors;
  readonly log: Log;
};

/** What the server knows of HTTPS. */
type Https = { readonly https: HttpsServer; readonly httpsPort: number | undefined };

/** An attack would otherwise fill the log. */
const COMPLAINT_INTERVAL_MS = 60_000;

export class OnePort {
  readonly #settings: OnePortSettings;
  readonly #deps: OnePortDeps;
  readonly #handover: Handover;
  readonly #complain: (text: string) => void;
  #door: FrontDoor | undefined;
  #listener: Listener | undefined;
  #https: Https | undefined;

  /** Undefined where there is to be none. */
  static of(config: Config, deps: OnePortDeps): OnePort | undefined {
    const settings = onePortOf(config);
    return settings && new OnePort(settings, deps);
  }

  private constructor(settings: OnePortSettings, deps: OnePortDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#complain = seldom((text) => deps.log.warn(`one port: ${text}`));
    this.#handover = new Handover(deps.descriptors(), deps.media, this.#complain);
    this.#handover.check();
  }

  /** What the HTTPS port does with a connection, where it is the one port as well. */
  lead(http: HttpEntrance): { readonly lead?: (https: HttpsServer) => (socket: Socket) => void } {
    if (!this.#settings.isHttpsPort) return {};
    return {
      lead: (https) => {
        const door = this.#openDoor(http, https);
        return (socket) => door.accept(socket);
      },
    };
  }

  /** Opens it, unless HTTPS has done so. What does not work is told and tried again. */
  async open(http: HttpEntrance, https: Https | undefined): Promise<void> {
    this.#https = https;
    const { isHttpsPort, address, port } = this.#settings;
    if (isHttpsPort) return;
    const door = this.#openDoor(http, https?.https);
    const server = createServer({ noDelay: true }, (socket) => door.accept(socket));
    server.maxConnections = CONNECTIONS_MAX;
    const { log } = this.#deps;
    this.#listener = new Listener(server, {
      ...{ address, port },
      onOpen: (open) => log.info({ port: open }, 'the one port is open'),
      onTrouble: (code) =>
        log.warn(
          `port ${port} (one_port.port) cannot be opened (${code}). ${REMEDIES[code] ?? 'Change or leave out one_port.address.'}`,
        ),
    });
    await this.#listener.open();
  }

  /** Where media by TCP comes in; undefined where it does not, or not yet. */
  get mediaPort(): number | undefined {
    return this.#settings.protocols.includes('ice-tcp') ? this.port : undefined;
  }

  /** As bound; undefined while it is not open. */
  get port(): number | undefined {
    return this.#settings.isHttpsPort ? this.#https?.httpsPort : this.#listener?.port;
  }

  /** Lets nobody in any more; who was led on is for those to end who took them over. */
  close(): void {
    this.#listener?.close();
    this.#door?.close();
  }

  #openDoor(http: HttpEntrance, https: HttpsServer | undefined): FrontDoor {
    this.#door = new FrontDoor({
      ...{ https, http },
      handover: this.#handover,
      protocols: this.#settings.protocols,
      complain: this.#complain,
    });
    return this.#door;
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program has it. Stop that one, and the port is opened within half a minute; or set another, or one_port.mode: off.',
  EACCES:
    'This user may not open ports below 1024. Start by systemd with AmbientCapabilities=CAP_NET_BIND_SERVICE, or allow it with: sysctl net.ipv4.ip_unprivileged_port_start=80',
};

function seldom(say: (text: string) => void): (text: string) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (performance.now() - saidMs < COMPLAINT_INTERVAL_MS) return;
    saidMs = performance.now();
    say(text);
  };
}
