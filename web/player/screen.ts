/** Full screen, picture-in-picture and the wake lock, with the other names that Safari has for them. */

/** What Safari on iPhone and iPad has instead. */
type WebKitVideo = HTMLVideoElement & {
  webkitEnterFullscreen?: () => void;
  webkitSupportsPresentationMode?: (mode: string) => boolean;
  webkitSetPresentationMode?: (mode: 'inline' | 'picture-in-picture') => void;
  webkitPresentationMode?: string;
};

/** One player's relation to the screen around it. */
export class Screen {
  readonly #host: HTMLElement;
  readonly #video: WebKitVideo;
  #lock: Promise<WakeLockSentinel> | undefined;

  constructor(host: HTMLElement, video: HTMLVideoElement) {
    this.#host = host;
    this.#video = video;
  }

  get canFullScreen(): boolean {
    return document.fullscreenEnabled || this.#video.webkitEnterFullscreen !== undefined;
  }

  get isFullScreen(): boolean {
    return document.fullscreenElement === this.#host;
  }

  get canPip(): boolean {
    return (
      document.pictureInPictureEnabled === true ||
      this.#video.webkitSupportsPresentationMode?.('picture-in-picture') === true
    );
  }

  get isPip(): boolean {
    return (
      // Retargeted: seen from outside, the element in the window is the shadow tree's host.
      document.pictureInPictureElement === this.#host ||
      this.#video.webkitPresentationMode === 'picture-in-picture'
    );
  }

  async toggleFullScreen(): Promise<void> {
    if (this.isFullScreen) {
      await document.exitFullscreen();
    } else if (document.fullscreenEnabled) {
      await this.#host.requestFullscreen();
      if (this.#video.videoWidth > this.#video.videoHeight) await lockLandscape();
    } else {
      // iPhone: only the video itself can fill the screen, with the system's controls.
      this.#video.webkitEnterFullscreen?.();
    }
  }

  async togglePip(): Promise<void> {
    if (document.pictureInPictureEnabled !== true) {
      this.#video.webkitSetPresentationMode?.(this.isPip ? 'inline' : 'picture-in-picture');
    } else if (this.isPip) {
      await document.exitPictureInPicture();
    } else {
      await this.#video.requestPictureInPicture();
    }
  }

  /** Keeps a phone from going dark over a picture that plays: browsers do it by themselves only with sound. */
  keepAwake(isPlaying: boolean): void {
    if (!isPlaying) {
      void this.#lock?.then((lock) => lock.release()).catch(ignore);
      this.#lock = undefined;
    } else if (this.#lock === undefined && document.visibilityState === 'visible') {
      // The system takes the lock away with the tab; the next call asks anew.
      this.#lock = navigator.wakeLock?.request('screen');
      this.#lock?.then(
        (lock) => lock.addEventListener('release', () => this.#forget()),
        // A frame that may not, or a battery that is low: asked each second, browsers fill their console with it.
        () => document.addEventListener('visibilitychange', () => this.#forget(), { once: true }),
      );
    }
  }

  #forget(): void {
    this.#lock = undefined;
  }
}

async function lockLandscape(): Promise<void> {
  const orientation = screen.orientation as ScreenOrientation & {
    lock?: (orientation: 'landscape') => Promise<void>;
  };
  await orientation.lock?.('landscape').catch(ignore);
}

/** A refusal leaves things as they are, which the viewer sees. */
function ignore(): void {}
