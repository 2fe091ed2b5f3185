/** Whether media gets from the server to this browser: a real viewer's session, ended as soon as its path is there. */
import { WhepSession } from '../../parts/whep-session.ts';
import type { Way } from './steps.ts';

/** ICE gives up after longer, and people before. */
const PATH_MS_MAX = 8_000;

export function probeMedia(stream: string, transport: 'tcp' | 'udp'): Promise<Way> {
  const endpoint = new URL(`/${stream}/whep?transport=${transport}`, location.href).href;
  return new Promise((resolve) => {
    const end = (way: Way) => {
      clearTimeout(timer);
      session.close();
      resolve(way);
    };
    const session = new WhepSession(
      { createPeer: () => new RTCPeerConnection(), fetch: (url, init) => fetch(url, init) },
      {
        path: (state) => {
          // A path that shakes may still settle.
          if (state !== 'shaky') end(state === 'up' ? 'answers' : 'silent');
        },
        tracks: () => undefined,
      },
    );
    const timer = setTimeout(() => end('silent'), PATH_MS_MAX);
    session.open(endpoint).then(
      (refused) => refused !== undefined && end('not-tried'),
      () => end('not-tried'),
    );
  });
}
