/** Whether media gets from the server to this browser: a real viewer's session, ended as soon as its path is there. */
import { WhepSession } from '../../parts/whep-session.ts';
import type { Way } from './steps.ts';

/** ICE gives up after longer, and people before. */
const PATH_MS_MAX = 8_000;

export async function probeMedia(stream: string, transport: 'tcp' | 'udp'): Promise<Way> {
  const path = Promise.withResolvers<Way>();
  const session = new WhepSession(
    { createPeer: () => new RTCPeerConnection(), fetch: (url, init) => fetch(url, init) },
    {
      path: (state) => {
        if (state === 'up') path.resolve('answers');
        else if (state !== 'shaky') path.resolve('silent');
      },
      tracks: () => undefined,
    },
  );
  const timer = setTimeout(() => path.resolve('silent'), PATH_MS_MAX);
  try {
    const endpoint = new URL(`/${stream}/whep?transport=${transport}`, location.href).href;
    const refused = await session.open(endpoint);
    return refused === undefined ? await path.promise : 'not-tried';
  } catch {
    return 'not-tried';
  } finally {
    clearTimeout(timer);
    session.close();
  }
}
