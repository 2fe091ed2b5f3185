/**
 * A WHEP server for the player's own tests: HTTP in this process, and as its media end a page in the same browser,
 * with a moving clock for a picture and a tone. It can do on command what a real server does only when in trouble.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Browser, Page } from 'playwright-core';

const WEB = join(import.meta.dirname, '../../dist/web');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** As strict as the pages are meant to bear. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";

export class StandIn {
  /** What `/api/live` says. */
  live: readonly string[] = [];
  /** Instead of a session: this. */
  refusal: { readonly status: number; readonly detail: string } | undefined;
  readonly requests: string[] = [];
  readonly #peers: Page;
  #server: Server | undefined;
  #port = 0;
  #next = 1;

  private constructor(peers: Page) {
    this.#peers = peers;
  }

  static async start(browser: Browser): Promise<StandIn> {
    const context = await browser.newContext();
    const peers = await context.newPage();
    await peers.goto('about:blank');
    await peers.addScriptTag({ path: join(import.meta.dirname, 'media-end.js') });
    const standIn = new StandIn(peers);
    await standIn.open();
    return standIn;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts to answer HTTP, on the same port as before. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.writeHead(500).end());
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** As a server that stops: says goodbye to all sessions, then answers no more. */
  async close(): Promise<void> {
    await this.#peers.evaluate('mediaEnd.close()');
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  /** Whether somebody publishes: sessions stay, frames come or do not. */
  async publish(isLive: boolean): Promise<void> {
    await this.#peers.evaluate(`mediaEnd.publish(${isLive})`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/api/live') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ streams: this.live }));
    } else if (path.endsWith('/whep') || path.startsWith('/session/')) {
      await this.#serveWhep(request, response, path);
    } else {
      await serveFile(response, path);
    }
  }

  async #serveWhep(request: IncomingMessage, response: ServerResponse, path: string) {
    const method = request.method ?? '';
    this.requests.push(`${method} ${path}`);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'Location, ETag');
    if (method === 'OPTIONS') {
      response.setHeader('access-control-allow-headers', 'content-type, if-match');
      response.setHeader('access-control-allow-methods', 'POST, PATCH, DELETE');
    }
    if (method === 'DELETE') {
      await this.#peers.evaluate(`mediaEnd.end(${Number(path.split('/').at(-1))})`);
    }
    if (method !== 'POST' || this.refusal !== undefined) {
      const status = method === 'POST' ? (this.refusal?.status ?? 500) : 200;
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ detail: this.refusal?.detail }));
      return;
    }
    let offer = '';
    for await (const chunk of request) offer += chunk;
    const id = this.#next++;
    const answer = await this.#peers.evaluate(`mediaEnd.answer(${id}, ${JSON.stringify(offer)})`);
    response.writeHead(201, {
      'content-type': 'application/sdp',
      location: `/session/${id}`,
      etag: '"1"',
    });
    response.end(answer);
  }
}

async function serveFile(response: ServerResponse, path: string): Promise<void> {
  const isStream = /^\/[\w.-]+\/[\w.-]+$/.test(path) && !path.startsWith('/assets/');
  const name = path === '/' ? 'home.html' : isStream ? 'watch.html' : normalize(path);
  try {
    const body = await readFile(join(WEB, name));
    response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
    response.setHeader('content-security-policy', POLICY);
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}
