import type { DropReason } from '../base/reasons.ts';
import { CATCH_UP_MS_MAX, isFreshRun, isNear, runMs } from './cached-run.ts';
import { FLAG } from './history.ts';
import type { Pacer } from './pacer.ts';
import { isNearOnThin, Patience, type ThinPath } from './patience.ts';
import { Retransmitter, type RtxOptions } from './retransmitter.ts';
import { EXTENSION_BYTES, HEADER_BYTES, RUN_BYTES_MAX, type SendTable } from './send-table.ts';
import { Timeline } from './timeline.ts';
import type { Track } from './track.ts';

/** One m-line of a viewer's session: what one track is sent as. */
export type SenderOptions = {
  readonly ssrc: number;
  /** Payload type per codec, for every codec that the session agreed on. */
  readonly payloadTypes: ReadonlyMap<string, number>;
  /** First sequence number, below 2^15 so that it does not wrap early (RFC 3711 §3.3.1). */
  readonly firstSequence: number;
  /** Where on the 32-bit circle our timestamps begin. */
  readonly timestampBase: number;
  /** What lost packets are sent again as; undefined where that was not agreed on. */
  readonly rtx: RtxOptions | undefined;
};

/**
 * A keyframe that was asked for arrives within a round trip and a frame: so long the layer in use goes on. Then, where
 * that layer is too much for the path, a cached run of a smaller one will do.
 */
const SWITCH_WAIT_MS = 500;
/** A frame that has begun is sent to its end, if that does not take longer than this. */
const FRAME_END_MS = 60;
/** RTP version 2, with the padding bit where padding follows. */
const FIRST_BYTE = 0x80;
const FIRST_BYTE_PADDED = 0xa0;

type Place =
  /** Nothing decodable yet: waits for a keyframe at or after `notBefore`. */
  | 'gated'
  /** Catching up from the keyframe it started at. */
  | 'burst'
  | 'live';

/**
 * One track on its way to one viewer: a place in the track's history, and the numbering under which the viewer sees
 * it. SSRC, sequence numbers and timestamps go on without a break whatever happens to the publisher.
 */
export class TrackSender {
  /** What is sent now; of a simulcast stream, one of its layers. */
  track: Track;
  /** The layer that is to follow at its next keyframe. */
  target: Track | undefined;
  readonly ssrc: number;
  /** Index of the next packet to send. */
  cursor: number;
  place: Place = 'gated';
  /** Packets and payload bytes sent, for sender reports. */
  packets = 0;
  octets = 0;
  /** Frames not sent, by reason. */
  readonly drops = new Map<DropReason, number>();
  /** Set while the path is TCP and does not take all that it is given. */
  thin: ThinPath | undefined;
  /** The track's codec has no payload type in this session. */
  codecRefused = false;
  readonly retransmitter: Retransmitter | undefined;

  readonly #options: SenderOptions;
  readonly #timeline: Timeline;
  #epoch = -1;
  #payloadType = 0;
  #notBefore = 0;
  /** Number of the track's frame that the cursor is at, and why frames between it and the next start were not sent. */
  #frame = 0;
  #dropReason: DropReason = 'waiting-for-keyframe';
  readonly #patience = new Patience();
  /** Rollover counter * 65536 + sequence number of the next packet. */
  #nextIndex48: number;
  #targetSinceMs = 0;
  /** The layer in use is too much for the path, or has ended. */
  #isUrgent = false;

  constructor(track: Track, options: SenderOptions) {
    this.track = track;
    this.ssrc = options.ssrc;
    this.#options = options;
    this.#timeline = new Timeline(options.timestampBase);
    this.#nextIndex48 = options.firstSequence;
    this.cursor = track.head;
    if (options.rtx) this.retransmitter = new Retransmitter(options.rtx);
  }

  get behind(): boolean {
    return this.place !== 'gated' && this.cursor < this.track.head;
  }

  /** Whether sender reports can be made: something of this epoch was sent. */
  get anchored(): boolean {
    return this.#timeline.isAnchored && this.#epoch === this.track.epoch;
  }

  /** The timestamps of this track have a new meaning, of which no sender report has told yet. */
  get reportDue(): boolean {
    return this.#timeline.reportDue;
  }

  /** What is sent from now on is in a report. */
  reported(): void {
    this.#timeline.reportDue = false;
  }

  /** The viewer is ready (again) to decode from scratch: from the cached run, or from the next keyframe. */
  start(nowMs: number, pacer?: Pacer): void {
    this.#enterEpoch();
    if (this.track.kind === 'audio') {
      this.cursor = this.track.head;
      this.#frame = this.track.frameCount;
      this.place = 'live';
      return;
    }
    this.#close();
    this.#openGate(nowMs, pacer);
  }

  /** Nothing goes before a keyframe, old or new. */
  #close(): void {
    this.place = 'gated';
    this.#dropReason = 'waiting-for-keyframe';
    this.#frame = this.track.frameCount;
    this.#notBefore = this.track.epochStart;
  }

  /**
   * Adds rows from the cursor on, up to the budget of one run.
   * @param pacer of a path that loses packets; undefined: TCP
   * @returns bytes added
   */
  fill(
    table: SendTable,
    srtp: number,
    pacer: Pacer | undefined,
    nowMs: number,
    budget: number,
  ): number {
    if (this.target !== undefined) this.#trySwitch(this.target, pacer, nowMs);
    if (this.#epoch !== this.track.epoch) this.start(nowMs, pacer);
    if (this.place !== 'gated' && this.cursor < this.track.history.tail) this.#skip();
    if (this.place === 'gated' && !this.#openGate(nowMs, pacer)) return 0;
    if (this.codecRefused) return 0;
    const bytes = this.#addRows(table, srtp, pacer, nowMs, Math.min(budget, RUN_BYTES_MAX));
    if (this.place === 'burst' && this.cursor >= this.track.head) this.place = 'live';
    return bytes;
  }

  /** Holds the track back: what follows is not sent until {@link fill} meets a later keyframe. */
  hold(reason: DropReason): void {
    if (this.place === 'gated' && this.#dropReason === reason) return;
    if (this.place === 'gated') this.#countDrops(this.track.frameCount);
    this.#dropReason = reason;
    this.#notBefore = this.track.history.next;
    this.place = 'gated';
  }

  /**
   * Sends again what the viewer asks for (RFC 4585 §6.2.1), as far as it is still there and worth it.
   * @returns bytes added
   */
  resend(
    table: SendTable,
    srtp: number,
    pacer: Pacer,
    sequenceNumbers: readonly number[],
    nowMs: number,
  ): number {
    if (!this.retransmitter) return 0;
    return this.retransmitter.resend(this.track, this.#nextIndex48, sequenceNumbers, {
      table,
      srtp,
      pacer,
      nowMs,
    });
  }

  /** Whether the session agreed on what the track carries. */
  accepts({ format }: Track): boolean {
    return format !== undefined && this.#options.payloadTypes.has(format.codec);
  }

  /**
   * Another layer is to follow; until its next keyframe the present one goes on.
   * @param isUrgent the layer in use is too much for the path, or has ended: an older keyframe will do, too
   */
  switchTo(track: Track, isUrgent: boolean, nowMs: number): void {
    this.#isUrgent = isUrgent;
    if (track === this.target) return;
    this.target = track === this.track ? undefined : track;
    this.#targetSinceMs = nowMs;
  }

  /**
   * Leaves the layer in use at once for this one, which is shown as soon as it can be decoded. The layers' clocks begin
   * at random (RFC 3550 §5.1), and the publisher's sender reports tie them together: what a moment was called so far,
   * it is called from now on.
   */
  turnTo(track: Track): void {
    this.target = undefined;
    if (track === this.track) return;
    const goesOn =
      this.anchored && track.clock === this.track.clock && track.head > track.epochStart;
    const from = this.track;
    this.track = track;
    this.#epoch = -1;
    this.#enterEpoch();
    this.#close();
    if (this.packets > 0 && runMs(track) > CATCH_UP_MS_MAX) this.#notBefore = track.history.next;
    if (goesOn) this.#timeline.goOn(from, track);
  }

  /** What nothing can be shown of, or switched to, before its next keyframe. */
  get awaited(): Track | undefined {
    const next = this.target ?? this.track;
    if (next.runStart === undefined || this.isHeldBack) return next;
    return this.target && !isFreshRun(next) ? next : undefined;
  }

  /** Its path was too slow: it waits for a keyframe that is yet to come. */
  get isHeldBack(): boolean {
    const { runStart = -1 } = this.track;
    return this.place === 'gated' && this.packets > 0 && runStart < this.#notBefore;
  }

  /** How long the burst at the start has taken so far. */
  burstMs(nowMs: number): number {
    return this.place === 'burst' ? this.#patience.burstMs(nowMs) : 0;
  }

  /** Whether a track can be shown right away. */
  canStartFrom(track: Track, pacer: Pacer | undefined, nowMs: number): boolean {
    if (track.runStart === undefined || track.runStart >= track.head) return false;
    if (this.packets === 0) return true;
    if (!pacer) return runMs(track) <= CATCH_UP_MS_MAX;
    return isNear(track, pacer, 8 * track.bytesPerSecond(nowMs), nowMs);
  }

  /** Media between the cursor and live: what a path that is too thin has fallen behind by. */
  get lagMs(): number {
    return this.behind ? this.#lagMs() : 0;
  }

  /**
   * Sends what was sent a moment ago once more, to try the path with it.
   * @returns bytes added, about as many as wanted
   */
  pad(table: SendTable, srtp: number, pacer: Pacer, wantedBytes: number, nowMs: number): number {
    if (!this.retransmitter) return 0;
    const run = { table, srtp, pacer, nowMs };
    return this.retransmitter.pad(this.#nextIndex48, wantedBytes, run);
  }

  /** Keeps the backlog of a viewer that cannot be sent to bounded: called while its path is blocked. */
  trim(nowMs: number): void {
    if (this.#epoch !== this.track.epoch || this.place === 'gated') return;
    if (this.cursor >= this.track.head) return;
    const { track, cursor, thin } = this;
    const lost = cursor < track.history.tail;
    const isBurst = this.place === 'burst';
    const standing = { track, isBurst, cursor, frame: this.#frame, lagMs: this.#lagMs(), thin };
    if (lost || this.#patience.isOver(standing, nowMs)) this.#skip();
  }

  /** RTP timestamp of this track at a server time, as this viewer sees it: for sender reports. */
  timestampAt(serverTimeMs: number): number {
    return this.#timeline.at(this.track, serverTimeMs);
  }

  /** Drops what waits: video up to a later keyframe, taken when the path has room; audio up to live. */
  #skip(): void {
    const track = this.track;
    this.#dropReason = 'viewer-too-slow';
    if (track.kind === 'audio') {
      this.#countDrops(track.frameCount);
      this.cursor = track.head;
      return;
    }
    this.#notBefore = this.cursor + 1;
    this.place = 'gated';
  }

  /** The cursor moves on to the track's frame number `frame` without sending what lies between. */
  #countDrops(frame: number): void {
    const dropped = frame - this.#frame;
    this.#frame = frame;
    if (dropped > 0) {
      this.drops.set(this.#dropReason, (this.drops.get(this.#dropReason) ?? 0) + dropped);
    }
  }

  /** How much media lies between the cursor and live. */
  #lagMs(): number {
    const history = this.track.history;
    const timestamp = history.timestamps[this.cursor & history.mask] as number;
    return (((this.track.newestTimestamp - timestamp) | 0) * 1000) / this.track.clockRate;
  }

  #enterEpoch(): void {
    if (this.#epoch === this.track.epoch) return;
    this.#epoch = this.track.epoch;
    this.#timeline.release();
    this.cursor = Math.max(this.cursor, this.track.epochStart);
    const codec = this.track.format?.codec;
    if (codec === undefined) return;
    const payloadType = this.#options.payloadTypes.get(codec);
    this.codecRefused = payloadType === undefined;
    this.#payloadType = payloadType ?? 0;
  }

  #openGate(nowMs: number, pacer: Pacer | undefined): boolean {
    const track = this.track;
    if (track.runStart === undefined || track.runStart < this.#notBefore) return false;
    // A run that has not been released yet would start with an empty burst: wait for its first part.
    if (track.runStart >= track.head) return false;
    if (pacer && this.packets > 0 && !isNear(track, pacer, undefined, nowMs)) return false;
    if (this.thin && this.packets > 0 && !isNearOnThin(track, this.thin)) return false;
    this.#countDrops(track.frameCount - track.runFrames);
    this.#timeline.anchor(track, track.newestTimestamp);
    this.#startRun(track.runStart, nowMs);
    return true;
  }

  /** From the keyframe at `runStart` on. */
  #startRun(runStart: number, nowMs: number): void {
    const { track } = this;
    this.cursor = runStart;
    this.place = 'burst';
    this.#patience.begin(track, this.#frame, nowMs);
    const stretch = this.#timeline.begin(track, runStart, this.#nextIndex48, nowMs);
    this.retransmitter?.begin(stretch);
  }

  /** Goes over to another layer where that can be done without a seam, or must be done with one. */
  #trySwitch(target: Track, pacer: Pacer | undefined, nowMs: number): void {
    if (this.place === 'gated') {
      // Nothing is shown that could go on: whichever layer can be decoded first.
      if (target.runStart === undefined && this.track.runStart !== undefined) return;
      this.turnTo(target);
      return;
    }
    const { runStart } = target;
    if (runStart === undefined || runStart >= target.head || target.runHasGap) return;
    if (!isFreshRun(target) && !this.#mayReplay(target, pacer, nowMs)) return;
    const mayWait = !this.#isUrgent || runMs(target) < FRAME_END_MS;
    if (mayWait && this.#isWithinFrame()) return;
    this.#switch(target, runStart, nowMs);
  }

  /** Whether the cached run of a layer is better than to wait for its next keyframe. */
  #mayReplay(target: Track, pacer: Pacer | undefined, nowMs: number): boolean {
    if (!this.#isUrgent || nowMs - this.#targetSinceMs < SWITCH_WAIT_MS) return false;
    return this.canStartFrom(target, pacer, nowMs);
  }

  /** The frame before the cursor has not been sent whole. */
  #isWithinFrame(): boolean {
    const { flags, mask, tail } = this.track.history;
    if (this.cursor <= tail) return false;
    return ((flags[(this.cursor - 1) & mask] as number) & FLAG.marker) === 0;
  }

  #switch(target: Track, runStart: number, nowMs: number): void {
    this.turnTo(target);
    this.#timeline.anchor(target, target.newestTimestamp);
    this.#frame = target.frameCount - target.runFrames;
    this.#startRun(runStart, nowMs);
  }

  #addRows(
    table: SendTable,
    srtp: number,
    pacer: Pacer | undefined,
    nowMs: number,
    budget: number,
  ): number {
    const { track } = this;
    const timeline = this.#timeline;
    const { history, head } = track;
    const { flags, offsets, lengths, timestamps, padding, mask } = history;
    const extensionId = pacer?.extensionId;
    let bytes = 0;
    while (this.cursor < head && bytes < budget && !table.rowsFull) {
      const index = this.cursor++;
      const row = index & mask;
      const index48 = this.#nextIndex48++;
      const flag = flags[row] as number;
      if (!(flag & FLAG.present)) continue;
      if (flag & FLAG.frameStart) this.#frame++;
      const length = lengths[row] as number;
      const pad = pacer ? (padding[row] as number) : 0;
      table.add(
        srtp,
        index48,
        pad > 0 ? FIRST_BYTE_PADDED : FIRST_BYTE,
        ((flag & FLAG.marker) << 6) | this.#payloadType,
        timeline.stamp(track, timestamps[row] as number, index),
        this.ssrc,
        history.arenaId,
        offsets[row] as number,
        length,
        pad,
      );
      this.packets++;
      this.octets += length;
      const size = length + pad + HEADER_BYTES;
      bytes += size;
      if (!pacer || extensionId === undefined) continue;
      table.stamp(extensionId, pacer.number(size + EXTENSION_BYTES, nowMs));
      bytes += EXTENSION_BYTES;
    }
    return bytes;
  }
}
