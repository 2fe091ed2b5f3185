/** Stand-ins for what a publisher's adapter talks to: the engine and the transcoder. They record. */
import type { StreamName } from '../../src/base/names.ts';
import type { CloseReason } from '../../src/base/reasons.ts';
import type {
  PublisherInput,
  PublisherListener,
  TrackFormat,
  TrackInput,
} from '../../src/engine/publishing.ts';
import type { AacFormat, AudioTranscoderFactory, OpusListener } from '../../src/media/audio.ts';
import type { RtmpSource } from '../../src/media/rtmp/publisher.ts';
import type { RtpPacket } from '../../src/protocols/rtp/packet.ts';

export class TrackDouble implements TrackInput {
  readonly formats: TrackFormat[] = [];
  readonly packets: RtpPacket[] = [];
  readonly clocks: { timestamp: number; timeMs: number }[] = [];

  /** Copies, as the engine does: the payload is its pusher's again afterwards. */
  push(packet: RtpPacket): void {
    this.packets.push({ ...packet, payload: packet.payload.slice() });
  }

  setClock(timestamp: number, timeMs: number): void {
    this.clocks.push({ timestamp, timeMs });
  }

  /** Packets by timestamp, in order. */
  frames(): RtpPacket[][] {
    const frames: RtpPacket[][] = [];
    for (const packet of this.packets) {
      const last = frames.at(-1);
      if (last?.[0]?.timestamp === packet.timestamp) last.push(packet);
      else frames.push([packet]);
    }
    return frames;
  }
}

export class PublisherDouble implements PublisherInput {
  readonly stream: StreamName;
  readonly source: RtmpSource;
  readonly listener: PublisherListener;
  readonly tracks: { video?: TrackDouble; audio?: TrackDouble } = {};
  readonly videoSizes: string[] = [];
  readonly reports: { code: string; message: string }[] = [];
  readonly resolved: string[] = [];
  closeReason: CloseReason | undefined;
  readonly closed: Promise<void>;
  #resolveClosed = () => {};

  constructor(stream: StreamName, source: RtmpSource, listener: PublisherListener) {
    this.stream = stream;
    this.source = source;
    this.listener = listener;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  setTrack(format: TrackFormat): TrackInput {
    this.tracks[format.kind] ??= new TrackDouble();
    this.tracks[format.kind]!.formats.push(format);
    return this.tracks[format.kind]!;
  }

  setVideoSize(width: number, height: number): void {
    this.videoSizes.push(`${width}x${height}`);
  }

  report(code: string, message: string): void {
    this.reports.push({ code, message });
  }

  resolve(code: string): void {
    this.resolved.push(code);
  }

  close(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.#resolveClosed();
  }
}

export class EngineDouble {
  readonly publishers: PublisherDouble[] = [];

  publish(stream: StreamName, source: RtmpSource, listener: PublisherListener): PublisherInput {
    const publisher = new PublisherDouble(stream, source, listener);
    this.publishers.push(publisher);
    return publisher;
  }
}

export class TranscoderDouble {
  readonly formats: AacFormat[] = [];
  readonly frames: { bytes: Uint8Array; timeMs: number }[] = [];
  /** Gives Opus back, as the newest transcoder would. */
  onPacket: OpusListener = () => {};
  open = 0;

  readonly create: AudioTranscoderFactory = (format, onPacket) => {
    this.formats.push(format);
    this.onPacket = onPacket;
    this.open++;
    return {
      push: (aac, timeMs) => this.frames.push({ bytes: aac.slice(), timeMs }),
      close: () => {
        this.open--;
      },
    };
  };
}
