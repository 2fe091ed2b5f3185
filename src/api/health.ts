/** The JSON of `.../health`: what comes in from who publishes, as a check-list for people. */
import * as v from 'valibot';
import { type Shape, says, time } from './schema.ts';
import { publisherInfo } from './streams.ts';

/** docs/reference/health.md explains each; in the order in which people read them. */
export const checkCodes = [
  'connection',
  'picture',
  'resolution',
  'frame-rate',
  'video-bitrate',
  'keyframes',
  'b-frames',
  'sound',
  'audio-level',
  'stereo',
  'audio-bitrate',
  'loss',
  'jitter',
  'round-trip',
  'clock',
] as const;

export const check = v.object({
  code: v.picklist(checkCodes),
  state: says(
    v.picklist(['good', 'warning', 'problem', 'unknown']),
    'A problem hurts viewers; a warning could be better; unknown is not measured, or not yet.',
  ),
  sentence: says(v.string(), 'What was seen, with its value: `Keyframe every 1 s`.'),
  remedy: says(
    v.nullable(v.string()),
    "What to change, in the words of the publisher's program, a line for each way to do it; null where nothing.",
  ),
});

export const verdict = v.object({
  state: says(
    v.picklist(['waiting', 'measuring', 'good', 'warning', 'problem']),
    'The worst of the checks; `waiting` while nobody publishes, `measuring` in the first seconds.',
  ),
  sentence: v.string(),
  checks: says(
    v.array(check),
    'In the order in which people read them; empty while nobody publishes.',
  ),
});

/** What is measured, without what could end the session or tell where it comes from. */
export const healthFacts = v.omit(publisherInfo, ['session', 'address']);

export const health = v.object({
  stream: v.string(),
  measured: time,
  verdict,
  facts: says(v.nullable(healthFacts), 'Null while nobody publishes.'),
});

export type CheckCode = (typeof checkCodes)[number];
export type Check = Shape<typeof check>;
export type CheckState = Check['state'];
export type Verdict = Shape<typeof verdict>;
export type HealthFacts = Shape<typeof healthFacts>;
export type Health = Shape<typeof health>;
