/** Testing and being live: the sources, on their way by WHIP, with all that keeps the device awake meanwhile. */
import { batch, effect, signal } from '@preact/signals';
import type { PublishStats } from '../../../parts/publish-stats.ts';
import { WhipClient, type WhipState } from '../../../parts/whip-client.ts';
import type { Abilities } from './abilities.ts';
import { INITIAL, type Quality, sendingOf } from './quality.ts';
import type { Sources } from './sources.ts';

export type Mode = 'off' | 'test' | 'live';

/** The server ends a test then; the page says so before it does. */
const TEST_MS_MAX = 10 * 60_000 - 5_000;
/** Out of sight for less than that nothing stands still for long. */
const AWAY_MS_MIN = 3_000;
/** A camera that sends no picture for so long does not send one any more. */
const STILL_TICKS = 4;
/** A connection finds out for some seconds what it carries; what still holds the picture back then is worth a word. */
const LIMITED_TICKS = 10;

export class Broadcast {
  readonly mode = signal<Mode>('off');
  readonly state = signal<WhipState>({ phase: 'idle' });
  readonly stats = signal<PublishStats | undefined>(undefined);
  readonly quality = signal<Quality>(INITIAL);
  /** Why it ended by itself, in a sentence. */
  readonly ended = signal<string | undefined>(undefined);
  /** There should be a picture, and none goes out: the device sleeps, or another program has the camera. */
  readonly isStill = signal(false);
  /** What holds the picture back for long. */
  readonly limit = signal<PublishStats['limitedBy']>('nothing');
  readonly #sources: Sources;
  readonly #client: WhipClient;
  #timer: number | undefined;
  #wakeLock: WakeLockSentinel | undefined;
  #stillTicks = 0;
  #limitedTicks = 0;
  /** A picture went out since the start. */
  #hasSent = false;
  /** Firefox offers H.264 before it has fetched what encodes it: then nothing goes out, and nobody says why. */
  #avoidsH264 = false;
  #stream = '';
  #awaySinceMs: number | undefined;
  /** Phones stop the camera of a page that nobody sees; computers do not. */
  readonly #stopsOutOfSight: boolean;

  constructor(sources: Sources, { platform }: Pick<Abilities, 'platform'>) {
    this.#sources = sources;
    this.#stopsOutOfSight = platform === 'ios' || platform === 'android';
    this.#client = new WhipClient(
      this.#sending(),
      { state: (state) => this.#onState(state), stats: (stats) => this.#onStats(stats) },
      { ...browserEnvironment, videoCodecs: () => this.#codecs() },
    );
    effect(() => this.#client.replace('video', sources.video.value));
    effect(() => this.#client.replace('audio', sources.audio.value));
    effect(() => {
      // The screen wants another treatment than a face.
      void sources.picture.value;
      this.#client.adjust(this.#sending());
    });
  }

  /** @param stream where to; @param takesOver puts out whoever is live there */
  go(mode: Exclude<Mode, 'off'>, stream: string, takesOver: boolean): void {
    batch(() => {
      this.mode.value = mode;
      this.ended.value = undefined;
      this.stats.value = undefined;
      this.isStill.value = false;
      this.limit.value = 'nothing';
    });
    this.#stillTicks = 0;
    this.#limitedTicks = 0;
    this.#hasSent = false;
    this.#stream = stream;
    window.clearTimeout(this.#timer);
    if (mode === 'test') this.#timer = window.setTimeout(() => this.#endTest(), TEST_MS_MAX);
    void this.#keepAwake();
    const endpoint = `${location.origin}/${stream}/whip`;
    this.#client.adjust(this.#sending());
    const { video, audio } = this.#sources;
    this.#client.start({ endpoint, takesOver }, { video: video.peek(), audio: audio.peek() });
  }

  stop(reason?: string): void {
    window.clearTimeout(this.#timer);
    this.#client.stop();
    void this.#wakeLock?.release();
    this.#wakeLock = undefined;
    batch(() => {
      this.mode.value = 'off';
      this.ended.value = reason;
      this.stats.value = undefined;
      this.state.value = { phase: 'idle' };
    });
  }

  setQuality(quality: Quality): void {
    this.quality.value = quality;
    void this.#sources.setQuality(quality);
    this.#client.adjust(this.#sending());
  }

  /** What the page hears of the device that it runs on. */
  watchDevice(): void {
    addEventListener('online', () => this.#client.hint('online'));
    addEventListener('offline', () => this.#client.hint('offline'));
    // Also where the page only goes to the cache: nobody looks after it there.
    addEventListener('pagehide', () => this.stop('You left this page, which ended your picture.'));
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#onReturn();
      else this.#awaySinceMs = performance.now();
    });
  }

  /** The page is in front again. */
  #onReturn(): void {
    const awayMs = performance.now() - (this.#awaySinceMs ?? performance.now());
    this.#client.hint('visible');
    if (this.mode.peek() === 'off') return;
    // The system takes the lock whenever the page is out of sight.
    void this.#keepAwake();
    if (!this.#stopsOutOfSight || awayMs < AWAY_MS_MIN) return;
    this.#sources.note.value =
      'While your phone was locked or this page was not in front, your picture stood still. Keep the page in front, and the screen on.';
  }

  #endTest(): void {
    this.stop('The test ended: it takes ten minutes at most. Start another whenever you like.');
  }

  #onState(state: WhipState): void {
    this.state.value = state;
    if (state.phase === 'refused') {
      window.clearTimeout(this.#timer);
      void this.#wakeLock?.release();
      this.#wakeLock = undefined;
    }
  }

  #onStats(stats: PublishStats): void {
    const isDue = this.#sources.video.peek() !== null && this.state.peek().phase === 'live';
    this.#stillTicks = isDue && (stats.fps ?? 0) === 0 ? this.#stillTicks + 1 : 0;
    this.#hasSent ||= (stats.fps ?? 0) > 0;
    if (this.#stillTicks >= STILL_TICKS && this.#mayBeH264(stats)) {
      this.#goWithoutH264();
      return;
    }
    const { limitedBy } = stats;
    this.#limitedTicks = limitedBy === 'nothing' ? 0 : this.#limitedTicks + 1;
    batch(() => {
      this.stats.value = stats;
      this.isStill.value = this.#stillTicks >= STILL_TICKS;
      this.limit.value = this.#limitedTicks >= LIMITED_TICKS ? limitedBy : 'nothing';
    });
  }

  #mayBeH264({ videoCodec }: PublishStats): boolean {
    return !this.#hasSent && !this.#avoidsH264 && videoCodec === 'H264';
  }

  #goWithoutH264(): void {
    const mode = this.mode.peek();
    if (mode === 'off') return;
    this.#avoidsH264 = true;
    this.#sources.note.value =
      'This browser’s H.264 does not start, so your picture goes as VP8. Every viewer sees it; it costs this device more work.';
    this.go(mode, this.#stream, false);
  }

  #codecs(): readonly RTCRtpCodec[] | undefined {
    const all = globalThis.RTCRtpSender?.getCapabilities('video')?.codecs;
    return this.#avoidsH264 ? all?.filter(({ mimeType }) => !/\/h264$/i.test(mimeType)) : all;
  }

  #sending() {
    return sendingOf(this.quality.peek(), this.#sources.picture.peek() === 'screen');
  }

  async #keepAwake(): Promise<void> {
    try {
      const lock = await navigator.wakeLock?.request('screen');
      if (this.mode.peek() === 'off') await lock?.release();
      else this.#wakeLock = lock;
    } catch {
      // Low on battery, or out of sight: the person has to keep the screen on.
    }
  }
}

const browserEnvironment = {
  createPeer: () => new RTCPeerConnection(),
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  nowMs: () => performance.now(),
  setTimer: (callback: () => void, delayMs: number) => window.setTimeout(callback, delayMs),
  clearTimer: (timer: number) => window.clearTimeout(timer),
  random: () => Math.random(),
};
