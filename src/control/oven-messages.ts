/** The JSON that OvenPlayer and its server exchange over their WebSocket: shapes, and nothing else. */
import type { StreamInfo } from '../api/streams.ts';
import { candidateLines, candidateText, type HostCandidate } from '../protocols/sdp/candidates.ts';

export type PlayerMessage =
  | { readonly command: 'request_offer' }
  | { readonly command: 'answer'; readonly id: number; readonly sdp: string }
  /** Not needed: the player's address is learnt from its checks. */
  | { readonly command: 'candidate'; readonly id: number }
  | { readonly command: 'change_rendition'; readonly id: number }
  | { readonly command: 'stop' }
  | { readonly command: 'pong' };

/** A number as in HTTP, and a text that OvenPlayer shows. */
export type PlayerError = { readonly code: number; readonly error: string };

/** The one quality there is: the stream as it comes. */
const RENDITION = 'default';

/** Reads one message; an error is to be sent, undefined is beyond an answer. */
export function parsePlayerMessage(text: string): PlayerMessage | PlayerError | undefined {
  const message = parseObject(text);
  const command = message?.['command'];
  if (message === undefined || typeof command !== 'string') return undefined;
  const read = Object.hasOwn(readers, command) ? readers[command] : undefined;
  return read ? read(message) : { code: 400, error: `Unknown command: ${command.slice(0, 32)}` };
}

type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (fields: Fields) => PlayerMessage | PlayerError>> = {
  request_offer: () => ({ command: 'request_offer' }),
  answer: readAnswer,
  candidate: (fields) => {
    if (typeof fields['id'] !== 'number') return NO_ID;
    return Array.isArray(fields['candidates'])
      ? { command: 'candidate', id: fields['id'] }
      : { code: 400, error: 'The candidates have to be a list.' };
  },
  change_rendition: ({ id }) =>
    typeof id === 'number' ? { command: 'change_rendition', id } : NO_ID,
  stop: () => ({ command: 'stop' }),
  pong: () => ({ command: 'pong' }),
};

const NO_ID: PlayerError = { code: 400, error: 'The id of the offer is missing.' };

function readAnswer({ id, sdp }: Fields): PlayerMessage | PlayerError {
  if (typeof id !== 'number') return NO_ID;
  const description = isFields(sdp) ? sdp : {};
  if (description['type'] !== 'answer') {
    return { code: 400, error: 'The session description is missing or no answer.' };
  }
  const text = description['sdp'];
  return typeof text === 'string'
    ? { command: 'answer', id, sdp: text }
    : { code: 400, error: 'The session description has to be a text.' };
}

/** `peer_id` 0 says that the server itself is the peer; candidates come beside the description, not in it. */
export function writeOffer(id: number, sdp: string, candidates: readonly HostCandidate[]): object {
  return {
    command: 'offer',
    id,
    peer_id: 0,
    sdp: { type: 'offer', sdp },
    candidates: candidateLines(candidates).map((line) => ({
      candidate: candidateText(line),
      sdpMLineIndex: 0,
    })),
    code: 200,
  };
}

/** Fills the player's quality menu. Every playlist adds to the menu: it is sent once. */
export function writePlaylist(stream: string, info: StreamInfo | undefined): object {
  const video = info?.publisher?.video;
  const audio = info?.publisher?.audio;
  return {
    command: 'notification',
    type: 'playlist',
    message: {
      name: stream,
      file_name: '',
      auto: false,
      renditions: [
        {
          name: RENDITION,
          video_track: {
            id: 0,
            name: 'video',
            type: 'Video',
            video: {
              bypass: true,
              codec: 'H264',
              bitrate: Math.round(video?.bitrateBps ?? 0),
              width: video?.width ?? 0,
              height: video?.height ?? 0,
              framerate: video?.fps ?? 0,
              timebase: { num: 1, den: 90_000 },
            },
          },
          audio_track: {
            id: 1,
            name: 'audio',
            type: 'Audio',
            audio: {
              bypass: audio?.codec === audio?.sourceCodec,
              codec: 'OPUS',
              samplerate: 48_000,
              channel: 2,
              bitrate: Math.round(audio?.bitrateBps ?? 0),
              timebase: { num: 1, den: 48_000 },
            },
          },
        },
      ],
    },
  };
}

/** After the playlist, and again for each wish of the viewer: there is nothing to change to. */
export function writeRenditionChanged(): object {
  return {
    command: 'notification',
    type: 'rendition_changed',
    message: { rendition_name: RENDITION, auto: false },
  };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined; // JSON.parse has no other way to say so
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
