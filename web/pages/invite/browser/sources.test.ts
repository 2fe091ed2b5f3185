import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceMemory } from './devices.ts';
import { INITIAL } from './quality.ts';
import { Sources } from './sources.ts';

class FakeTrack {
  readonly kind: 'audio' | 'video';
  readonly label: string;
  readonly deviceId: string;
  enabled = true;
  stopped = false;
  contentHint = '';
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;

  constructor(kind: 'audio' | 'video', deviceId: string) {
    this.kind = kind;
    this.deviceId = deviceId;
    this.label = `label of ${deviceId}`;
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  async applyConstraints() {}

  stop() {
    this.stopped = true;
  }
}

type Wanted = { deviceId?: { exact?: string; ideal?: string } } | undefined;

/** A computer with devices that come and go. */
class FakeMedia {
  cameras = ['cam-1', 'cam-2'];
  microphones = ['mic-1', 'headset'];
  /** What the person or the system says no to. */
  refused: Readonly<Record<string, string>> = {};
  permission: PermissionState | undefined;
  screen: readonly FakeTrack[] | string = [];
  readonly given: FakeTrack[] = [];
  readonly asked: { video?: Wanted; audio?: Wanted }[] = [];
  ondevicechange: (() => void) | null = null;

  async getUserMedia(constraints: { video?: Wanted; audio?: Wanted }) {
    this.asked.push(constraints);
    const tracks: FakeTrack[] = [];
    for (const kind of ['video', 'audio'] as const) {
      const wanted = constraints[kind];
      if (wanted === undefined) continue;
      const list = kind === 'video' ? this.cameras : this.microphones;
      const { exact, ideal } = wanted.deviceId ?? {};
      const id = exact ?? list.find((one) => one === ideal) ?? list[0];
      const error = this.refused[kind] ?? (id && this.refused[id]);
      if (error) throw named(error);
      if (id === undefined) throw named('NotFoundError');
      if (!list.includes(id)) throw named('OverconstrainedError');
      tracks.push(new FakeTrack(kind, id));
    }
    this.given.push(...tracks);
    return streamOf(tracks);
  }

  async getDisplayMedia() {
    if (typeof this.screen === 'string') throw named(this.screen);
    return streamOf(this.screen);
  }

  async enumerateDevices() {
    return [
      ...this.cameras.map((deviceId) => ({ kind: 'videoinput', deviceId, label: deviceId })),
      ...this.microphones.map((deviceId) => ({ kind: 'audioinput', deviceId, label: deviceId })),
    ];
  }

  async unplug(id: string): Promise<void> {
    this.cameras = this.cameras.filter((one) => one !== id);
    this.microphones = this.microphones.filter((one) => one !== id);
    for (const track of this.given) {
      if (track.deviceId === id && !track.stopped) track.onended?.();
    }
    this.ondevicechange?.();
    await settle();
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

function streamOf(tracks: readonly FakeTrack[]) {
  return {
    getVideoTracks: () => tracks.filter(({ kind }) => kind === 'video'),
    getAudioTracks: () => tracks.filter(({ kind }) => kind === 'audio'),
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}

function start(remembered: Record<string, string> = {}) {
  const media = new FakeMedia();
  const kept = new Map(Object.entries(remembered));
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  const mixes: unknown[][] = [];
  const sources = new Sources(
    {
      media: media as never,
      memory: new DeviceMemory(storage),
      permission: async () => media.permission,
      mix: (tracks) => {
        mixes.push([...tracks]);
        return { track: { mixed: true } as never, close: () => mixes.push([]) };
      },
    },
    INITIAL,
  );
  const video = () => (sources.video.value as unknown as FakeTrack | null)?.deviceId;
  const audio = () => (sources.audio.value as unknown as FakeTrack | null)?.deviceId;
  return { media, kept, sources, mixes, video, audio };
}

test('camera and microphone come with one question, those that were used last', async () => {
  const { media, sources, video, audio } = start({
    'millrace-camera': 'cam-2',
    'millrace-microphone': 'headset',
  });
  await sources.begin();
  assert.equal(media.asked.length, 1);
  assert.deepEqual([video(), audio()], ['cam-2', 'headset']);
  assert.equal(sources.picture.value, 'camera');
  assert.deepEqual(sources.trouble.value, {});
});

test('without a camera there is sound all the same, and the reason', async () => {
  const { media, sources, video, audio } = start();
  media.cameras = [];
  await sources.begin();
  assert.deepEqual([video(), audio()], [undefined, 'mic-1']);
  assert.deepEqual(sources.trouble.value, { camera: 'missing' });
  media.cameras = ['cam-9'];
  media.ondevicechange?.();
  await settle();
  assert.equal(video(), 'cam-9', 'one that is plugged in later is taken');
});

test('what the person does not allow is told apart from what another program has', async () => {
  const { media, sources } = start();
  media.refused = { video: 'NotAllowedError', audio: 'NotReadableError' };
  await sources.begin();
  assert.deepEqual(sources.trouble.value, { camera: 'denied', microphone: 'busy' });
});

test('who closes the question is not asked the same again', async () => {
  const { media, sources } = start();
  media.refused = { video: 'NotAllowedError' };
  media.permission = 'prompt';
  await sources.begin();
  assert.equal(media.asked.length, 1);
  assert.deepEqual(sources.trouble.value, { camera: 'denied', microphone: 'denied' });
});

test('a choice is remembered, and the one before let go', async () => {
  const { media, kept, sources, video } = start();
  await sources.begin();
  await sources.pick('camera', 'cam-2');
  assert.equal(video(), 'cam-2');
  assert.equal(kept.get('millrace-camera'), 'cam-2');
  assert.ok(media.given.find(({ deviceId }) => deviceId === 'cam-1')?.stopped);
});

test('a headset that is unplugged is replaced, said, and taken back when it returns', async () => {
  const { media, sources, audio } = start();
  await sources.begin();
  await sources.pick('microphone', 'headset');
  await media.unplug('headset');
  assert.equal(audio(), 'mic-1');
  assert.match(sources.note.value ?? '', /label of headset is gone: label of mic-1/);
  media.microphones = ['mic-1', 'headset'];
  media.ondevicechange?.();
  await settle();
  assert.equal(audio(), 'headset');
  assert.match(sources.note.value ?? '', /is back/);
});

test('the only camera that is unplugged leaves the sound, and comes back by itself', async () => {
  const { media, sources, video, audio } = start();
  media.cameras = ['cam-1'];
  await sources.begin();
  await sources.pick('camera', 'cam-1');
  await media.unplug('cam-1');
  assert.deepEqual([video(), audio()], [undefined, 'mic-1']);
  assert.deepEqual(sources.trouble.value, { camera: 'lost' });
  assert.equal(sources.picture.value, 'none');
  media.cameras = ['cam-1'];
  media.ondevicechange?.();
  await settle();
  assert.equal(video(), 'cam-1');
  assert.deepEqual(sources.trouble.value, {});
});

test('the screen takes the camera’s place, with its sound, until its own bar ends it', async () => {
  const { media, sources, mixes, video } = start();
  await sources.begin();
  const [screen, heard] = [new FakeTrack('video', 'screen'), new FakeTrack('audio', 'heard')];
  media.screen = [screen, heard];
  await sources.shareScreen();
  assert.equal(video(), 'screen');
  assert.equal(screen.contentHint, 'detail');
  assert.equal(mixes[0]?.length, 2);
  assert.deepEqual(sources.audio.value as unknown, { mixed: true });
  assert.ok(sources.hasScreenSound.value);
  screen.onended?.();
  assert.equal(video(), 'cam-1');
  assert.ok(heard.stopped);
  assert.match(sources.note.value ?? '', /camera is the picture again/);
});

test('who closes the window of the screen stays with what there is', async () => {
  const { media, sources, video } = start();
  await sources.begin();
  media.screen = 'NotAllowedError';
  await sources.shareScreen();
  assert.equal(video(), 'cam-1');
  assert.deepEqual(sources.trouble.value, {});
});

test('a later wish wins, whichever the browser answers first', async () => {
  const { media, sources, video } = start();
  await sources.begin();
  const [first, second] = [sources.use('camera', 'cam-2'), sources.use('camera', 'cam-1')];
  await Promise.all([first, second]);
  assert.equal(video(), 'cam-1');
  const running = media.given.filter((track) => track.kind === 'video' && !track.stopped);
  assert.equal(running.length, 1);
});

test('muted stays muted with another microphone', async () => {
  const { sources } = start();
  await sources.begin();
  sources.mute(true);
  await sources.pick('microphone', 'headset');
  assert.equal(sources.audio.value?.enabled, false);
});

test('a device that the system holds back is said, until it is free again', async () => {
  const { media, sources } = start();
  await sources.begin();
  media.given[0]?.onmute?.();
  assert.match(sources.note.value ?? '', /holds your camera back/);
  media.given[0]?.onunmute?.();
  assert.equal(sources.note.value, undefined);
});

test('at the end every light goes out', async () => {
  const { media, sources } = start();
  await sources.begin();
  sources.stop();
  assert.ok(media.given.every(({ stopped }) => stopped));
  assert.equal(sources.video.value, null);
});
