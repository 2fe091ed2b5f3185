/** A track of a publisher: sound, picture, or a simulcast layer of the picture by its name. */
export type TrackId = 'audio' | 'video' | `video ${string}`;

/** RTP ticks ↔ a publisher's own time for one track, as its last sender report says. */
type Reference = { timestamp: number; timeMs: number };

/** How far a sender report may move a track before we take it for nonsense. */
const REPORT_SKEW_MS_MAX = 2000;

/** A quarter of the 32-bit circle, 3.3 hours of video: a reference may not fall behind by more than half of it. */
const REFERENCE_TICKS_MAX = 2 ** 30;

/**
 * Puts one track's timestamps on the server's time line.
 *
 * Until the publisher has told its own time for every track (RTCP sender report; RTMP: at once), a timestamp is
 * placed by when the first packet arrived. The offset between the publisher's clock and ours is found once and then
 * kept, so that lip-sync is the publisher's, never the network's.
 */
export class TrackClock {
  readonly clockRate: number;
  #arrival: Reference | undefined;
  #report: Reference | undefined;

  constructor(clockRate: number) {
    this.clockRate = clockRate;
  }

  get hasArrived(): boolean {
    return this.#arrival !== undefined;
  }

  get hasReport(): boolean {
    return this.#report !== undefined;
  }

  /** The first packet of an epoch fixes the arrival line; later ones move its reference along before it wraps. */
  arrived(timestamp: number, nowMs: number): void {
    const arrival = this.#arrival;
    if (arrival === undefined) {
      this.#arrival = { timestamp, timeMs: nowMs };
      return;
    }
    const ticks = (timestamp - arrival.timestamp) | 0;
    if (ticks < REFERENCE_TICKS_MAX) return;
    this.#arrival = { timestamp, timeMs: this.#at(arrival, timestamp) };
  }

  report(timestamp: number, timeMs: number): void {
    this.#report = { timestamp, timeMs };
  }

  /** Time of `timestamp` on the arrival line, in server ms. */
  arrivalTimeMs(timestamp: number): number | undefined {
    return this.#arrival && this.#at(this.#arrival, timestamp);
  }

  /** Time of `timestamp` on the publisher's own line, in ms. */
  reportTimeMs(timestamp: number): number | undefined {
    return this.#report && this.#at(this.#report, timestamp);
  }

  /** The timestamp that the track has at `timeMs`, on the line given; unbounded ticks, not yet modulo 2^32. */
  ticksAt(timeMs: number, line: 'arrival' | 'report'): number {
    const reference = line === 'report' ? this.#report : this.#arrival;
    if (!reference) return 0;
    return reference.timestamp + ((timeMs - reference.timeMs) * this.clockRate) / 1000;
  }

  #at(reference: Reference, timestamp: number): number {
    return reference.timeMs + (((timestamp - reference.timestamp) | 0) * 1000) / this.clockRate;
  }
}

/** One publisher's time line for all of its tracks, tied to the server's. */
export class StreamClock {
  readonly #tracks = new Map<TrackId, TrackClock>();
  /** Server time minus publisher time, once the publisher's own line is in use. */
  #offsetMs: number | undefined;

  /** A track begins, or begins again with another format. */
  add(id: TrackId, clockRate: number): void {
    this.#tracks.set(id, new TrackClock(clockRate));
  }

  arrived(id: TrackId, timestamp: number, nowMs: number): void {
    this.#track(id).arrived(timestamp, nowMs);
    this.#settle(id, timestamp);
  }

  /** @returns false when the report cannot be true (early OBS versions send such) and was ignored. */
  report(id: TrackId, timestamp: number, timeMs: number): boolean {
    const track = this.#track(id);
    if (this.#offsetMs !== undefined) {
      // Against the report before, where there is one: over hours a sound card's clock drifts by seconds.
      const reportedMs = timeMs + this.#offsetMs;
      const placedMs = this.#placed(track, timestamp) ?? reportedMs;
      if (Math.abs(reportedMs - placedMs) > REPORT_SKEW_MS_MAX) return false;
    }
    track.report(timestamp, timeMs);
    this.#settle(id, timestamp);
    return true;
  }

  /** Server time, in ms, at which the sample with this timestamp belongs. */
  serverTimeMs(id: TrackId, timestamp: number): number {
    return this.#placed(this.#track(id), timestamp) ?? 0;
  }

  /** The timestamp that belongs to this server time: the other direction, for sender reports to viewers. */
  ticksAt(id: TrackId, serverTimeMs: number): number {
    const track = this.#track(id);
    if (this.#offsetMs !== undefined && track.hasReport) {
      return track.ticksAt(serverTimeMs - this.#offsetMs, 'report');
    }
    return track.ticksAt(serverTimeMs, 'arrival');
  }

  /**
   * Once every track that flows has told its time, the publisher's line takes over; the track at hand keeps its place.
   * Simulcast layers may never flow. A report may come before its track's first packet (RTMP): then the first packet of
   * any track settles it.
   */
  #settle(id: TrackId, timestamp: number): void {
    if (this.#offsetMs !== undefined) return;
    for (const { hasArrived, hasReport } of this.#tracks.values()) {
      if (hasArrived && !hasReport) return;
    }
    const track = this.#track(id);
    const arrivalMs = track.arrivalTimeMs(timestamp);
    const reportMs = track.reportTimeMs(timestamp);
    if (arrivalMs !== undefined && reportMs !== undefined) this.#offsetMs = arrivalMs - reportMs;
  }

  /** Server time of a timestamp by the best line there is. */
  #placed(track: TrackClock, timestamp: number): number | undefined {
    if (this.#offsetMs !== undefined) {
      const timeMs = track.reportTimeMs(timestamp);
      if (timeMs !== undefined) return timeMs + this.#offsetMs;
    }
    return track.arrivalTimeMs(timestamp);
  }

  #track(id: TrackId): TrackClock {
    let track = this.#tracks.get(id);
    if (!track) {
      track = new TrackClock(id === 'audio' ? 48000 : 90000);
      this.#tracks.set(id, track);
    }
    return track;
  }
}
