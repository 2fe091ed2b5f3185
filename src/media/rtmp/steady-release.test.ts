import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteadyRelease } from './steady-release.ts';

type Input = {
  readonly kind: 'audio' | 'video';
  readonly timeMs: number;
  readonly readyMs: number;
};
type Sent = { readonly kind: 'audio' | 'video'; readonly timeMs: number; readonly sentMs: number };

/** Feeds sound and pictures as they become ready, in virtual time, and notes when they leave. */
function run(inputs: readonly Input[]): Sent[] {
  const release = new SteadyRelease();
  const sent: Sent[] = [];
  for (const { kind, timeMs, readyMs } of inputs.toSorted((a, b) => a.readyMs - b.readyMs)) {
    for (;;) {
      const deadlineMs = release.deadlineMs;
      if (deadlineMs === undefined || deadlineMs > readyMs) break;
      release.advance(deadlineMs);
    }
    const send = (sentMs: number) => sent.push({ kind, timeMs, sentMs });
    if (kind === 'audio') release.audio(timeMs, readyMs, send);
    else release.video(timeMs, 0, readyMs, send);
  }
  release.advance(Number.MAX_SAFE_INTEGER);
  return sent;
}

const pictures = Array.from({ length: 300 }, (_, i) => {
  const timeMs = (i * 100) / 3;
  return { kind: 'video', timeMs, readyMs: 1000 + timeMs + 5 } as const;
});
/** Opus out of AAC: ready 20 ms after its time, plus what the repacking makes of it, in turns. */
const sound = Array.from({ length: 500 }, (_, i) => {
  const timeMs = i * 20;
  return { kind: 'audio', timeMs, readyMs: 1000 + timeMs + 20 + (i % 4) * 5 } as const;
});

test('sound becomes steady, and pictures leave with it', () => {
  const sent = run([...pictures, ...sound]).filter(({ timeMs }) => timeMs > 2000);
  for (const { kind, timeMs, sentMs } of sent) {
    assert.ok(Math.abs(sentMs - timeMs - 1035) < 0.001, `${kind} of ${timeMs} left at ${sentMs}`);
  }
});

test('pictures without sound never wait', () => {
  for (const { timeMs, sentMs } of run(pictures)) assert.equal(sentMs, 1000 + timeMs + 5);
});

test('a stall of the transcoder costs pictures no more than the limit', () => {
  const stalled = sound.map((packet) => ({ ...packet, readyMs: packet.readyMs + 2000 }));
  for (const { kind, timeMs, sentMs } of run([...pictures, ...stalled])) {
    if (kind === 'video') assert.ok(sentMs - (1000 + timeMs + 5) <= 80.001);
  }
});

test('each kind keeps its order, whatever the estimate does', () => {
  const jumpy = sound.map((packet, i) => ({
    ...packet,
    readyMs: packet.readyMs + (i % 50 === 7 ? 70 : 0),
  }));
  const sent = run([...pictures, ...jumpy.toSorted((a, b) => a.timeMs - b.timeMs)]);
  const times = sent.filter(({ kind }) => kind === 'video').map(({ timeMs }) => timeMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

for (const millionths of [-100, 100]) {
  test(`a clock ${millionths} millionths off for ten minutes delays nothing, and parts nothing`, () => {
    // The encoder's clock is that of the time line; media come when it has really passed.
    const passedMs = (timeMs: number) => timeMs / (1 + millionths / 1e6);
    const minutes = 10 * 60_000;
    const inputs: Input[] = [];
    for (let i = 0; i * 20 < minutes; i++) {
      const timeMs = i * 20;
      inputs.push({ kind: 'audio', timeMs, readyMs: 1000 + passedMs(timeMs) + 20 + (i % 4) * 5 });
    }
    for (let i = 0; (i * 100) / 3 < minutes; i++) {
      const timeMs = (i * 100) / 3;
      inputs.push({ kind: 'video', timeMs, readyMs: 1000 + passedMs(timeMs) + 5 });
    }
    for (const { kind, timeMs, sentMs } of run(inputs)) {
      if (timeMs < 10_000 || timeMs > minutes - 1000) continue; // it learns; it is ended
      const delayMs = sentMs - 1000 - passedMs(timeMs);
      assert.ok(Math.abs(delayMs - 35) < 1, `${kind} of ${timeMs} left after ${delayMs} ms`);
    }
  });
}
