import './line-test.css';
import { Gauge } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Health } from '../../src/api/health.ts';
import { type LineAdvice, type LineVerdict, lineVerdict } from '../../src/doctor/line.ts';
import { api } from '../parts/api.ts';
import { createBusyPicture } from '../parts/doctor/busy-picture.ts';
import {
  type LineProgress,
  type LineTestResult,
  LineTest as LineTestRun,
} from '../parts/doctor/line-test.ts';
import { bitrate } from '../parts/words.ts';
import { Button, Buttons } from './button.tsx';
import { Notice } from './card.tsx';
import { Meter } from './meter.tsx';

type State =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly progress: LineProgress }
  | { readonly phase: 'done'; readonly verdict: LineVerdict }
  | { readonly phase: 'failed'; readonly message: string };

const BEGINNING: LineProgress = { share: 0, upBps: undefined };
const NOT_SEEN =
  'The test ended, since this page was not shown any more. Stay on it for some seconds.';

/**
 * How much a guest's line carries up, in plain words: sends for some seconds to the test that nobody can watch.
 * @param test the name of the guest's test: `GET /api/guest` tells it
 * @param onAdvice offers to take over what fits
 * @param hindrance why it cannot be tested now, such as while the guest is live
 */
export function LineTest({
  test,
  onAdvice,
  hindrance,
}: {
  readonly test: string;
  readonly onAdvice?: (advice: LineAdvice) => void;
  readonly hindrance?: string | undefined;
}) {
  const { state, begin, stop } = useLineTest(test);
  return (
    <div class="ui-line-test">
      {/* There before it has something to say: only then do screen readers say it. */}
      <div role="status" class="ui-line-test">
        {state.phase !== 'running' && <Result state={state} onAdvice={onAdvice} />}
      </div>
      {state.phase === 'running' ? (
        <>
          <Meter
            label="Testing your line"
            value={state.progress.share}
            max={1}
            text={soFar(state.progress)}
          />
          <Button onClick={stop}>Stop</Button>
        </>
      ) : (
        <>
          {hindrance !== undefined && <p class="soft">{hindrance}</p>}
          <Button icon={Gauge} onClick={begin} disabled={hindrance !== undefined}>
            {state.phase === 'idle' ? 'Test your line' : 'Test again'}
          </Button>
        </>
      )}
    </div>
  );
}

function Result({
  state,
  onAdvice,
}: {
  readonly state: State;
  readonly onAdvice: ((advice: LineAdvice) => void) | undefined;
}) {
  if (state.phase === 'failed') return <Notice tone="error">{state.message}</Notice>;
  if (state.phase !== 'done') {
    return (
      <p class="soft">
        Sends a test picture for about ten seconds, up to 20 MB, as fast as your line takes it.
        Nobody sees it.
      </p>
    );
  }
  const { verdict } = state;
  const { advice } = verdict;
  return (
    <>
      <Notice tone={verdict.state === 'problem' ? 'warning' : verdict.state}>
        {verdict.sentence}
      </Notice>
      {advice && onAdvice && (
        <Buttons>
          <Button kind="primary" onClick={() => onAdvice(advice)}>
            Use {`${advice.height}p at ${bitrate(advice.videoBps)}`}
          </Button>
        </Buttons>
      )}
    </>
  );
}

function useLineTest(test: string) {
  const [state, setState] = useState<State>({ phase: 'idle' });
  const running = useRef<LineTestRun | undefined>(undefined);
  const end = (next: State) => {
    running.current?.stop();
    running.current = undefined;
    setState(next);
  };
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'hidden' && running.current) {
        end({ phase: 'failed', message: NOT_SEEN });
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      running.current?.stop();
      running.current = undefined;
    };
  }, [test]);
  const begin = () => {
    const run = new LineTestRun(optionsOf(test), browserEnvironment);
    running.current = run;
    setState({ phase: 'running', progress: BEGINNING });
    void run
      .run((progress) => {
        if (running.current === run) setState({ phase: 'running', progress });
      })
      .then((result) => {
        if (running.current === run) end(stateAfter(result));
      });
  };
  return { state, begin, stop: () => end({ phase: 'idle' }) };
}

function stateAfter(result: LineTestResult): State {
  if (result.kind === 'measured') return { phase: 'done', verdict: lineVerdict(result.line) };
  return result.kind === 'failed'
    ? { phase: 'failed', message: result.message }
    : { phase: 'idle' };
}

function soFar({ upBps }: LineProgress): string {
  return upBps === undefined ? 'One moment …' : `${bitrate(upBps)} so far`;
}

function optionsOf(test: string) {
  return {
    endpoint: `${location.origin}/${test}/whip`,
    facts: async () => {
      const answer = await api.get<Health>('/guest/health', { query: { slot: test } });
      return answer.ok ? answer.value.facts : undefined;
    },
  };
}

const browserEnvironment = {
  createPeer: () => new RTCPeerConnection(),
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  videoCodecs: () => globalThis.RTCRtpSender?.getCapabilities('video')?.codecs.filter(isEven),
  nowMs: () => performance.now(),
  wait: (ms: number) => new Promise<void>((resolve) => void window.setTimeout(resolve, ms)),
  createPicture: createBusyPicture,
};

/** VP8 is encoded in software by every browser, and reaches any bit rate that it is given; encoders in chips have their own ideas. */
function isEven({ mimeType }: RTCRtpCodec): boolean {
  return /\/(VP8|rtx)$/i.test(mimeType);
}
