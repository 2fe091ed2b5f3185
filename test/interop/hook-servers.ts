/** The other ends of notifications, for tests: something that answers as Discord's webhooks do, and a receiver that verifies. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerEvent } from '../../src/api/events.ts';

/** What a server does with a request. */
export type Mood = 'good' | 'busy' | 'broken' | 'hanging';

const PATH = '/api/webhooks/1234/a-secret-token';
/** How long a busy server wants to be left alone. */
export const BUSY_S = 1.5;

type Embed = { readonly title: string; readonly description: string; readonly url?: string };
export type Message = { readonly id: string; embed: Embed; edits: number };
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
  readonly mood: Mood;
};

/** An HTTP server whose mood changes, and which can be away altogether. */
abstract class MoodyServer {
  mood: Mood = 'good';
  readonly calls: Call[] = [];
  #server: Server | undefined;
  #port = 0;

  get port(): number {
    return this.#port;
  }

  /** Is there, on the same port as before. */
  async open(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Is gone: connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected abstract answer(call: Call, response: ServerResponse): void;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method = '', url: path = '', headers } = request;
    const call: Call = { method, path, headers, body, atMs: Date.now(), mood: this.mood };
    this.calls.push(call);
    if (call.mood === 'good') this.answer(call, response);
    else if (call.mood === 'broken') response.writeHead(500).end('<html>');
    else if (call.mood === 'busy') {
      response.writeHead(429, { 'Retry-After': String(Math.ceil(BUSY_S)) });
      response.end(JSON.stringify({ message: 'slow down', retry_after: BUSY_S, global: false }));
    }
  }
}

/** Makes and edits messages as Discord documents it. */
export class DiscordServer extends MoodyServer {
  readonly messages: Message[] = [];

  get webhook(): string {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  protected answer({ method, path, body }: Call, response: ServerResponse): void {
    const url = new URL(path, 'http://host');
    const { embeds, allowed_mentions } = JSON.parse(body);
    if (JSON.stringify(allowed_mentions) !== '{"parse":[]}') response.writeHead(400).end();
    else if (method === 'POST' && url.pathname === PATH) this.#make(embeds[0], url, response);
    else if (method === 'PATCH') this.#edit(embeds[0], url, response);
    else response.writeHead(405).end();
  }

  #make(embed: Embed, url: URL, response: ServerResponse): void {
    const id = String(1000 + this.messages.length);
    this.messages.push({ id, embed, edits: 0 });
    if (url.searchParams.get('wait') === 'true') response.end(JSON.stringify({ id }));
    else response.writeHead(204).end();
  }

  #edit(embed: Embed, url: URL, response: ServerResponse): void {
    const message = this.messages.find(({ id }) => url.pathname === `${PATH}/messages/${id}`);
    if (message === undefined) {
      response.writeHead(404).end(JSON.stringify({ code: 10008, message: 'Unknown Message' }));
      return;
    }
    message.embed = embed;
    message.edits++;
    response.end(JSON.stringify({ id: message.id }));
  }
}

/** Takes signed events, and refuses what is not signed with its secret (by Standard Webhooks). */
export class WebhookReceiver extends MoodyServer {
  readonly secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  /** In the order in which they came; with every repetition. */
  readonly received: { readonly id: string; readonly event: ServerEvent }[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.port}/millrace?token=not-to-be-logged`;
  }

  types(): string[] {
    return this.received.map(({ event }) => event.type);
  }

  protected answer({ headers, body }: Call, response: ServerResponse): void {
    const id = String(headers['webhook-id']);
    const timestamp = String(headers['webhook-timestamp']);
    const key = Buffer.from(this.secret.slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
    const [version, given = ''] = String(headers['webhook-signature']).split(',');
    const signature = Buffer.from(given, 'base64');
    const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 10;
    const isTrue = signature.length === mac.length && timingSafeEqual(signature, mac);
    if (version !== 'v1' || !isTrue || !isFresh) {
      response.writeHead(401).end();
      return;
    }
    this.received.push({ id, event: JSON.parse(body) as ServerEvent });
    response.writeHead(204).end();
  }
}
