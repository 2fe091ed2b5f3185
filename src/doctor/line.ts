/** What a measured line is good for, in plain words. */

/** What a test of the way up found. */
export type MeasuredLine = {
  /** Bits a second that the line carries. */
  readonly upBps: number;
  /** The line may carry more: the test sends no more, or this device cannot make more in time. */
  readonly isMore: boolean;
  /** Share of packets that the server did not get. */
  readonly loss: number;
  readonly rttMs: number | undefined;
};

/** A picture that fits. */
export type LineAdvice = {
  readonly height: 360 | 540 | 720 | 1080;
  readonly videoBps: number;
};

export type LineVerdict = {
  readonly state: 'good' | 'warning' | 'problem';
  readonly sentence: string;
  /** Undefined where no picture fits. */
  readonly advice: LineAdvice | undefined;
};

/** The best first: at 30 pictures a second, for H.264 in real time. */
const LADDER: readonly LineAdvice[] = [
  { height: 1080, videoBps: 6_000_000 },
  { height: 1080, videoBps: 4_500_000 },
  { height: 720, videoBps: 2_500_000 },
  { height: 540, videoBps: 1_500_000 },
  { height: 360, videoBps: 800_000 },
];
/** The rest is for the sound, for what else the line carries, and for its bad moments. */
const PICTURE_SHARE_MAX = 0.76;
/** Below that the picture is small, which is worth saying. */
const HEIGHT_GOOD = 720;
/** What repair hides. */
const LOSS_MAX = 0.02;
const ROUND_TRIP_MS_MAX = 300;

const CABLE = 'Use a cable instead of Wi-Fi, and stop other uploads on the same line.';

export function lineVerdict(line: MeasuredLine): LineVerdict {
  const advice = LADDER.find(({ videoBps }) => videoBps <= line.upBps * PICTURE_SHARE_MAX);
  const carries = `Your line carries ${line.isMore ? 'at least' : 'about'} ${megabits(line.upBps)} Mbit/s up`;
  if (advice === undefined) {
    return {
      state: 'problem',
      sentence: `${carries}: too little for a picture that moves. ${CABLE}`,
      advice,
    };
  }
  const fits = `${advice.height}p at ${advice.videoBps / 1000} kbit/s is fine`;
  const trouble = troubleOf(line);
  if (trouble !== undefined) {
    return { state: 'warning', sentence: `${carries}: ${fits}. But ${trouble} ${CABLE}`, advice };
  }
  const isSmall = advice.height < HEIGHT_GOOD;
  return {
    state: isSmall ? 'warning' : 'good',
    sentence: isSmall ? `${carries}: ${fits}, not more. ${CABLE}` : `${carries}: ${fits}.`,
    advice,
  };
}

function troubleOf({ loss, rttMs }: MeasuredLine): string | undefined {
  if (loss > LOSS_MAX) return `${Math.round(loss * 100)} % is lost on the way.`;
  if ((rttMs ?? 0) > ROUND_TRIP_MS_MAX)
    return `it takes ${Math.round(rttMs ?? 0)} ms there and back.`;
  return undefined;
}

/** `0.7`, `8`: nobody needs more. */
function megabits(bps: number): string {
  const value = bps / 1e6;
  return value < 3 ? value.toFixed(1).replace('.0', '') : String(Math.round(value));
}
