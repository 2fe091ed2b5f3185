/** H.264 as RTP payloads (RFC 6184): the tool's own packetiser, so that what it sends owes nothing to the server's. */
import type { Clip, VideoFrame } from '../clip.ts';

/** As libwebrtc and OBS cut it: 1200 bytes with the RTP header. */
const PAYLOAD_BYTES_MAX = 1188;
const FU_A = 28;

/** For each frame of the clip its payloads; the last one ends with the stamp. */
export function packetiseClip(clip: Clip): Uint8Array[][] {
  return clip.frames.map(packetiseFrame);
}

function packetiseFrame(frame: VideoFrame): Uint8Array[] {
  return frame.nals.flatMap((nal) =>
    nal.length <= PAYLOAD_BYTES_MAX ? [Uint8Array.from(nal)] : fragment(nal),
  );
}

/** FU-A (RFC 6184 §5.8), in parts of about the same size, as libwebrtc does it. */
function fragment(nal: Uint8Array): Uint8Array[] {
  const header = nal[0]!;
  const body = nal.subarray(1);
  const count = Math.ceil(body.length / (PAYLOAD_BYTES_MAX - 2));
  const size = Math.ceil(body.length / count);
  const payloads: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const part = body.subarray(index * size, (index + 1) * size);
    const flags = (index === 0 ? 0x80 : 0) | (index === count - 1 ? 0x40 : 0);
    const payload = new Uint8Array(2 + part.length);
    payload[0] = (header & 0xe0) | FU_A;
    payload[1] = flags | (header & 0x1f);
    payload.set(part, 2);
    payloads.push(payload);
  }
  return payloads;
}
