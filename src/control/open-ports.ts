/** The ports as they are bound: those of HTTPS may open later, when another program has let them go. */
import type { ServerInfo } from '../api/server.ts';
import type { OnePort } from './front-door/one-port.ts';
import type { Tls } from './tls/tls.ts';

type Ports = ServerInfo['ports'];

export class OpenPorts {
  readonly #fixed: Pick<Ports, 'rtmp' | 'iceTcp' | 'iceUdp'>;
  readonly #onePort: Pick<OnePort, 'port'> | undefined;
  #http = 0;
  #tls: Pick<Tls, 'httpsPort' | 'ovenplayerPort'> | undefined;

  constructor(
    fixed: Pick<Ports, 'rtmp' | 'iceTcp' | 'iceUdp'>,
    onePort: Pick<OnePort, 'port'> | undefined,
  ) {
    this.#fixed = fixed;
    this.#onePort = onePort;
  }

  /** Before this, there is nobody who could ask. */
  openedHttp(port: number): void {
    this.#http = port;
  }

  openedTls(tls: Pick<Tls, 'httpsPort' | 'ovenplayerPort'>): void {
    this.#tls = tls;
  }

  get now(): Ports {
    return {
      ...this.#fixed,
      http: this.#http,
      https: this.#tls?.httpsPort ?? null,
      ovenplayer: this.#tls?.ovenplayerPort ?? null,
      onePort: this.#onePort?.port ?? null,
    };
  }
}
