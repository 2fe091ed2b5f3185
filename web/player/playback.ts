export type PlaybackListeners = {
  /** A frame was painted; how long it took from the server's clock to the screen, where that is known. */
  readonly picture: (delayMs: number | null) => void;
  /** Sound, mute or whether it may play at all changed. */
  readonly change: () => void;
};

/** How much of a new delay reading counts: single frames jump, the eye wants a number that stands. */
const DELAY_SMOOTHING = 0.1;

/** The video element and the browser's opinion on whether it may play, and may be heard. */
export class Playback {
  readonly #video: HTMLVideoElement;
  readonly #listeners: PlaybackListeners;
  #delayMs: number | null = null;
  /** How long a packet is on its way, for browsers that do not know the server's clock. */
  onWayMs = 0;
  #wanted = false;
  #autoMuted = false;
  #blocked = false;

  constructor(video: HTMLVideoElement, listeners: PlaybackListeners) {
    this.#video = video;
    this.#listeners = listeners;
    video.addEventListener('volumechange', () => listeners.change());
    // Browsers pause by themselves: a picture-in-picture window closed, a phone locked, a sound that came too early.
    video.addEventListener('pause', () => this.resume());
    this.#watchFrames();
  }

  /** The browser muted what was meant to be heard. */
  get autoMuted(): boolean {
    return this.#autoMuted;
  }

  /** The browser does not even let it play without sound, before somebody presses something. */
  get blocked(): boolean {
    return this.#blocked;
  }

  get muted(): boolean {
    return this.#video.muted;
  }

  set muted(muted: boolean) {
    this.#autoMuted = false;
    // A change is told by the element itself; that we wanted it this way all along is not.
    if (this.#video.muted === muted) this.#listeners.change();
    else this.#video.muted = muted;
  }

  get volume(): number {
    return this.#video.volume;
  }

  set volume(volume: number) {
    this.#video.volume = Math.min(Math.max(volume, 0), 1);
  }

  play(tracks: readonly MediaStreamTrack[]): void {
    const stream = this.#video.srcObject;
    const old = stream instanceof MediaStream ? stream.getTracks() : [];
    // The second track of a session joins the first one's stream: a new stream would show black for a moment.
    if (
      stream instanceof MediaStream &&
      old.length > 0 &&
      old.every((track) => tracks.includes(track))
    ) {
      for (const track of tracks) stream.addTrack(track);
    } else {
      this.#video.srcObject = new MediaStream([...tracks]);
    }
    this.#wanted = true;
    void this.#start();
  }

  stop(): void {
    this.#wanted = false;
    this.#delayMs = null;
    this.#video.srcObject = null;
  }

  /** Plays on, if it should: after the browser paused it, or now that somebody pressed something. */
  resume(): void {
    if (this.#wanted && this.#video.paused && document.visibilityState === 'visible') {
      void this.#start();
    }
  }

  async #start(): Promise<void> {
    if (await this.#tryToPlay()) return;
    if (!this.#wanted) return;
    if (!this.#video.muted) {
      this.#video.muted = true;
      this.#autoMuted = true;
      if (await this.#tryToPlay()) return;
    }
    this.#blocked = this.#wanted;
    this.#listeners.change();
  }

  /** False only where the browser forbids it; an interrupted play is followed by another. */
  async #tryToPlay(): Promise<boolean> {
    try {
      await this.#video.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') return false;
      return true;
    }
    this.#blocked = false;
    this.#listeners.change();
    return true;
  }

  #measure({ captureTime, receiveTime, expectedDisplayTime }: VideoFrameCallbackMetadata): void {
    const sentMs =
      captureTime ?? (receiveTime === undefined ? undefined : receiveTime - this.onWayMs);
    if (sentMs === undefined) return;
    const delayMs = expectedDisplayTime - sentMs;
    const last = this.#delayMs ?? delayMs;
    this.#delayMs = last + (delayMs - last) * DELAY_SMOOTHING;
  }

  #watchFrames(): void {
    const video = this.#video;
    if (!('requestVideoFrameCallback' in video)) {
      // Firefox before 132: time moves with each frame.
      const element: HTMLVideoElement = video;
      element.addEventListener('timeupdate', () => {
        if (element.videoWidth > 0) this.#listeners.picture(null);
      });
      return;
    }
    const seen: VideoFrameRequestCallback = (_now, frame) => {
      this.#measure(frame);
      this.#listeners.picture(this.#delayMs);
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }
}
