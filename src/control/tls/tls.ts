/** HTTPS as the server has it: certificates from where they come, the ports, and what the owner is told of both. */
import type { Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import type { EventData } from '../../api/events.ts';
import { isPublic, realSurroundings, socketAddress } from '../addresses.ts';
import type { Config } from '../config/config.ts';
import { DeadlineTimer } from '../deadline-timer.ts';
import { iso } from '../events/event.ts';
import { CONNECTIONS_MAX } from '../http/limits.ts';
import type { Log } from '../log.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { ChallengeKind } from './acme/prover.ts';
import type { Send } from './acme/session.ts';
import { AcmeCertificate, type AcmeReport } from './acme-certificate.ts';
import { AcmeStore } from './acme-store.ts';
import type { Inspected } from './certificate.ts';
import { Certificates } from './certificates.ts';
import { Challenges } from './challenges.ts';
import { realClock } from './clock.ts';
import { type DnsView, dnsHint } from './dns-hint.ts';
import { FileCertificate } from './file-certificate.ts';
import { createHttpsServer, type HttpEntrance, type HttpsServer } from './https-server.ts';
import { Listener } from './listener.ts';
import { createPlainServer } from './plain-port.ts';
import type { TlsPlan } from './plan.ts';
import { Repeats } from './repeats.ts';

type AcmePlan = Extract<TlsPlan, { readonly from: 'acme' }>;
type FilesPlan = Extract<TlsPlan, { readonly from: 'files' }>;

export type CertificateTrouble = EventData['certificate.trouble'];

export type TlsDeps = {
  readonly config: Config;
  readonly plan: AcmePlan | FilesPlan;
  readonly entrance: HttpEntrance;
  /** What is done with a connection to the HTTPS port, where that takes more than HTTPS. */
  readonly lead?: (https: HttpsServer) => (socket: Socket) => void;
  /** The port that speaks HTTP without TLS. */
  readonly httpPort: number;
  readonly outbound: Outbound;
  readonly log: Log;
  readonly tell: (trouble: CertificateTrouble) => void;
};

/** A connection to the authority, and its answer: it looks our names up meanwhile. */
const CONNECT_MS_MAX = 15_000;
const RECEIVE_MS_MAX = 30_000;
/** A chain has some kilobytes. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** How soon a replaced file is noticed. */
const LOOK_MS = 10_000;

export class Tls {
  readonly https: HttpsServer;
  readonly certificates = new Certificates();
  readonly #deps: TlsDeps;
  readonly #challenges = new Challenges(this.certificates);
  readonly #repeats = new Repeats();
  #plan: TlsDeps['plan'];
  /** Ends what obtains or reads the certificate now. */
  #source = new AbortController();
  readonly #plain: HttpServer;
  readonly #listeners: {
    readonly https: Listener;
    readonly http?: Listener;
    readonly oven?: Listener;
  };

  private constructor(deps: TlsDeps) {
    this.#deps = deps;
    this.#plan = deps.plan;
    this.https = createHttpsServer(this.certificates, deps.entrance);
    this.#plain = createPlainServer({ challenges: this.#challenges, site: () => this.#site() });
    const { tls } = deps.config;
    const accept = (socket: Socket) => this.https.accept(socket);
    const lead = deps.lead?.(this.https) ?? accept;
    this.#listeners = {
      https: this.#tlsListener('https_port', tls.httpsPort, lead),
      ...(tls.ovenplayerPort !== 'off' && {
        oven: this.#tlsListener('ovenplayer_port', tls.ovenplayerPort, accept),
      }),
      ...(tls.httpPort !== 'off' && {
        http: this.#listener(this.#plain, 'http_port', tls.httpPort),
      }),
    };
  }

  /** Opens the ports and begins with the certificate; what fails is told and tried again. */
  static async start(deps: TlsDeps): Promise<Tls> {
    const tls = new Tls(deps);
    await Promise.all(Object.values(tls.#listeners).map((listener) => listener.open()));
    await tls.#begin();
    return tls;
  }

  /** Takes the certificate from elsewhere; what is served goes on being served until there is another. */
  replan(plan: TlsDeps['plan']): void {
    this.#source.abort();
    this.#source = new AbortController();
    this.#plan = plan;
    this.#repeats.forget();
    this.#begin().catch((error: unknown) => this.#fault(error));
  }

  /** As bound; undefined while it is not open. */
  get httpsPort(): number | undefined {
    return this.#listeners.https.port;
  }

  /** As bound, where OvenPlayer looks for HTTPS; undefined while it is not open. */
  get ovenplayerPort(): number | undefined {
    return this.#listeners.oven?.port;
  }

  close(): void {
    this.#source.abort();
    for (const listener of Object.values(this.#listeners)) listener.close();
    this.#plain.closeAllConnections();
    this.https.close();
  }

  #begin(): Promise<void> {
    const plan = this.#plan;
    const { signal } = this.#source;
    return plan.from === 'acme' ? this.#obtain(plan, signal) : this.#readFiles(plan, signal);
  }

  async #obtain({ options, names }: AcmePlan, signal: AbortSignal): Promise<void> {
    const { stateDir } = this.#deps.config;
    const certificate = new AcmeCertificate({
      options,
      send: sendBy(this.#deps.outbound, signal),
      clock: realClock(signal),
      store: new AcmeStore(stateDir, options.directory),
      certificates: this.certificates,
      prover: this.#challenges,
      kinds: () => this.#kinds(),
      report: this.#acmeReport(names[0] ?? '', signal),
    });
    await certificate.restore();
    if (signal.aborted) return;
    const timer = new DeadlineTimer(async () => {
      await certificate.advance();
      if (!signal.aborted) timer.set(certificate.deadlineMs);
    });
    timer.set(certificate.deadlineMs);
    signal.addEventListener('abort', () => timer.clear());
  }

  async #readFiles({ options, names }: FilesPlan, signal: AbortSignal): Promise<void> {
    const host = names[0] ?? options.certificate;
    const files = new FileCertificate(options, this.certificates, {
      loaded: (found) => this.#loaded('the certificate was read', found),
      trouble: ({ kind, message, expiresMs }) => {
        if (!signal.aborted) this.#complain(kind, host, message, expiresMs);
      },
    });
    await files.look(Date.now());
    if (signal.aborted) return;
    const timer = setInterval(() => void files.look(Date.now()), LOOK_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  #acmeReport(host: string, signal: AbortSignal): AcmeReport {
    const { log } = this.#deps;
    return {
      obtained: (found) => {
        this.#repeats.forget();
        this.#loaded('a certificate was obtained', found);
      },
      failed: async ({ kind, message: said, retryAtMs, isUrgent, expiresMs }) => {
        const hint = await dnsHint(kind, this.#dnsView());
        if (signal.aborted) return;
        const message = hint === undefined ? said : `${said} ${hint}`;
        const again = `It is tried again at ${iso(retryAtMs)}.`;
        if (isUrgent) this.#complain(kind, host, `${message} ${again}`, expiresMs);
        else log.warn({ host }, `the certificate was not renewed: ${message} ${again}`);
      },
      fault: (error) => {
        if (!signal.aborted) this.#fault(error);
      },
    };
  }

  #fault(error: unknown): void {
    this.#deps.log.error({ err: error }, 'obtaining a certificate failed: this is a bug');
  }

  #dnsView(): DnsView {
    const { config } = this.#deps;
    const { resolve, interfaceAddresses } = realSurroundings;
    const own = [...config.publicAddresses, ...interfaceAddresses().filter(isPublic)];
    return { names: this.#plan.names, own, resolve };
  }

  #loaded(what: string, { names, notAfterMs }: Inspected): void {
    this.#deps.log.info({ names, expires: iso(notAfterMs) }, what);
  }

  #complain(kind: string, host: string, message: string, expiresMs: number | undefined): void {
    if (!this.#repeats.isNews(kind, Date.now())) return;
    const expires = expiresMs === undefined ? null : iso(expiresMs);
    this.#deps.tell({ host, message, expires });
  }

  /** What we can show an authority: what it looks at must be open. */
  #kinds(): readonly ChallengeKind[] {
    const { http, https } = this.#listeners;
    return [
      ...(http?.port === undefined ? [] : (['http-01'] as const)),
      ...(https.port === undefined ? [] : (['tls-alpn-01'] as const)),
    ];
  }

  /** Where port 80 sends people. */
  #site() {
    const { names } = this.#plan;
    const { port } = this.#listeners.https;
    return port === undefined || this.certificates.served === undefined
      ? ({ scheme: 'http', port: this.#deps.httpPort, names } as const)
      : ({ scheme: 'https', port, names } as const);
  }

  #tlsListener(key: string, port: number, accept: (socket: Socket) => void): Listener {
    const server = createServer({ noDelay: true }, accept);
    server.maxConnections = CONNECTIONS_MAX;
    return this.#listener(server, key, port);
  }

  #listener(server: ReturnType<typeof createServer>, key: string, port: number): Listener {
    const { config, log } = this.#deps;
    return new Listener(server, {
      address: socketAddress(config.tls.address),
      port,
      onOpen: (open) => log.info({ port: open }, `tls.${key} is open`),
      onTrouble: (code) => {
        const remedy = PORT_REMEDIES[code] ?? 'Change or leave out tls.address.';
        log.warn(`port ${port} (tls.${key}) cannot be opened (${code}). ${remedy}`);
      },
    });
  }
}

const PORT_REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program has it. Stop that one, and the port is opened within half a minute; or, where it is a proxy that brings HTTPS, set tls.mode: off.',
  EACCES:
    'This user may not open ports below 1024. Start by systemd with AmbientCapabilities=CAP_NET_BIND_SERVICE, or allow it with: sysctl net.ipv4.ip_unprivileged_port_start=80',
};

function sendBy(outbound: Outbound, signal: AbortSignal): Send {
  return (request) =>
    outbound.send(
      {
        ...request,
        policy: 'trusted',
        connectMsMax: CONNECT_MS_MAX,
        receiveMsMax: RECEIVE_MS_MAX,
        bytesMax: ANSWER_BYTES_MAX,
      },
      signal,
    );
}
