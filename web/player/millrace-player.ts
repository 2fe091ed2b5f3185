import type { PlaybackStats } from '../parts/playback-stats.ts';
import { type ClientEnvironment, WhepClient, type WhepState } from '../parts/whep-client.ts';
import {
  cardOf,
  goneFor,
  type Hold,
  isPlaying,
  type PlayerState,
  playerState,
  troubleOf,
} from './cards.ts';
import { commandOf, type KeyCommand, type KeyPress } from './keys.ts';
import { endpointOf, parseSwitch, parseTransport, parseVolume } from './options.ts';
import { Playback } from './playback.ts';
import { Screen } from './screen.ts';
import type { PlayerStats } from './stats-text.ts';
import { takeStill } from './still.ts';
import { PlayerView, type ViewAction } from './view.ts';

const VOLUME_STEP = 0.05;
const SECOND_MS = 1000;

/**
 * `<millrace-player src="/app/stream">`: plays one stream, and keeps playing it. Attributes, properties and events are
 * described in docs/reference/player.md.
 */
export class MillracePlayer extends HTMLElement {
  static readonly observedAttributes = [
    'src',
    'transport',
    'muted',
    'volume',
    'controls',
    'cards',
    'stats',
    'poster',
    'label',
  ];
  /** The address that a relative `src` is relative to. */
  static scriptUrl = '';

  readonly #view: PlayerView;
  readonly #playback: Playback;
  readonly #screen: Screen;
  #client: WhepClient | undefined;
  #whep: WhepState = { phase: 'idle' };
  #state: PlayerState = 'idle';
  #paused = false;
  #statsShown = false;
  #stats: PlayerStats | undefined;
  #delayMs: number | null = null;
  /** Runs while there is a number of seconds to show. */
  #counting: number | undefined;
  /** Ends all listeners outside of our own tree. */
  #connected: AbortController | undefined;

  constructor() {
    super();
    this.#view = new PlayerView(this.attachShadow({ mode: 'open' }), {
      action: (action) => this.#act(action),
      volume: (volume) => this.#setVolume(volume),
    });
    const { video } = this.#view;
    this.#screen = new Screen(this, video);
    this.#playback = new Playback(video, {
      picture: (delayMs) => {
        this.#delayMs = delayMs;
        this.#client?.hint('picture');
      },
      change: () => this.#onSoundChange(),
    });
    for (const type of ['enterpictureinpicture', 'leavepictureinpicture']) {
      video.addEventListener(type, () => this.#render());
    }
    video.addEventListener('click', () => this.#onPictureClick());
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** What the player does at present. */
  get state(): PlayerState {
    return this.#state;
  }

  /** Once a second while connected; undefined before. */
  get stats(): PlayerStats | undefined {
    return this.#stats;
  }

  get src(): string {
    return this.getAttribute('src') ?? '';
  }

  set src(src: string) {
    this.setAttribute('src', src);
  }

  get muted(): boolean {
    return this.#playback.muted;
  }

  set muted(muted: boolean) {
    this.#playback.muted = muted;
  }

  /** 0 to 1. */
  get volume(): number {
    return this.#playback.volume;
  }

  set volume(volume: number) {
    this.#playback.volume = volume;
  }

  /** Connects, or goes on after a pause, always at the live picture. */
  play(): void {
    this.#paused = false;
    this.#open();
  }

  /** Ends the session, which costs the server nothing then, and leaves the last frame in view. */
  pause(): void {
    if (this.#client === undefined || this.#paused) return;
    this.#keepStill();
    this.#paused = true;
    this.#close();
  }

  /** Ends the session and forgets the picture. */
  stop(): void {
    this.#paused = false;
    this.#close();
    this.#view.still.hidden = true;
    this.#onState({ phase: 'ended', reason: 'stopped' });
  }

  toggleFullScreen(): void {
    void this.#screen.toggleFullScreen().catch(() => this.#render());
  }

  togglePictureInPicture(): void {
    void this.#screen.togglePip().catch(() => this.#render());
  }

  toggleStats(): void {
    this.#statsShown = !this.#statsShown;
    this.#render();
  }

  /** Does what a key is for, as if it had been pressed in the player. False: the key is not one of ours. */
  press(key: KeyPress, onWidget = false): boolean {
    const command = parseSwitch(this.getAttribute('hotkeys'), true)
      ? commandOf(key, onWidget)
      : undefined;
    if (command === undefined) return false;
    this.#view.wake();
    this.#command(command);
    return true;
  }

  connectedCallback(): void {
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    this.#view.offer({ pip: this.#screen.canPip, fullScreen: this.#screen.canFullScreen });
    document.addEventListener('fullscreenchange', () => this.#render(), { signal });
    document.addEventListener('visibilitychange', () => this.#onVisibility(), { signal });
    window.addEventListener('online', () => this.#client?.hint('online'), { signal });
    window.addEventListener('offline', () => this.#client?.hint('offline'), { signal });
    // A page that goes away, or into the back/forward cache, gives its session back.
    window.addEventListener('pagehide', () => this.#client?.stop(), { signal });
    window.addEventListener('pageshow', (event) => event.persisted && this.#reopen(), { signal });
    this.#view.wake();
    if (parseSwitch(this.getAttribute('autoplay'), true)) this.#open();
    else this.#render();
  }

  disconnectedCallback(): void {
    this.#connected?.abort();
    this.#count(false);
    this.#close();
    this.#screen.keepAwake(false);
  }

  attributeChangedCallback(name: string, old: string | null, now: string | null): void {
    if (old === now) return;
    if (name === 'muted') this.#playback.muted = parseSwitch(now, false);
    if (name === 'volume') this.#playback.volume = parseVolume(now);
    if (name === 'stats') this.#statsShown = parseSwitch(now, false);
    if (name === 'poster') this.#view.poster.src = now ?? '';
    if (name === 'src') this.#view.still.hidden = true;
    if (name === 'src' || name === 'transport') this.#reopen();
    this.#render();
  }

  /** A new address or a new transport is a new session; a player that does not play stays as it is. */
  #reopen(): void {
    if (this.#client !== undefined) this.#open();
  }

  #open(): void {
    this.#close();
    const endpoint = endpointOf(this.src, MillracePlayer.scriptUrl);
    if (endpoint === undefined) {
      const detail = 'The player has no address: its src is missing or wrong.';
      this.#onState({ phase: 'error', reason: 'not-found', detail });
      return;
    }
    const transport = parseTransport(this.getAttribute('transport'));
    const client: WhepClient = new WhepClient(
      { endpoint, transport },
      {
        state: (state) => client === this.#client && this.#onState(state),
        tracks: (tracks) => client === this.#client && this.#onTracks(tracks),
        stats: (stats) => client === this.#client && this.#onStats(stats),
      },
      browserEnvironment,
    );
    this.#client = client;
    client.start();
  }

  #close(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.stop();
    this.#playback.stop();
    this.#stats = undefined;
    this.#render();
  }

  #onState(state: WhepState): void {
    if (state.phase === 'reconnecting' || state.phase === 'waiting') this.#keepStill();
    this.#whep = state;
    this.#count(state.phase === 'reconnecting');
    if (state.phase === 'live') this.#view.still.hidden = true;
    if (state.phase === 'error')
      this.#tell('error', { reason: state.reason, detail: state.detail });
    this.#render();
  }

  #count(isCounting: boolean): void {
    if (isCounting) this.#counting ??= window.setInterval(() => this.#render(), SECOND_MS);
    else {
      window.clearInterval(this.#counting);
      this.#counting = undefined;
    }
  }

  #onTracks(tracks: readonly MediaStreamTrack[]): void {
    this.#keepStill();
    this.#playback.play(tracks);
  }

  #onStats(stats: PlaybackStats): void {
    this.#playback.onWayMs = (stats.rttMs ?? 0) / 2;
    this.#stats = { ...stats, delayMs: this.#delayMs };
    this.#tell('stats', this.#stats);
    this.#render();
  }

  #onSoundChange(): void {
    this.#tell('volumechange', { muted: this.muted, volume: this.volume });
    this.#render();
  }

  #onVisibility(): void {
    if (document.visibilityState !== 'visible') return;
    this.#playback.resume();
    this.#client?.hint('visible');
    this.#render();
  }

  /** Without sound, a click anywhere brings it; and whatever was blocked is allowed now. */
  #onPictureClick(): void {
    if (this.#playback.autoMuted) this.#act('unmute');
    this.#playback.resume();
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.composedPath()[0];
    const onWidget = target instanceof HTMLButtonElement || target instanceof HTMLInputElement;
    if (this.press(event, onWidget)) event.preventDefault();
  }

  #command(command: KeyCommand): void {
    if (command === 'louder') this.#setVolume(this.#heardVolume + VOLUME_STEP);
    else if (command === 'softer') this.#setVolume(this.#heardVolume - VOLUME_STEP);
    else this.#act(command);
  }

  /** From silence, louder begins at the bottom: never suddenly at the old volume. */
  get #heardVolume(): number {
    return this.muted ? 0 : this.volume;
  }

  #setVolume(volume: number): void {
    this.#playback.muted = volume <= 0;
    if (volume > 0) this.#playback.volume = volume;
  }

  #act(action: ViewAction): void {
    const actions: Readonly<Record<ViewAction, () => void>> = {
      play: () => this.#playOrResume(),
      'toggle-play': () => {
        if (isPlaying(this.#state) || this.#whepIsBusy()) this.pause();
        else this.#playOrResume();
      },
      unmute: () => {
        this.muted = false;
      },
      'toggle-mute': () => {
        this.muted = !this.muted;
      },
      'toggle-stats': () => this.toggleStats(),
      'toggle-pip': () => this.togglePictureInPicture(),
      'toggle-full-screen': () => this.toggleFullScreen(),
    };
    actions[action]();
  }

  #playOrResume(): void {
    if (this.#playback.blocked && !this.#paused) this.#playback.resume();
    else this.play();
  }

  #whepIsBusy(): boolean {
    return ['connecting', 'waiting', 'reconnecting'].includes(this.#state);
  }

  #keepStill(): void {
    const { video, still } = this.#view;
    if (isPlaying(this.#state) && takeStill(video, still)) still.hidden = false;
  }

  /** Sound alone is only what is left when a second of playing had no picture. */
  get #hasPicture(): boolean | undefined {
    if (this.#view.video.videoWidth > 0) return true;
    return this.#stats === undefined || this.#stats.audioBitrateBps === 0 ? undefined : false;
  }

  get #hold(): Hold {
    if (this.#paused) return 'paused';
    return this.#playback.blocked ? 'blocked' : 'none';
  }

  #render(): void {
    const hold = this.#hold;
    const { autoMuted } = this.#playback;
    const state = playerState(this.#whep, hold, autoMuted);
    const card = cardOf(this.#whep, hold, this.#hasPicture);
    const { poster } = this.#view;
    poster.show(card !== undefined && this.#view.still.hidden === true);
    this.#view.render({
      state,
      card,
      gone: goneFor(this.#whep, performance.now()),
      isPlaying: isPlaying(state),
      autoMuted,
      label: this.getAttribute('label') ?? '',
      trouble: troubleOf(this.#whep),
      muted: this.muted,
      volume: this.volume,
      showsControls: parseSwitch(this.getAttribute('controls'), true),
      showsCards: parseSwitch(this.getAttribute('cards'), true),
      showsStats: this.#statsShown,
      isFullScreen: this.#screen.isFullScreen,
      isPip: this.#screen.isPip,
      stats: this.#stats,
    });
    this.#screen.keepAwake(isPlaying(state));
    if (state === this.#state) return;
    const previous = this.#state;
    this.#state = state;
    const reason = 'reason' in this.#whep ? this.#whep.reason : undefined;
    this.#tell('statechange', { state, previous, reason });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const browserEnvironment: ClientEnvironment = {
  createPeer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
  fetch: (url, init) => fetch(url, init),
  nowMs: () => performance.now(),
  setTimer: (callback, delayMs) => window.setTimeout(callback, delayMs),
  clearTimer: (timer) => window.clearTimeout(timer),
  random: () => Math.random(),
};
