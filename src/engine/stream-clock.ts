import { EarliestLine, type LineOptions } from './earliest-line.ts';

/** A track of a publisher: sound, picture, or a simulcast layer of the picture by its name. */
export type TrackId = 'audio' | 'video' | `video ${string}`;

/** How far a sender report may move a track before we take it for nonsense. */
const REPORT_SKEW_MS_MAX = 2000;
/** Longer than a burst of work keeps an encoder from its packets; a source that paused is followed after so long. */
const ARRIVALS: LineOptions = { spanMs: 1000, spans: 5 };
/** Reports come each one to five seconds. libdatachannel writes the time of sending beside a picture that is late by then. */
const REPORTS: LineOptions = { spanMs: 0, spans: 4 };

/**
 * Puts one track's timestamps on the server's time line.
 *
 * Until the publisher has told its own time for every track (RTCP sender report; RTMP: at once), a timestamp is
 * placed by when packets arrive. The offset between the publisher's clock and ours is found once and then
 * kept, so that lip-sync is the publisher's, never the network's.
 */
class TrackClock {
  readonly arrivals: EarliestLine;
  readonly reports: EarliestLine;

  constructor(clockRate: number) {
    this.arrivals = new EarliestLine(clockRate, ARRIVALS);
    this.reports = new EarliestLine(clockRate, REPORTS);
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
    this.#track(id).arrivals.note(timestamp, nowMs);
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
    track.reports.note(timestamp, timeMs);
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
    if (this.#offsetMs !== undefined && !track.reports.isEmpty) {
      return track.reports.ticksAt(serverTimeMs - this.#offsetMs);
    }
    return track.arrivals.isEmpty ? 0 : track.arrivals.ticksAt(serverTimeMs);
  }

  /**
   * Once every track that flows has told its time, the publisher's line takes over; the track at hand keeps its place.
   * Simulcast layers may never flow. A report may come before its track's first packet (RTMP): then the first packet of
   * any track settles it.
   */
  #settle(id: TrackId, timestamp: number): void {
    if (this.#offsetMs !== undefined) return;
    for (const { arrivals, reports } of this.#tracks.values()) {
      if (!arrivals.isEmpty && reports.isEmpty) return;
    }
    const { arrivals, reports } = this.#track(id);
    if (arrivals.isEmpty || reports.isEmpty) return;
    this.#offsetMs = arrivals.timeMs(timestamp) - reports.timeMs(timestamp);
  }

  /** Server time of a timestamp by the best line there is. */
  #placed({ arrivals, reports }: TrackClock, timestamp: number): number | undefined {
    if (this.#offsetMs !== undefined && !reports.isEmpty) {
      return reports.timeMs(timestamp) + this.#offsetMs;
    }
    return arrivals.isEmpty ? undefined : arrivals.timeMs(timestamp);
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
