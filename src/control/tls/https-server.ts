/**
 * HTTPS: TLS, and behind it HTTP/2 and HTTP/1.1 with its upgrades, or what else speaks inside TLS. It owns no port: whoever
 * accepts TCP connections hands over those that begin with TLS.
 */
import type { RequestListener } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls';
import {
  countPerAddress,
  HEADER_BYTES_MAX,
  HEADERS_MAX,
  REQUEST_TIMEOUT_MS,
  STALLED_MS_MAX,
} from '../http/limits.ts';
import type { Proxies } from '../http/proxies.ts';
import { isUnhurried } from '../http/receiving.ts';
import type { Certificates } from './certificates.ts';

/** Where requests go. */
export type HttpEntrance = {
  /** Who may bring the connections of many. */
  readonly proxies: Proxies;
  /** Takes over a connection that speaks HTTP/1.1, WebSocket upgrades included. */
  readonly takeOver: (socket: Socket) => void;
  /** Serves a request that came by HTTP/2. */
  readonly serve: RequestListener;
};

/** RFC 8737 §6.1. */
export const ACME_PROTOCOL = 'acme-tls/1';
/** A handshake is two round trips; whoever needs longer holds a socket for nothing. */
const HANDSHAKE_MS_MAX = 10_000;
/** A page has a dozen files, a player one event stream. */
const STREAMS_PER_SESSION_MAX = 64;
/** Buffered for one HTTP/2 connection, in megabytes; an offer has some kilobytes. */
const SESSION_MEGABYTES_MAX = 2;
/**
 * TLS 1.2 with forward secrecy and authenticated encryption for encoders that know no 1.3, which is what everything else
 * uses (RFC 9325 §4.2).
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const MODERN: SecureContextOptions = { minVersion: 'TLSv1.2', ciphers: CIPHERS };

export type HttpsServer = {
  /** Takes over a TCP connection; what was read of it already is to be unshifted first. */
  accept(socket: Socket): void;
  /**
   * From now on, connections whose client names no protocol (ALPN) go to `take`, as OBS's and ffmpeg's RTMPS; those that turn
   * out to speak HTTP are given back to `serveHttp1`.
   */
  onUnnamed(take: (socket: TLSSocket) => void): void;
  serveHttp1(socket: Socket): void;
  /** From now on, hears of each handshake that is done, before anything else happens with the connection. */
  onSecured(hear: (socket: TLSSocket) => void): void;
  /** Ends every connection. */
  close(): void;
};

export function createHttpsServer(certificates: Certificates, http: HttpEntrance): HttpsServer {
  const connections = new Set<Socket>();
  const http2 = http2Server(http.serve);
  const tls = tlsServer(certificates);
  const mayEnter = countPerAddress(http.proxies);
  let takeUnnamed: (socket: TLSSocket) => void = http.takeOver;
  let hearSecured: (socket: TLSSocket) => void = () => {};

  tls.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => socket.destroy());
    hearSecured(socket);
    if (socket.alpnProtocol === 'h2') http2.accept(socket);
    else if (socket.alpnProtocol === 'http/1.1') http.takeOver(socket);
    else if (socket.alpnProtocol === ACME_PROTOCOL) endProof(socket);
    else takeUnnamed(socket);
  });
  return {
    accept(socket) {
      if (!mayEnter(socket)) {
        socket.destroy();
        return;
      }
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
      socket.on('error', () => socket.destroy());
      tls.emit('connection', socket);
    },
    onUnnamed(take) {
      takeUnnamed = take;
    },
    serveHttp1: http.takeOver,
    onSecured(hear) {
      hearSecured = hear;
    },
    close() {
      http2.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/**
 * RFC 8737 §3: the certificate was the answer; the connection has no other use. In TLS 1.2 our last words of the handshake
 * are still on their way.
 */
function endProof(socket: TLSSocket): void {
  socket.setTimeout(HANDSHAKE_MS_MAX, () => socket.destroy());
  socket.resume().end();
}

/** Never listens: connections are handed to it. */
function tlsServer(certificates: Certificates): TlsServer {
  const server = createTlsServer(optionsFor(certificates));
  // Without SNICallback: its context would come after the proof's, and take its place (in TLS 1.3).
  const update = () => {
    const { served } = certificates;
    if (served === undefined) return;
    server.setSecureContext({ ...MODERN, cert: served.certificate, key: served.key });
  };
  certificates.onChange(update);
  update();
  // Handshakes fail all day: scanners, browsers that distrust, clients that knew the old certificate.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function optionsFor(certificates: Certificates): TlsOptions {
  return {
    ...MODERN,
    handshakeTimeout: HANDSHAKE_MS_MAX,
    ALPNCallback({ servername, protocols }) {
      if (!protocols.includes(ACME_PROTOCOL)) return preferred(protocols);
      const proof = certificates.proofFor(servername);
      if (proof === undefined) return undefined; // ends with no_application_protocol, as RFC 8737 §3 asks
      (this as unknown as TLSSocket).setKeyCert(proof);
      return ACME_PROTOCOL;
    },
  };
}

function preferred(protocols: readonly string[]): string | undefined {
  return ['h2', 'http/1.1'].find((protocol) => protocols.includes(protocol));
}

function http2Server(serve: RequestListener) {
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server(
    {
      settings: {
        maxConcurrentStreams: STREAMS_PER_SESSION_MAX,
        maxHeaderListSize: HEADER_BYTES_MAX,
        enableConnectProtocol: false,
      },
      maxSessionMemory: SESSION_MEGABYTES_MAX,
      maxHeaderListPairs: HEADERS_MAX,
    },
    (request, response) => {
      // RFC 9113 §8.3.1: `:authority` stands for Host, which is where everybody looks.
      request.headers.host ??= request.authority;
      limitReceiving(request);
      // Node's HTTP/2 requests and answers have what its HTTP/1 ones have, as far as we use them.
      serve(...([request, response] as unknown as Parameters<RequestListener>));
    },
  );
  server.setTimeout(STALLED_MS_MAX);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  return {
    accept: (socket: TLSSocket) => void server.emit('connection', socket),
    close: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

/** A request's arrival has a time limit of Node's, or of ours, by HTTP/1 only. */
function limitReceiving(request: Http2ServerRequest): void {
  const { stream } = request;
  if (stream.endAfterHeaders) return;
  const timer = setTimeout(() => {
    if (!isUnhurried(request)) stream.close(constants.NGHTTP2_CANCEL);
  }, REQUEST_TIMEOUT_MS);
  timer.unref();
  stream.once('end', () => clearTimeout(timer));
  stream.once('close', () => clearTimeout(timer));
}
