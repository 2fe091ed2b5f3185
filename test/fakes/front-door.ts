/** The one port with real TLS and HTTP behind it, in the process of a test. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, Socket } from 'node:net';
import { after } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FrontDoor } from '../../src/control/front-door/front-door.ts';
import { GUESTS, type Guest } from '../../src/control/front-door/guests.ts';
import { Handover } from '../../src/control/front-door/handover.ts';
import { Proxies } from '../../src/control/http/proxies.ts';
import { Certificates } from '../../src/control/tls/certificates.ts';
import { createHttpsServer, type HttpsServer } from '../../src/control/tls/https-server.ts';
import { openDescriptors } from '../../src/native/descriptors.ts';
import { loadAddon } from '../../src/native/load.ts';

const HOST = '127.0.0.1';

type Adopted = Parameters<ConstructorParameters<typeof Handover>[1]['adopt']>[0];

/** A front door with real TLS and HTTP behind it, and a media thread that only opens what it is given. */
export class House {
  readonly adopted: { readonly connection: Adopted; readonly socket: Socket }[] = [];
  readonly complaints: string[] = [];
  readonly https: HttpsServer | undefined;
  readonly #http = createServer((request, response) => this.#answer(request, response));
  readonly #server = createTcpServer((socket) => this.door.accept(socket));
  #door: FrontDoor | undefined;

  private constructor(isEncrypted: boolean) {
    const certificates = new Certificates();
    const { certificatePem, privateKeyPem } = loadAddon().certificateNew();
    certificates.serve({ certificate: certificatePem, key: privateKeyPem });
    this.https = isEncrypted ? createHttpsServer(certificates, this.#entrance) : undefined;
    after(() => this.close());
  }

  static async open(
    options: { readonly isEncrypted?: boolean; readonly protocols?: readonly Guest[] } = {},
  ): Promise<House> {
    const house = new House(options.isEncrypted ?? true);
    const complain = (text: string) => void house.complaints.push(text);
    const media = { adopt: (connection: Adopted) => house.#adopt(connection) };
    const handover = new Handover(openDescriptors(), media, complain);
    handover.check();
    house.#door = new FrontDoor({
      ...{ https: house.https, http: house.#entrance, complain, handover },
      protocols: options.protocols ?? GUESTS,
    });
    house.#server.listen(0, HOST);
    await once(house.#server, 'listening');
    return house;
  }

  get door(): FrontDoor {
    return this.#door!;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next connection that the media thread gets. */
  async given(): Promise<{ readonly connection: Adopted; readonly socket: Socket }> {
    while (this.adopted.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    return this.adopted.shift()!;
  }

  async dial(): Promise<Socket> {
    const socket = connect(this.port, HOST);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  async dialTls(ALPNProtocols?: string[]): Promise<TLSSocket> {
    const alpn = ALPNProtocols === undefined ? {} : { ALPNProtocols };
    const socket = connectTls({ port: this.port, host: HOST, rejectUnauthorized: false, ...alpn });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    return socket;
  }

  close(): void {
    this.#server.close();
    this.door.close();
    this.https?.close();
    this.#http.closeAllConnections();
    for (const { socket } of this.adopted) socket.destroy();
  }

  get #entrance() {
    return {
      proxies: new Proxies([]),
      takeOver: (socket: Socket) => void this.#http.emit('connection', socket),
      serve: (request: IncomingMessage, response: ServerResponse) =>
        this.#answer(request, response),
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const isEncrypted = 'encrypted' in request.socket;
    const { host } = request.headers;
    response.end(
      `HTTP/${request.httpVersion} ${host} ${request.url} ${isEncrypted ? 'TLS' : 'clear'}`,
    );
  }

  #adopt(connection: Adopted): void {
    const socket = new Socket({ fd: connection.fd });
    if (connection.head.length > 0) socket.unshift(connection.head);
    socket.on('error', () => {});
    after(() => socket.destroy());
    this.adopted.push({ connection, socket });
  }
}
