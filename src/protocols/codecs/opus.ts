/** Facts about Opus: its identification header (RFC 7845 §5.1) and how long a packet plays (RFC 6716 §3.1). */

/** What we use of an identification header. */
export type OpusHead = {
  readonly channels: number;
  /** 0: mono or stereo, one stream; the others are surround formats. */
  readonly mappingFamily: number;
};

/** Why an identification header cannot be read. */
export type OpusReject = 'opus-head-truncated' | 'opus-head-bad';

const MAGIC = Uint8Array.from('OpusHead', (letter) => letter.charCodeAt(0));
const HEAD_BYTES = 19;

/** Reads an identification header. */
export function parseOpusHead(bytes: Uint8Array): OpusHead | OpusReject {
  if (bytes.length < HEAD_BYTES) return 'opus-head-truncated';
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return 'opus-head-bad';
  const channels = bytes[9]!;
  // The four higher bits of the version would change what follows.
  if (bytes[8]! >> 4 !== 0 || channels === 0) return 'opus-head-bad';
  return { channels, mappingFamily: bytes[18]! };
}

/** Samples at 48 kHz of one frame, by the configuration number of the TOC byte (table 2). */
const SILK_SAMPLES = [480, 960, 1920, 2880];
const HYBRID_SAMPLES = [480, 960];
const CELT_SAMPLES = [120, 240, 480, 960];
const HYBRID_FIRST = 12;
const CELT_FIRST = 16;
/** 120 ms: no packet is longer (§3.2.5). */
const SAMPLES_MAX = 5760;

/** How many samples at 48 kHz a packet holds; undefined for what is no packet. */
export function opusSamples(packet: Uint8Array): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const configuration = toc >> 3;
  const frameSamples =
    configuration >= CELT_FIRST
      ? CELT_SAMPLES[configuration & 3]!
      : configuration >= HYBRID_FIRST
        ? HYBRID_SAMPLES[configuration & 1]!
        : SILK_SAMPLES[configuration & 3]!;
  const frames = [1, 2, 2, (packet[1] ?? 0) & 0x3f][toc & 3]!;
  const samples = frames * frameSamples;
  return samples > 0 && samples <= SAMPLES_MAX ? samples : undefined;
}

/** Whether a packet is coded with two channels (§3.1: the s bit of the TOC byte). */
export function isStereoOpus(packet: Uint8Array): boolean {
  return ((packet[0] ?? 0) & 0x04) !== 0;
}

/** A packet this short says only that there is nothing to say (discontinuous transmission, §2.1.9). */
const DTX_BYTES_MAX = 2;

/**
 * Whether a packet holds digital silence, or nothing at all. The first symbol of a CELT frame says so, with one chance
 * in 32768 (§4.3, table 56): to the range coder that is fifteen ones. SILK's silence has no such sign.
 */
export function isSilentOpus(packet: Uint8Array): boolean {
  if (packet.length <= DTX_BYTES_MAX) return true;
  const toc = packet[0]!;
  if (toc >> 3 < CELT_FIRST) return false;
  const at = firstFrameAt(packet);
  return at !== undefined && packet[at] === 0xff && (packet[at + 1]! & 0xfe) === 0xfe;
}

/** Where the frame of a packet with one frame begins (§3.2.2, §3.2.5); undefined for several frames. */
function firstFrameAt(packet: Uint8Array): number | undefined {
  const code = packet[0]! & 3;
  if (code === 0) return 1;
  const frames = packet[1]! & 0x3f;
  if (code !== 3 || frames !== 1) return undefined;
  let at = 2;
  if ((packet[1]! & 0x40) === 0) return at;
  while (packet[at] === 255) at++; // the padding's length
  return at + 1;
}
