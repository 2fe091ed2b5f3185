/** The same publisher and the same browser with no server between them: what their own delay is. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Chromium, ViewerPage } from '../test/interop/chromium.ts';
import { DatachannelPublisher } from '../test/interop/datachannel-publisher.ts';

const PAGE = '<!doctype html><title>direct</title><video autoplay playsinline></video>';

/** Runs in the page: answers the publisher's offer itself, with all candidates in the answer. */
const ANSWER = `async (offer) => {
  const peer = (window.direct = new RTCPeerConnection());
  const stream = new MediaStream();
  peer.ontrack = ({ track }) => stream.addTrack(track);
  await peer.setRemoteDescription({ type: 'offer', sdp: offer });
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') {
    await new Promise((resolve) => peer.addEventListener('icegatheringstatechange', resolve, { once: true }));
  }
  document.querySelector('video').srcObject = stream;
  return peer.localDescription.sdp;
}`;

export class DirectPair {
  readonly page: ViewerPage;
  readonly #server: Server;
  readonly #publisher: DatachannelPublisher;

  private constructor(page: ViewerPage, server: Server, publisher: DatachannelPublisher) {
    this.page = page;
    this.#server = server;
    this.#publisher = publisher;
  }

  /** The publisher speaks WHIP to a server that only carries its offer into the page, and the answer back. */
  static async start(chromium: Chromium, gopSeconds: number): Promise<DirectPair> {
    let page: ViewerPage | undefined;
    const server = createServer((request, response) => {
      void serve(request, response, page);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      page = await chromium.open(`${origin}/`);
      const publisher = await DatachannelPublisher.start({
        url: `${origin}/whip`,
        key: 'none',
        gopSeconds,
      });
      return new DirectPair(page, server, publisher);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#publisher.stop();
    await this.page.page.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  page: ViewerPage | undefined,
): Promise<void> {
  if (request.method === 'POST' && page) {
    const offer = await text(request);
    const answer = await page.page.evaluate<string>(`(${ANSWER})(${JSON.stringify(offer)})`);
    const headers = { 'content-type': 'application/sdp', location: '/whip/1' };
    response.writeHead(201, headers).end(answer);
  } else if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  } else {
    response.writeHead(200).end();
  }
}
