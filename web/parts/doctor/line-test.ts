/**
 * How much can this browser send? A picture that is hard to encode goes by WHIP to a name that nobody watches, with as much as the
 * browser's congestion control finds the line to carry, for some seconds; the server says what arrived.
 */
import type { HealthFacts } from '../../../src/api/health.ts';
import type { MeasuredLine } from '../../../src/doctor/line.ts';
import { type PublishSample, publishStats, readPublishing } from '../publish-stats.ts';
import type { PathState } from '../sdp-resource.ts';
import { type Sending, type WhipEnvironment, WhipSession } from '../whip-session.ts';

export type LineTestOptions = {
  /** Absolute URL of the WHIP endpoint of a test that nobody can watch. */
  readonly endpoint: string;
  /** What the server says of it; undefined where it could not be asked. */
  readonly facts: () => Promise<HealthFacts | null | undefined>;
};

export type LineTestEnvironment = WhipEnvironment & {
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** A picture of which no part is like the one before. */
  readonly createPicture: () => { readonly track: MediaStreamTrack; readonly stop: () => void };
};

export type LineTestResult =
  | { readonly kind: 'measured'; readonly line: MeasuredLine }
  /** In a sentence that says what to do. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'stopped' };

export type LineProgress = {
  /** From 0 to 1. */
  readonly share: number;
  /** What the line is known to carry so far. */
  readonly upBps: number | undefined;
};

/** Twice what the best picture takes: who has more need not know how much. 15 s of it are 23 MB. */
export const LINE_BPS_MAX = 12_000_000;
/** Congestion control looks from here for three and six times as much; a line that carries less is soon known to. */
const START_BPS = 2_000_000;
const MEASURE_MS_MAX = 11_500;
/** It looks again after five seconds where it found too little. */
const MEASURE_MS_MIN = 7_500;
const STEP_MS = 500;
/** Each of the ways gets so long to come up; together with the measurement, 15 s. */
const CONNECT_MS_MAX = 2_500;
const TRANSPORTS = ['udptcp', 'tcp'] as const;
/** Three seconds that agree so well are the answer. */
const SETTLED_STEPS = 6;
const SETTLED_SHARE = 0.08;
const FULL_SHARE = 0.97;
/** An encoder that cannot fill what there is leaves congestion control without a way to find more. */
const FILLED_SHARE_MIN = 0.7;
/** The last five seconds are judged, by what they reach for a third of the time. */
const JUDGED_STEPS = 10;
const FOUND_QUANTILE = 2 / 3;

const SENDING: Sending = {
  video: {
    maxBitrateBps: LINE_BPS_MAX,
    startBitrateBps: START_BPS,
    maxFps: 50,
    degradation: 'maintain-resolution',
    simulcast: false,
  },
  audio: { maxBitrateBps: 32_000, stereo: false },
};

const NO_PATH =
  'The server answers, but nothing gets through to it: this network blocks live video. Try another one, such as your phone’s.';
const UNREACHABLE = 'The server does not answer. Check your connection, then try again.';

type Step = {
  readonly carriesBps: number;
  readonly sentBps: number;
  readonly loss: number;
  readonly rttMs: number | undefined;
};

export class LineTest {
  readonly #options: LineTestOptions;
  readonly #environment: LineTestEnvironment;
  #session: WhipSession | undefined;
  #path: PathState | undefined;
  #isStopped = false;

  constructor(options: LineTestOptions, environment: LineTestEnvironment) {
    this.#options = options;
    this.#environment = environment;
  }

  /** Whoever waits for the result gets `stopped`. */
  stop(): void {
    this.#isStopped = true;
    this.#session?.close();
  }

  async run(onProgress: (progress: LineProgress) => void): Promise<LineTestResult> {
    const picture = this.#environment.createPicture();
    try {
      const trouble = await this.#connect(picture.track);
      if (this.#isStopped) return { kind: 'stopped' };
      if (trouble !== undefined) return { kind: 'failed', message: trouble };
      return await this.#measure(onProgress);
    } finally {
      this.#session?.close();
      picture.stop();
    }
  }

  /** @returns why it did not work, in a sentence */
  async #connect(track: MediaStreamTrack): Promise<string | undefined> {
    for (const transport of TRANSPORTS) {
      const endpoint = `${this.#options.endpoint}?transport=${transport}`;
      this.#path = undefined;
      const session = new WhipSession(this.#environment, SENDING, (path) => {
        if (session === this.#session) this.#path = path;
      });
      this.#session = session;
      const rejection = await session.open(endpoint, { video: track, audio: null });
      if (rejection?.kind === 'later') return UNREACHABLE;
      if (rejection) return rejection.detail ?? NO_PATH;
      if (await this.#comesUp()) return undefined;
      if (this.#isStopped) return undefined;
      session.close();
    }
    return NO_PATH;
  }

  async #comesUp(): Promise<boolean> {
    const untilMs = this.#environment.nowMs() + CONNECT_MS_MAX;
    while (this.#path !== 'up' && !this.#isStopped) {
      if (this.#path === 'down' || this.#environment.nowMs() >= untilMs) return false;
      await this.#environment.wait(STEP_MS / 10);
    }
    return !this.#isStopped;
  }

  async #measure(onProgress: (progress: LineProgress) => void): Promise<LineTestResult> {
    const { nowMs, wait } = this.#environment;
    const startMs = nowMs();
    const steps: Step[] = [];
    const arrived: HealthFacts[] = [];
    let before: PublishSample | undefined;
    for (let ageMs = 0; ageMs < MEASURE_MS_MAX; ageMs = nowMs() - startMs) {
      await wait(STEP_MS);
      const [report, facts] = await Promise.all([
        this.#session?.readReport(),
        this.#options.facts(),
      ]);
      if (this.#isStopped) return { kind: 'stopped' };
      if (report === undefined || this.#path === 'gone')
        return { kind: 'failed', message: NO_PATH };
      const sample = readPublishing(report, nowMs());
      if (before !== undefined) steps.push(stepOf(sample, before));
      before = sample;
      if (facts) arrived.push(facts);
      const isEnough = nowMs() - startMs >= MEASURE_MS_MIN && isSettled(steps);
      const share = isEnough ? 1 : Math.min(1, (nowMs() - startMs) / MEASURE_MS_MAX);
      onProgress({ share, upBps: steps.at(-1)?.carriesBps });
      if (isEnough) break;
    }
    return { kind: 'measured', line: lineOf(steps, arrived) };
  }
}

function stepOf(now: PublishSample, before: PublishSample): Step {
  const { videoBitrateBps, lossRatio, rttMs } = publishStats(now, before);
  const sentBps = videoBitrateBps ?? 0;
  const available = now.pair?.['availableOutgoingBitrate'];
  return {
    // Not every browser tells what it found; then what was sent is all that is known.
    carriesBps: Math.min(LINE_BPS_MAX, typeof available === 'number' ? available : sentBps),
    sentBps,
    loss: lossRatio ?? 0,
    rttMs: rttMs ?? undefined,
  };
}

function isSettled(steps: readonly Step[]): boolean {
  const last = steps.slice(-SETTLED_STEPS).map(({ carriesBps }) => carriesBps);
  if (last.length < SETTLED_STEPS) return false;
  const [most, least] = [Math.max(...last), Math.min(...last)];
  return most - least <= most * SETTLED_SHARE;
}

/** Congestion control swings around what the line carries, and falls far below it for a moment after each step too high. */
function lineOf(steps: readonly Step[], arrived: readonly HealthFacts[]): MeasuredLine {
  const last = steps.slice(-JUDGED_STEPS);
  const found = quantile(
    last.map(({ carriesBps }) => carriesBps),
    FOUND_QUANTILE,
  );
  const came = Math.max(0, ...arrived.map(({ video }) => video?.incomingBps ?? 0));
  const loss = Math.max(
    median(last.map((step) => step.loss)),
    median(arrived.slice(-JUDGED_STEPS).map((facts) => facts.loss)),
  );
  const rtts = last.flatMap(({ rttMs }) => rttMs ?? []);
  const upBps = Math.max(found, Math.min(came, LINE_BPS_MAX));
  const filled = median(last.map(({ carriesBps, sentBps }) => sentBps / Math.max(1, carriesBps)));
  return {
    upBps,
    isMore: upBps >= LINE_BPS_MAX * FULL_SHARE || filled < FILLED_SHARE_MIN,
    loss,
    rttMs: rtts.length === 0 ? undefined : median(rtts),
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 1 / 2);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}
