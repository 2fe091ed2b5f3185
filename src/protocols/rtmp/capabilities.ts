/** What Enhanced RTMP v2 lets both sides say of themselves in connect, so that an encoder knows what it may send. */
import { type AmfObject, type AmfValue, amfObject } from '../amf/amf0.ts';

/** CapsExMask */
const CAPS_EX = { reconnect: 1, multitrack: 2, modEx: 4 } as const;
/** FourCcInfoMask */
const FOURCC_INFO = { canDecode: 1, canForward: 4 } as const;

const VIDEO_FOURCCS = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08'];
/** AAC is decoded, to become Opus. */
const AUDIO_FOURCCS = { Opus: FOURCC_INFO.canForward, mp4a: FOURCC_INFO.canDecode };

/** The members by which a client says that it knows Enhanced RTMP; the first came with version 1. */
const ANNOUNCEMENTS = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'];

/** What a client's connect says of it. */
export type Capabilities = {
  readonly isEnhanced: boolean;
  /** It comes back by itself when it is asked to. */
  readonly reconnects: boolean;
};

/** Reads the command object of connect. */
export function readCapabilities(command: AmfObject): Capabilities {
  const capsEx = command.get('capsEx');
  return {
    isEnhanced: ANNOUNCEMENTS.some((name) => command.has(name)),
    reconnects: typeof capsEx === 'number' && (capsEx & CAPS_EX.reconnect) !== 0,
  };
}

/** What we can, for the answer to such a client; others are told nothing that they do not know. */
export function ourCapabilities(): Readonly<Record<string, AmfValue>> {
  const forwarded = Object.fromEntries(
    VIDEO_FOURCCS.map((fourCc) => [fourCc, FOURCC_INFO.canForward]),
  );
  return {
    capsEx: CAPS_EX.reconnect | CAPS_EX.multitrack | CAPS_EX.modEx,
    fourCcList: [...VIDEO_FOURCCS, ...Object.keys(AUDIO_FOURCCS)],
    videoFourCcInfoMap: amfObject(forwarded),
    audioFourCcInfoMap: amfObject(AUDIO_FOURCCS),
  };
}
