/**
 * Which track of several is ours. The default track is 0 by recommendation (Enhanced RTMP v2), and encoders send it
 * without saying that there are others; where there is none, the first to come is as good as any.
 */
export class TrackChoice {
  #trackId: number | undefined;

  takes(trackId: number): boolean {
    if (trackId === 0) this.#trackId = 0;
    this.#trackId ??= trackId;
    return trackId === this.#trackId;
  }
}
