/** What is to be said of the sound where no finding speaks. */
import type { Check } from '../api/health.ts';
import { advised, bitrate, decibels, item, type Subject } from './subject.ts';

/** Nothing but the noise of the wire, in dB of full scale. */
const SILENT_DB = -70;
/** Speech at its loudest lies 20 dB above it. */
const QUIET_DB = -45;
/** As a mean, so near to full scale that its peaks are beyond. */
const LOUD_DB = -4;
/** A single click is nobody's fault. */
const CLIPPED_SHARE_MAX = 0.02;
/** Below it, AAC in stereo is heard to suffer. */
const AAC_BPS_MIN = 64_000;

const NO_SOUND = 'No sound so far.';

export function checkSound({ facts: { audio } }: Subject): Check {
  if (audio === null) return item('sound', 'unknown', NO_SOUND);
  const codec = audio.profile ?? (audio.sourceCodec === 'opus' ? 'Opus' : audio.sourceCodec);
  return item('sound', 'good', `${codec}, ${audio.sampleRate / 1000} kHz`);
}

export function checkAudioLevel(subject: Subject): Check {
  const { audio } = subject.facts;
  if (audio === null) return item('audio-level', 'unknown', NO_SOUND);
  const { levelDb, loudestDb } = audio;
  if (levelDb === null || loudestDb === null) {
    return item(
      'audio-level',
      'unknown',
      'Sound comes in and is not silent; how loud it is, this program does not tell.',
    );
  }
  const sentence = `Level ${decibels(levelDb)}, at its loudest ${decibels(loudestDb)}`;
  if (loudestDb <= SILENT_DB) {
    return advised(subject, 'audio-level', {
      state: 'problem',
      advice: 'silence',
      sentence: 'The sound is silent.',
    });
  }
  if (loudestDb < QUIET_DB) {
    return advised(subject, 'audio-level', {
      state: 'warning',
      advice: 'quiet',
      sentence: `Very quiet: at its loudest ${decibels(loudestDb)}.`,
    });
  }
  if (loudestDb > LOUD_DB || (audio.clippedShare ?? 0) > CLIPPED_SHARE_MAX) {
    return advised(subject, 'audio-level', {
      state: 'warning',
      advice: 'loud',
      sentence: 'Too loud: it is distorted.',
    });
  }
  return item('audio-level', 'good', sentence);
}

export function checkStereo(subject: Subject): Check {
  const { audio } = subject.facts;
  if (audio === null) return item('stereo', 'unknown', NO_SOUND);
  if (audio.stereo === null) return item('stereo', 'unknown', 'Being measured.');
  if (audio.stereo) return item('stereo', 'good', 'Stereo');
  return advised(subject, 'stereo', {
    state: 'warning',
    advice: 'mono',
    sentence: 'Mono: the same on both sides.',
  });
}

export function checkAudioBitrate(subject: Subject): Check {
  const { audio } = subject.facts;
  if (audio === null) return item('audio-bitrate', 'unknown', NO_SOUND);
  const { incomingBps } = audio;
  if (incomingBps === 0) return item('audio-bitrate', 'unknown', 'Being measured.');
  // AAC saves on silence; and what Opus takes says little of how it sounds.
  const isAudible = (audio.loudestDb ?? 0) > QUIET_DB;
  const isThin = audio.sourceCodec === 'aac' && incomingBps < AAC_BPS_MIN;
  if (isThin && isAudible && audio.profile === 'AAC-LC' && audio.stereo === true) {
    return advised(subject, 'audio-bitrate', {
      state: 'warning',
      advice: 'thin-audio',
      sentence: `${bitrate(incomingBps)} are little for sound in stereo.`,
    });
  }
  return item('audio-bitrate', 'good', bitrate(incomingBps));
}
