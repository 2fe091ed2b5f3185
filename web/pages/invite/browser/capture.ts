/** Asks the browser for cameras, microphones and the screen, and says in our words why there is none. */

/** Why a source is not there. */
export type CaptureTrouble =
  | 'denied' // the person, or the system, does not let us
  | 'missing' // there is no such device
  | 'busy' // another program has it, or it does not start
  | 'lost' // it was there, and is gone
  | 'failed'; // anything else

export type Captured = {
  readonly video: MediaStreamTrack | null;
  readonly audio: MediaStreamTrack | null;
};
export type CaptureResult =
  | { readonly ok: true; readonly tracks: Captured }
  | { readonly ok: false; readonly trouble: CaptureTrouble };

/** The part of `navigator.mediaDevices` that is used. */
export type MediaSource = Pick<MediaDevices, 'getUserMedia'> & {
  getDisplayMedia?: (options: DisplayOptions) => Promise<MediaStream>;
};

/** What Chromium takes beside the standard's. */
export type DisplayOptions = DisplayMediaStreamOptions & {
  readonly systemAudio?: 'include' | 'exclude';
  readonly selfBrowserSurface?: 'include' | 'exclude';
  readonly surfaceSwitching?: 'include' | 'exclude';
};

const TROUBLES: Readonly<Record<string, CaptureTrouble>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  PermissionDeniedError: 'denied',
  NotFoundError: 'missing',
  DevicesNotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  TrackStartError: 'busy',
  AbortError: 'busy',
};

/** A camera, a microphone, or both with one question to the person. */
export async function capture(
  source: MediaSource | undefined,
  constraints: MediaStreamConstraints,
): Promise<CaptureResult> {
  if (source === undefined) return { ok: false, trouble: 'failed' };
  try {
    return { ok: true, tracks: tracksOf(await source.getUserMedia(constraints)) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(error) };
  }
}

/** The screen, a window or a tab, as the person chooses in the browser's own window. */
export async function captureScreen(
  source: MediaSource | undefined,
  maxFps: number,
): Promise<CaptureResult> {
  if (source?.getDisplayMedia === undefined) return { ok: false, trouble: 'missing' };
  try {
    const stream = await source.getDisplayMedia({
      video: { frameRate: { ideal: maxFps } },
      // What is heard there is no voice: nothing is to be filtered out of it.
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      ...({
        systemAudio: 'include',
        selfBrowserSurface: 'exclude',
        surfaceSwitching: 'include',
      } as const),
    });
    return { ok: true, tracks: tracksOf(stream) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(error) };
  }
}

export function troubleOf(error: unknown): CaptureTrouble {
  const name = error instanceof Error ? error.name : '';
  return TROUBLES[name] ?? 'failed';
}

function tracksOf(stream: MediaStream): Captured {
  return { video: stream.getVideoTracks()[0] ?? null, audio: stream.getAudioTracks()[0] ?? null };
}
