/** Port 80: certificate authorities' questions, and the way to HTTPS for everybody else. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { limitConnections, limitPipelining, SERVER_OPTIONS } from '../http/limits.ts';
import type { Challenges } from './challenges.ts';

export type PlainPortOptions = {
  readonly challenges: Challenges;
  /** Where the pages are now; the first of the names stands for hosts that are not ours. */
  readonly site: () => {
    readonly scheme: 'http' | 'https';
    readonly port: number;
    readonly names: readonly string[];
  };
};

/** What a Location header can say as it is. */
const PATH = /^\/[\x21-\x7e]*$/;
const USUAL = { http: 80, https: 443 } as const;

/** Does not listen yet. */
export function createPlainServer(options: PlainPortOptions): Server {
  const server = createServer(SERVER_OPTIONS, limitPipelining(listenerFor(options)));
  limitConnections(server);
  return server;
}

function listenerFor({ challenges, site }: PlainPortOptions): RequestListener {
  return (request, response) => {
    const { url = '/', headers } = request;
    const answer = challenges.answerTo(url);
    if (answer !== undefined) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(answer);
      return;
    }
    const { scheme, port, names } = site();
    const asked = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const host = names.includes(asked) ? asked : names[0];
    if (host === undefined || !PATH.test(url)) {
      response.writeHead(400, { Connection: 'close' }).end();
      return;
    }
    const authority = port === USUAL[scheme] ? host : `${host}:${port}`;
    // 308 and 307 keep a POST a POST. Without a certificate the way leads elsewhere for now, and nobody shall remember it.
    response
      .writeHead(scheme === 'https' ? 308 : 307, {
        Location: `${scheme}://${authority}${url}`,
        'Cache-Control': scheme === 'https' ? 'max-age=3600' : 'no-store',
        'Content-Length': 0,
      })
      .end();
  };
}
