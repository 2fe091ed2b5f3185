/**
 * Where picture and sound come from: the camera, the screen, a microphone, and what is heard of the screen. Survives what people do to
 * them: a headset that is unplugged, a camera that another program takes, a screen whose sharing is ended by the browser's own bar.
 */
import { batch, signal } from '@preact/signals';
import {
  type Captured,
  type CaptureTrouble,
  capture,
  captureScreen,
  type MediaSource,
} from './capture.ts';
import { choose, type DeviceKind, type DeviceMemory, type Devices, devicesOf } from './devices.ts';
import { cameraConstraints, microphoneConstraints, type Quality } from './quality.ts';

export type Picture = 'camera' | 'screen' | 'none';
export type Trouble = Readonly<Partial<Record<DeviceKind | 'screen', CaptureTrouble>>>;

export type SourcesEnvironment = {
  readonly media:
    | (MediaSource & {
        enumerateDevices(): Promise<
          readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[]
        >;
        ondevicechange: unknown;
      })
    | undefined;
  readonly memory: DeviceMemory;
  /** Undefined where the browser does not say. */
  readonly permission: (kind: DeviceKind) => Promise<PermissionState | undefined>;
  /** One sound of two: a microphone, and what is heard of the screen. */
  readonly mix: (tracks: readonly MediaStreamTrack[]) => {
    readonly track: MediaStreamTrack;
    readonly close: () => void;
  };
};

const NOTHING: Captured = { video: null, audio: null };
const CONTENT_HINTS = { camera: 'motion', screen: 'detail', none: '' } as const;

export class Sources {
  /** What there is to choose from. */
  readonly devices = signal<Devices>({ camera: [], microphone: [] });
  readonly picture = signal<Picture>('none');
  /** The devices in use. */
  readonly used = signal<Readonly<Partial<Record<DeviceKind, string>>>>({});
  /** What is to be sent. */
  readonly video = signal<MediaStreamTrack | null>(null);
  readonly audio = signal<MediaStreamTrack | null>(null);
  readonly isMuted = signal(false);
  readonly trouble = signal<Trouble>({});
  /** What happened by itself, and what was done about it. */
  readonly note = signal<string | undefined>(undefined);
  /** Sound of the screen goes along. */
  readonly hasScreenSound = signal(false);
  readonly isBusy = signal(false);
  readonly #environment: SourcesEnvironment;
  #quality: Quality;
  #camera: MediaStreamTrack | null = null;
  #microphone: MediaStreamTrack | null = null;
  #screen: Captured = NOTHING;
  #mixed: { readonly track: MediaStreamTrack; readonly close: () => void } | undefined;
  /** Whether the camera was the picture before the screen was. */
  #cameraBefore = false;
  /** Only the last wish of each kind counts: an answer to an earlier one comes too late. */
  readonly #turns: Record<DeviceKind | 'screen', number> = { camera: 0, microphone: 0, screen: 0 };

  constructor(environment: SourcesEnvironment, quality: Quality) {
    this.#environment = environment;
    this.#quality = quality;
    const { media } = environment;
    if (media !== undefined) media.ondevicechange = () => void this.#onDevices();
  }

  /** Asks for camera and microphone, with one question where the browser can. */
  async begin(): Promise<void> {
    this.isBusy.value = true;
    this.trouble.value = {};
    const { media, memory } = this.#environment;
    // `ideal`: a device that is not there any more is no reason to have none.
    const both = await capture(media, {
      video: { ...cameraConstraints(this.#quality, undefined), ...last(memory, 'camera') },
      audio: { ...microphoneConstraints(this.#quality, undefined), ...last(memory, 'microphone') },
    });
    if (both.ok) {
      this.#take('camera', both.tracks.video);
      this.#take('microphone', both.tracks.audio);
    } else {
      for (const kind of ['camera', 'microphone'] as const)
        await this.#tryAlone(kind, both.trouble);
    }
    await this.#look();
    this.isBusy.value = false;
  }

  /** One of the two may be all right; but who has closed the question is not to be asked the same again. */
  async #tryAlone(kind: DeviceKind, ofBoth: CaptureTrouble): Promise<void> {
    const { memory, permission } = this.#environment;
    if (ofBoth === 'denied' && (await permission(kind)) === 'prompt') this.#say(kind, 'denied');
    else await this.use(kind, memory.last(kind));
  }

  /** This camera or microphone from now on, also while live. */
  async use(kind: DeviceKind, id: string | undefined): Promise<void> {
    const turn = ++this.#turns[kind];
    // Some systems give a device to one at a time: the old one goes first where it is the same.
    const constraints =
      kind === 'camera'
        ? { video: cameraConstraints(this.#quality, id) }
        : { audio: microphoneConstraints(this.#quality, id) };
    const result = await capture(this.#environment.media, constraints);
    const track = result.ok ? (result.tracks.video ?? result.tracks.audio) : null;
    if (turn !== this.#turns[kind]) {
      track?.stop();
      return;
    }
    if (!result.ok && result.trouble === 'missing' && id !== undefined) {
      await this.use(kind, undefined);
      return;
    }
    batch(() => {
      this.#say(kind, result.ok ? undefined : result.trouble);
      this.#take(kind, track);
    });
    await this.#look();
  }

  /** The choice of a person, which is remembered. */
  async pick(kind: DeviceKind, id: string): Promise<void> {
    this.#environment.memory.keep(kind, id);
    this.note.value = undefined;
    await this.use(kind, id);
  }

  /** No camera: sound alone, or the screen. */
  turnCameraOff(): void {
    this.#turns.camera += 1;
    stop(this.#camera);
    this.#camera = null;
    this.#send();
  }

  async shareScreen(): Promise<void> {
    const turn = ++this.#turns.screen;
    const result = await captureScreen(this.#environment.media, Number(this.#quality.rate));
    if (!result.ok) {
      // Who closes the window has changed their mind; that is no trouble.
      if (result.trouble !== 'denied') this.#say('screen', result.trouble);
      return;
    }
    if (turn !== this.#turns.screen) {
      stop(result.tracks.video, result.tracks.audio);
      return;
    }
    stop(this.#screen.video, this.#screen.audio);
    this.#cameraBefore ||= this.#camera !== null;
    this.#screen = result.tracks;
    this.#say('screen', undefined);
    this.note.value = undefined;
    onEnd(result.tracks.video, () => this.#onScreenEnded());
    this.#send();
  }

  stopScreen(): void {
    this.#turns.screen += 1;
    stop(this.#screen.video, this.#screen.audio);
    this.#screen = NOTHING;
    this.#send();
  }

  mute(isMuted: boolean): void {
    this.isMuted.value = isMuted;
    if (this.#microphone !== null) this.#microphone.enabled = !isMuted;
  }

  /** Size and rate at once; what changes the sound's treatment needs the microphone anew. */
  async setQuality(quality: Quality): Promise<void> {
    const before = this.#quality;
    this.#quality = quality;
    const camera = this.#camera;
    if (camera !== null) {
      const constraints = cameraConstraints(quality, undefined);
      await camera.applyConstraints(constraints).catch(() => undefined);
    }
    if (before.sound !== quality.sound && this.#microphone !== null) {
      await this.use('microphone', this.used.peek().microphone);
    }
  }

  /** Lets go of everything: the lights of the devices go out. */
  stop(): void {
    for (const kind of ['camera', 'microphone', 'screen'] as const) this.#turns[kind] += 1;
    stop(this.#camera, this.#microphone, this.#screen.video, this.#screen.audio);
    this.#camera = null;
    this.#microphone = null;
    this.#screen = NOTHING;
    this.#send();
  }

  #take(kind: DeviceKind, track: MediaStreamTrack | null): void {
    if (kind === 'camera') {
      stop(this.#camera);
      this.#camera = track;
    } else {
      stop(this.#microphone);
      this.#microphone = track;
      if (track !== null) {
        track.enabled = !this.isMuted.peek();
        track.contentHint = this.#quality.sound === 'music' ? 'music' : 'speech';
      }
    }
    this.used.value = { ...this.used.peek(), [kind]: track?.getSettings().deviceId };
    onEnd(track, () => void this.#onLost(kind, track));
    if (track !== null) this.#watchPause(kind, track);
    this.#send();
  }

  /** The system may take a device for a while: a phone call, a lock screen, a switch on the computer. */
  #watchPause(kind: DeviceKind, track: MediaStreamTrack): void {
    const note = `The system holds ${HELD[kind]} back. It goes on by itself when it is free again.`;
    track.onmute = () => {
      this.note.value = note;
    };
    track.onunmute = () => {
      if (this.note.peek() === note) this.note.value = undefined;
    };
  }

  /** Decides anew what goes out. */
  #send(): void {
    const { video: screen, audio: heard } = this.#screen;
    const picture: Picture = screen !== null ? 'screen' : this.#camera !== null ? 'camera' : 'none';
    const video = screen ?? this.#camera;
    if (video !== null) video.contentHint = CONTENT_HINTS[picture];
    const sounds = [this.#microphone, heard].filter((track) => track !== null);
    this.#mixed?.close();
    this.#mixed = sounds.length > 1 ? this.#environment.mix(sounds) : undefined;
    batch(() => {
      this.picture.value = picture;
      this.video.value = video;
      this.audio.value = this.#mixed?.track ?? sounds[0] ?? null;
      this.hasScreenSound.value = heard !== null;
    });
  }

  #onScreenEnded(): void {
    const camera = this.#cameraBefore && this.#camera !== null;
    this.stopScreen();
    this.note.value = camera
      ? 'The screen is no longer shown: your camera is the picture again.'
      : 'The screen is no longer shown, and there is no other picture.';
  }

  /** Unplugged, or taken away: another one takes its place, and the person is told. */
  async #onLost(kind: DeviceKind, track: MediaStreamTrack | null): Promise<void> {
    if (track === null || this.#trackOf(kind) !== track) return;
    const name = track.label || WORDS[kind];
    await this.#look();
    const gone = this.used.peek()[kind];
    const rest = this.devices.peek()[kind].filter(({ id }) => id !== gone && id !== 'default');
    const other = choose(rest, undefined);
    if (other !== undefined) await this.use(kind, other.id);
    const now = this.#trackOf(kind);
    if (other === undefined || now === null || now === track) {
      // The trouble itself says what to do.
      this.#say(kind, 'lost');
      this.#take(kind, null);
      this.note.value = undefined;
      return;
    }
    this.note.value = `${name} is gone: ${now.label || other.label} takes its place.`;
  }

  /** Something was plugged in or out. */
  async #onDevices(): Promise<void> {
    await this.#look();
    for (const kind of ['camera', 'microphone'] as const) await this.#comeBack(kind);
  }

  /** What was chosen and lost comes back by itself; where there was nothing, anything is better. */
  async #comeBack(kind: DeviceKind): Promise<void> {
    const there = this.devices.peek()[kind];
    const trouble = this.trouble.peek()[kind];
    const isLost = trouble === 'lost' || trouble === 'missing';
    const wanted = there.find(({ id }) => id === this.#environment.memory.last(kind));
    const used = this.used.peek()[kind];
    if (wanted !== undefined && (isLost || (used !== undefined && used !== wanted.id))) {
      await this.use(kind, wanted.id);
      const track = this.#trackOf(kind);
      if (track !== null) this.note.value = `${track.label || WORDS[kind]} is back, and in use.`;
    } else if (isLost && there.length > 0) {
      await this.use(kind, undefined);
    }
  }

  #trackOf(kind: DeviceKind): MediaStreamTrack | null {
    return kind === 'camera' ? this.#camera : this.#microphone;
  }

  async #look(): Promise<void> {
    const infos = (await this.#environment.media?.enumerateDevices().catch(() => [])) ?? [];
    this.devices.value = devicesOf(infos);
  }

  #say(kind: DeviceKind | 'screen', trouble: CaptureTrouble | undefined): void {
    const { [kind]: _, ...rest } = this.trouble.peek();
    this.trouble.value = trouble === undefined ? rest : { ...rest, [kind]: trouble };
  }
}

const WORDS: Readonly<Record<DeviceKind, string>> = {
  camera: 'Your camera',
  microphone: 'Your microphone',
};
const HELD: Readonly<Record<DeviceKind, string>> = {
  camera: 'your camera',
  microphone: 'your microphone',
};

function last(memory: DeviceMemory, kind: DeviceKind): MediaTrackConstraints {
  const id = memory.last(kind);
  return id === undefined ? {} : { deviceId: { ideal: id } };
}

function stop(...tracks: readonly (MediaStreamTrack | null)[]): void {
  for (const track of tracks) {
    if (track === null) continue;
    track.onended = null;
    track.onmute = null;
    track.onunmute = null;
    track.stop();
  }
}

/** `ended` is told of what ends by itself alone, not of what we stop. */
function onEnd(track: MediaStreamTrack | null, callback: () => void): void {
  if (track !== null) track.onended = callback;
}
