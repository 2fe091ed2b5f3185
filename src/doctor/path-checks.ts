/** What is to be said of the way from the publisher to the server where no finding speaks. */
import type { Check } from '../api/health.ts';
import { advised, item, percent, type Subject } from './subject.ts';

/** Talking across it is felt. */
const ROUND_TRIP_MS_MAX = 300;
/** A browser buffers about that much on a good path. */
const JITTER_MS_MAX = 30;
/** Over TCP, encoders interleave and hold back: more than this is the network's doing. */
const TCP_JITTER_MS_MAX = 120;
/** What repair hides well. */
const REPAIRED_SHARE_MAX = 0.02;
/** A crystal's own error, and what measuring adds. */
const DRIFT_PPM_GOOD = 200;

const PROTOCOLS = { rtmp: 'RTMP', whip: 'WHIP', demo: 'the built-in clip' } as const;

export function checkConnection({ facts }: Subject): Check {
  const { client, protocol, transport } = facts;
  if (protocol === 'demo') return item('connection', 'good', 'The built-in clip');
  const version = client.version === null ? '' : ` ${client.version}`;
  const program = client.kind === 'other' ? 'An unknown program' : `${client.name}${version}`;
  return item(
    'connection',
    'good',
    `${program} by ${PROTOCOLS[protocol]}, over ${transport.toUpperCase()}`,
  );
}

export function checkLoss(subject: Subject): Check {
  const { transport, loss, repaired } = subject.facts;
  if (loss > 0 || (repaired ?? 0) > REPAIRED_SHARE_MAX) {
    return advised(subject, 'loss', {
      state: 'warning',
      advice: 'loss',
      sentence: `On the way here ${percent(loss)} is lost, and ${percent(repaired ?? 0)} sent again.`,
    });
  }
  return item(
    'loss',
    'good',
    transport === 'tcp' ? 'Nothing lost: it comes over TCP' : 'Nothing lost',
  );
}

export function checkJitter(subject: Subject): Check {
  const { jitterMs, transport } = subject.facts;
  if (jitterMs === null) return item('jitter', 'unknown', 'Not measured.');
  const max = transport === 'tcp' ? TCP_JITTER_MS_MAX : JITTER_MS_MAX;
  if (jitterMs > max) {
    return advised(subject, 'jitter', {
      state: 'warning',
      advice: 'uneven-path',
      sentence: `It comes in unevenly: ${Math.round(jitterMs)} ms early or late.`,
    });
  }
  return item('jitter', 'good', `Comes in evenly: ${Math.round(jitterMs)} ms early or late`);
}

export function checkRoundTrip(subject: Subject): Check {
  const { rttMs } = subject.facts;
  if (rttMs === null) return item('round-trip', 'unknown', 'Not measured.');
  const sentence = `${rttMs < 1 ? 'Less than 1' : Math.round(rttMs)} ms to the server and back`;
  if (rttMs > ROUND_TRIP_MS_MAX) {
    return advised(subject, 'round-trip', {
      state: 'warning',
      advice: 'far',
      sentence: `It takes ${sentence}.`,
    });
  }
  return item('round-trip', 'good', sentence);
}

export function checkClock(subject: Subject): Check {
  const { clockDriftPpm } = subject.facts;
  if (clockDriftPpm === null) {
    return item('clock', 'unknown', 'Being measured, which takes three minutes.');
  }
  if (Math.abs(clockDriftPpm) > DRIFT_PPM_GOOD) {
    return advised(subject, 'clock', {
      state: 'warning',
      advice: 'clock',
      sentence: `The encoder's clock runs ${percent(Math.abs(clockDriftPpm) / 1e6)} ${clockDriftPpm < 0 ? 'slow' : 'fast'}.`,
    });
  }
  return item('clock', 'good', "The encoder's clock is right");
}
