import { useEffect, useRef, useState } from 'preact/hooks';
import { type Level, type Loudness, levelOf, Needle } from './level.ts';
import { listen } from './mixer.ts';

const WORDS: Readonly<Record<Loudness, string>> = {
  silent: 'nothing is heard',
  quiet: 'quiet: come closer, or turn the microphone up',
  good: 'good',
  'too-loud': 'too loud: turn the microphone down',
};
/** As often as eyes follow, and no more work than that. */
const LOOK_MS = 50;
/** Words that change with every syllable cannot be read. */
const WORDS_MS = 700;

/** How loud the guest is, as a bar and in words. */
export function LevelMeter({
  track,
  isMuted,
}: {
  readonly track: MediaStreamTrack | null;
  readonly isMuted: boolean;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const [level, setLevel] = useState<Level>(() => levelOf(Number.NEGATIVE_INFINITY));
  useEffect(() => {
    if (track === null) return undefined;
    const ear = listen(track);
    const needle = new Needle();
    let saidMs = 0;
    const look = () => {
      const nowMs = performance.now();
      const now = levelOf(needle.push(ear.peak(), nowMs));
      if (bar.current !== null) bar.current.style.width = `${now.share * 100}%`;
      if (nowMs - saidMs < WORDS_MS) return;
      saidMs = nowMs;
      setLevel(now);
    };
    const timer = window.setInterval(look, LOOK_MS);
    return () => {
      window.clearInterval(timer);
      ear.close();
    };
  }, [track]);
  const words = wordsOf(track, isMuted, level);
  return (
    <figcaption class="level">
      <span class="level-words">
        <span id="level-label">Your sound</span> <span class="soft">{words}</span>
      </span>
      <div
        class={`level-bar level-${isMuted ? 'silent' : level.loudness}`}
        role="meter"
        aria-labelledby="level-label"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(level.share * 100)}
        aria-valuetext={words}
      >
        <div ref={bar} />
      </div>
    </figcaption>
  );
}

function wordsOf(track: MediaStreamTrack | null, isMuted: boolean, level: Level): string {
  if (track === null) return 'there is none';
  return isMuted ? 'muted' : WORDS[level.loudness];
}
