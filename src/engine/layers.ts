import type { Arenas } from './history.ts';
import { Track } from './track.ts';

/** A layer is missed when the others have gone on for so long without it: longer than a retransmission takes. */
const SILENT_MS_MIN = 150;
/** Encoders suspend the best layer first: that a smaller one is silent while a better one goes on is but a pause. */
const PAUSE_MS_MAX = 1000;
/** The same in frames of another layer, and in frames of its own: slow layers are not missed between two of theirs. */
const SILENT_FRAMES = 4;
/** A rate is a mean over some seconds: that of a layer that has just begun says too little. */
const MEASURED_MS = 2500;

type Flow = {
  lastMs: number;
  sinceMs: number;
  isFlowing: boolean;
  /** Where its last keyframe was. */
  runStart: number | undefined;
  /** Frames that the other layers had when it was last heard, in the order of the layers. */
  readonly marks: number[];
};

/**
 * The picture of a stream: one track, or one for each simulcast layer (RFC 8853) of one publisher. Encoders suspend
 * layers that their uplink does not carry, without a word: that one has ended shows only in that the others go on.
 */
export class Layers {
  /** Outlives publishers: viewers wait for the next one there. */
  readonly first: Track;
  readonly tracks: Track[];
  /** What tracks brought that are no more. */
  bytesGone = 0;
  readonly #arenas: Arenas;
  readonly #flows = new Map<Track, Flow>();
  #isFree = true;
  #ladder: readonly Track[] | undefined;

  constructor(arenas: Arenas) {
    this.#arenas = arenas;
    this.first = new Track('video', arenas);
    this.tracks = [this.first];
  }

  get isSimulcast(): boolean {
    return this.tracks.length > 1;
  }

  /** The one of a publisher's layers; undefined is the picture of a publisher that sends it once. */
  trackOf(layer: string | undefined): Track {
    if (this.#isFree) {
      this.#isFree = false;
      this.first.layer = layer;
      return this.first;
    }
    const known = this.tracks.find((track) => track.layer === layer);
    if (known) return known;
    const track = new Track('video', this.#arenas);
    track.layer = layer;
    this.tracks.push(track);
    return track;
  }

  /** The publisher is gone: one track remains, without anything in it. */
  reset(): void {
    for (const track of this.tracks.splice(1)) {
      this.bytesGone += track.bytes.total;
      track.end();
      track.free();
    }
    this.first.end();
    this.first.layer = undefined;
    this.#isFree = true;
    this.#flows.clear();
    this.#ladder = undefined;
  }

  free(): void {
    for (const track of this.tracks) track.free();
  }

  /** A layer has sent something. @returns whether viewers have another choice now */
  released(track: Track, nowMs: number): boolean {
    const flow = this.#flowOf(track, nowMs);
    const hasKeyframe = track.runStart !== undefined && track.runStart !== flow.runStart;
    const isBack = !flow.isFlowing;
    flow.runStart = track.runStart;
    if (isBack && nowMs - flow.lastMs > PAUSE_MS_MAX) flow.sinceMs = nowMs;
    flow.lastMs = nowMs;
    flow.isFlowing = true;
    for (const [index, { frameCount }] of this.tracks.entries()) flow.marks[index] = frameCount;
    const hasEnded = this.#lookForSilence(track, nowMs);
    if (isBack || hasEnded) this.#ladder = undefined;
    return isBack || hasEnded || hasKeyframe;
  }

  /** The layers that flow, from the smallest to the best. */
  get ladder(): readonly Track[] {
    this.#ladder ??= this.tracks
      .filter((track) => this.#flows.get(track)?.isFlowing)
      .toSorted(compare);
    return this.#ladder;
  }

  /** Looks at sizes and rates again. */
  refresh(): void {
    this.#ladder = undefined;
  }

  isFlowing(track: Track): boolean {
    return this.#flows.get(track)?.isFlowing ?? false;
  }

  /** What it takes to carry a layer, in bits a second; undefined while that is not known. */
  needBps(track: Track, nowMs: number): number | undefined {
    const sinceMs = this.#flows.get(track)?.sinceMs ?? nowMs;
    return nowMs - sinceMs < MEASURED_MS ? undefined : 8 * track.bytesPerSecond(nowMs);
  }

  #flowOf(track: Track, nowMs: number): Flow {
    let flow = this.#flows.get(track);
    if (!flow) {
      flow = { lastMs: nowMs, sinceMs: nowMs, isFlowing: false, runStart: undefined, marks: [] };
      this.#flows.set(track, flow);
    }
    return flow;
  }

  /** Whether a layer is found to have ended, now that `heard` goes on. */
  #lookForSilence(heard: Track, nowMs: number): boolean {
    const index = this.tracks.indexOf(heard);
    let found = false;
    for (const [track, flow] of this.#flows) {
      if (!flow.isFlowing || track === heard) continue;
      if (heard.frameCount - (flow.marks[index] ?? 0) < SILENT_FRAMES) continue;
      const ownMs = (SILENT_FRAMES * 1000) / Math.max(1, track.frames.perSecond(nowMs) || 30);
      const leastMs = compare(heard, track) < 0 ? SILENT_MS_MIN : PAUSE_MS_MAX;
      if (nowMs - flow.lastMs < Math.max(leastMs, ownMs)) continue;
      flow.isFlowing = false;
      found = true;
    }
    return found;
  }
}

/** Negative where `a` is the smaller layer. */
function compare(a: Track, b: Track): number {
  return pixels(a) - pixels(b) || a.bytes.total - b.bytes.total;
}

function pixels({ width = 0, height = 0 }: Track): number {
  return width * height;
}
