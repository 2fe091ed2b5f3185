/** The doctor: from what is measured and found to a check-list that a streamer can act on. */
import type { Check, CheckCode, HealthFacts, Verdict } from '../api/health.ts';
import { foundItem } from './finding-items.ts';
import {
  checkClock,
  checkConnection,
  checkJitter,
  checkLoss,
  checkRoundTrip,
} from './path-checks.ts';
import {
  checkBFrames,
  checkFrameRate,
  checkKeyframes,
  checkPicture,
  checkResolution,
  checkVideoBitrate,
} from './picture-checks.ts';
import { checkAudioBitrate, checkAudioLevel, checkSound, checkStereo } from './sound-checks.ts';
import type { Subject, Wish } from './subject.ts';

/** Rates are known by then, and encoders have settled. */
const SETTLING_MS = 5000;

/** In the order in which people read them. */
const CHECKS: readonly (readonly [CheckCode, (subject: Subject) => Check])[] = [
  ['connection', checkConnection],
  ['picture', checkPicture],
  ['resolution', checkResolution],
  ['frame-rate', checkFrameRate],
  ['video-bitrate', checkVideoBitrate],
  ['keyframes', checkKeyframes],
  ['b-frames', checkBFrames],
  ['sound', checkSound],
  ['audio-level', checkAudioLevel],
  ['stereo', checkStereo],
  ['audio-bitrate', checkAudioBitrate],
  ['loss', checkLoss],
  ['jitter', checkJitter],
  ['round-trip', checkRoundTrip],
  ['clock', checkClock],
];

const WAITING: Verdict = { state: 'waiting', sentence: 'Nothing comes in yet.', checks: [] };

/**
 * @param facts of who publishes; null while nobody does
 * @param wish what was agreed on with him, if anything was
 * @param nowMs since the epoch, by the clock that `facts.since` is of
 */
export function verdictOf(
  facts: HealthFacts | null,
  wish: Wish | undefined,
  nowMs: number,
): Verdict {
  if (facts === null) return WAITING;
  const findings = new Set(
    facts.findings.filter(({ until }) => until === null).map(({ code }) => code),
  );
  const subject: Subject = { facts, wish, findings };
  const isYoung = nowMs - Date.parse(facts.since) < SETTLING_MS;
  const checks = CHECKS.map(([code, check]) => {
    const found = foundItem(subject, code) ?? check(subject);
    return isYoung ? softened(found) : found;
  });
  // Our own clip is not examined: what is not known of it will not be.
  const isOwn = facts.protocol === 'demo';
  const shown = isOwn ? checks.filter(({ state }) => state !== 'unknown') : checks;
  return { ...summaryOf(shown, isYoung), checks: shown };
}

/** What is seen in the first seconds may be the start alone. */
function softened(found: Check): Check {
  if (found.state !== 'warning') return found;
  return { ...found, state: 'unknown', sentence: 'Being measured.', remedy: null };
}

function summaryOf(
  checks: readonly Check[],
  isYoung: boolean,
): Pick<Verdict, 'state' | 'sentence'> {
  const problems = checks.filter(({ state }) => state === 'problem').length;
  const warnings = checks.filter(({ state }) => state === 'warning').length;
  if (problems > 0) {
    const things = problems === 1 ? 'One thing' : `${problems} things`;
    return { state: 'problem', sentence: `${things} to mend.` };
  }
  if (isYoung) return { state: 'measuring', sentence: 'Comes in. Being measured…' };
  if (warnings > 0) {
    const things = warnings === 1 ? 'one thing' : `${warnings} things`;
    return { state: 'warning', sentence: `It works; ${things} could be better.` };
  }
  return { state: 'good', sentence: 'Picture and sound are good.' };
}
