/**
 * What may be wrong with what a publisher sends: literal words, the same in the log and in the API.
 * docs/reference/reasons.md explains each; a test keeps the two in step.
 */
export type FindingCode =
  | 'b-frames' // pictures are sent in another order than they are shown
  | 'reordering' // the encoder announces that they may be, and has not done it
  | 'keyframe-interval' // more than 2 s between keyframes, from an encoder that cannot be asked for one
  | 'variable-frame-rate' // the time between pictures changes
  | 'bitrate-above' // the picture takes far more than the encoder says
  | 'bitrate-below' // far less
  | 'filler' // padding to a constant bit rate
  | 'no-video' // no picture for 5 s
  | 'no-audio' // no sound for 5 s
  | 'silent-audio' // sound that is nothing but silence
  | 'mono' // one channel
  | 'sample-rate' // not 48 kHz: resampled
  | 'audio-codec' // the sound cannot be turned into Opus
  | 'timestamps' // they jump, or go back
  | 'clock-drift' // the encoder's clock and ours part
  | 'packet-loss' // packets are lost on the way in
  | 'jitter'; // packets come unevenly

/** A problem hurts viewers; an information explains what they get. */
export type Severity = 'problem' | 'information';

const INFORMATION: ReadonlySet<FindingCode> = new Set([
  'bitrate-below',
  'filler',
  'mono',
  'sample-rate',
]);

/** How much a finding matters. */
export function severityOf(code: FindingCode): Severity {
  return INFORMATION.has(code) ? 'information' : 'problem';
}
