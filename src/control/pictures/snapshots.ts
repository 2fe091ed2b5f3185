/** Pictures of streams, made of their keyframes without decoding them; each for a few seconds, and where the app wants it the last one. */
import type { StreamName } from '../../base/names.ts';
import type { KeyframePayloads, VideoCodec } from '../../channel/messages.ts';
import { type Still, stillOf } from '../../protocols/still/still.ts';

/** The part of the media link that is asked. */
export type KeyframeSource = {
  readonly live: ReadonlySet<StreamName>;
  keyframe(stream: StreamName): Promise<KeyframePayloads | undefined>;
  onLastKeyframe(listener: (stream: StreamName, keyframe: KeyframePayloads) => void): () => void;
};

export type SnapshotDeps = {
  readonly media: KeyframeSource;
  /** Whether the app of a stream wants the picture kept after its end. */
  readonly keepsLast: (stream: StreamName) => boolean;
  readonly nowMs: () => number;
  /** Our own bug came to light; there is no picture then, and nothing else is lost. */
  readonly onBug: (error: unknown) => void;
};

export type Snapshot = {
  readonly still: Still;
  readonly atMs: number;
};

/** Encoders send a keyframe each second or two: a newer picture would seldom be another one. */
const FRESH_MS = 4_000;
/** While a keyframe is on its way, the one before does; for longer, nobody should take it for the present. */
const STALE_MS_MAX = 30_000;
/** Of all pictures together, of streams that are live and of those that have ended: what a machine with 1 GB can spare. */
const BYTES_MAX = 32 * 1024 * 1024;

export class Snapshots {
  readonly #deps: SnapshotDeps;
  /** The one that was made longest ago is first. */
  readonly #kept = new Map<StreamName, Snapshot>();
  readonly #asking = new Map<StreamName, Promise<Snapshot | undefined>>();
  #bytes = 0;

  constructor(deps: SnapshotDeps) {
    this.#deps = deps;
    deps.media.onLastKeyframe((stream, keyframe) => this.#keepLast(stream, keyframe));
  }

  /** The picture of now, or the last one of a stream that ended; undefined where there is none. */
  async get(stream: StreamName): Promise<Snapshot | undefined> {
    const { media, keepsLast, nowMs } = this.#deps;
    const kept = this.#kept.get(stream);
    if (!media.live.has(stream)) return keepsLast(stream) ? kept : undefined;
    if (kept !== undefined && nowMs() - kept.atMs < FRESH_MS) return kept;
    // Many who ask at once are one question.
    let asking = this.#asking.get(stream);
    if (asking === undefined) {
      asking = this.#ask(stream).finally(() => this.#asking.delete(stream));
      this.#asking.set(stream, asking);
    }
    const made = await asking;
    if (made !== undefined) return made;
    return kept !== undefined && nowMs() - kept.atMs < STALE_MS_MAX ? kept : undefined;
  }

  /** Whether there is a picture of a stream that is not live. */
  hasLast(stream: StreamName): boolean {
    return this.#kept.has(stream) && this.#deps.keepsLast(stream);
  }

  async #ask(stream: StreamName): Promise<Snapshot | undefined> {
    const keyframe = await this.#deps.media.keyframe(stream);
    return keyframe && this.#keep(stream, keyframe);
  }

  #keepLast(stream: StreamName, keyframe: KeyframePayloads): void {
    if (this.#deps.keepsLast(stream)) this.#keep(stream, keyframe);
    else this.#forget(stream);
  }

  #keep(stream: StreamName, { codec, payloads }: KeyframePayloads): Snapshot | undefined {
    const still = this.#wrap(codec, payloads);
    if (still === undefined) return undefined;
    const snapshot = { still, atMs: this.#deps.nowMs() };
    this.#forget(stream);
    this.#kept.set(stream, snapshot);
    this.#bytes += still.bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= BYTES_MAX) break;
      this.#forget(oldest);
    }
    return snapshot;
  }

  /** What strangers publish goes through here. */
  #wrap(codec: VideoCodec, payloads: readonly Uint8Array[]): Still | undefined {
    try {
      return stillOf(codec, payloads);
    } catch (error) {
      this.#deps.onBug(error);
      return undefined;
    }
  }

  #forget(stream: StreamName): void {
    const kept = this.#kept.get(stream);
    if (kept === undefined) return;
    this.#bytes -= kept.still.bytes.length;
    this.#kept.delete(stream);
  }
}
