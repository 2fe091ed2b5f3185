/** SRTP and SRTCP of what one peer sends: replay window and rollover counter per SSRC (RFC 3711 §3.2.3). */
import { readUint16, readUint32 } from '../../base/bytes.ts';
import { rtpHeaderLength } from '../rtp/packet.ts';
import { estimateIndex, ReplayWindow, rocOf } from '../rtp/srtp-index.ts';
import type { Srtp } from './crypto.ts';

/** Why a protected packet was dropped: before decryption (replay, limit, header) or by its tag. */
export type SrtpReject = 'bad-rtp' | 'bad-rtcp' | 'replayed' | 'wrong-tag' | 'too-many-ssrcs';

/** A publisher has an audio and a video flow, each perhaps with retransmissions, times three simulcast layers. */
const SSRCS_MAX = 32;

/** RTCP header, sender's SSRC, E flag and index: less is no SRTCP packet (RFC 3711 §3.4). */
const SRTCP_BYTES_MIN = 12;

/** Replay windows and rollover counters for everything that one peer sends (RFC 3711 §3.3). */
export class ReceiveWindows {
  readonly #rtp = new Map<number, ReplayWindow>();
  readonly #rtcp = new Map<number, ReplayWindow>();

  /** Authenticates and decrypts one RTP packet in place. @returns its plain length */
  unprotectRtp(srtp: Srtp, packet: Uint8Array): number | SrtpReject {
    const headerLength = rtpHeaderLength(packet);
    if (typeof headerLength === 'string') return 'bad-rtp';
    const ssrc = readUint32(packet, 8);
    const known = this.#rtp.get(ssrc);
    if (known === undefined && this.#rtp.size >= SSRCS_MAX) return 'too-many-ssrcs';
    const window = known ?? new ReplayWindow();
    const index = estimateIndex(window, readUint16(packet, 2));
    if (!window.isNew(index)) return 'replayed';
    const length = srtp.unprotectRtp(packet, headerLength, rocOf(index));
    if (length < headerLength) return 'wrong-tag';
    window.accept(index);
    // Only an authentic packet makes an SSRC known: forged ones cost no memory.
    if (known === undefined) this.#rtp.set(ssrc, window);
    return length;
  }

  /** The same for a compound RTCP packet, whose index is sent along (RFC 3711 §3.4). */
  unprotectRtcp(srtp: Srtp, packet: Uint8Array): number | SrtpReject {
    if (packet.length < SRTCP_BYTES_MIN) return 'bad-rtcp';
    const ssrc = readUint32(packet, 4);
    const known = this.#rtcp.get(ssrc);
    if (known === undefined && this.#rtcp.size >= SSRCS_MAX) return 'too-many-ssrcs';
    const plain = srtp.unprotectRtcp(packet);
    if (plain === undefined) return 'wrong-tag';
    const window = known ?? new ReplayWindow();
    if (!window.isNew(plain.index)) return 'replayed';
    window.accept(plain.index);
    if (known === undefined) this.#rtcp.set(ssrc, window);
    return plain.length;
  }
}
