/** One sound of two, and how loud a sound is: what the Web Audio API is needed for. */
import { peakDb } from './level.ts';

/** Samples that a look at the loudness takes in: 43 ms at 48 kHz. */
const WINDOW = 2048;

/** A microphone and what is heard of the screen, as one track. */
export function mix(tracks: readonly MediaStreamTrack[]): {
  readonly track: MediaStreamTrack;
  readonly close: () => void;
} {
  const context = new AudioContext();
  const target = context.createMediaStreamDestination();
  for (const track of tracks) {
    context.createMediaStreamSource(new MediaStream([track])).connect(target);
  }
  void context.resume();
  const [track] = target.stream.getAudioTracks();
  return { track: track as MediaStreamTrack, close: () => void context.close() };
}

/** Listens to a track without making it heard. */
export function listen(track: MediaStreamTrack): {
  /** The peak since the last look, in dB below full scale. */
  readonly peak: () => number;
  readonly close: () => void;
} {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = WINDOW;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(WINDOW);
  return {
    peak: () => {
      // Until somebody has clicked, some browsers do not let it run.
      if (context.state !== 'running') void context.resume();
      analyser.getFloatTimeDomainData(samples);
      return peakDb(samples);
    },
    close: () => void context.close(),
  };
}
