import './doctor.css';
import {
  ChevronRight,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  Hourglass,
  TriangleAlert,
} from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { Check, CheckState, Health, Verdict } from '../../src/api/health.ts';
import type { PublisherInfo } from '../../src/api/streams.ts';
import type { Wish } from '../../src/doctor/subject.ts';
import { verdictOf } from '../../src/doctor/verdict.ts';
import { api, type Failure } from '../parts/api.ts';
import { type HealthSource, HealthWatch } from '../parts/doctor/health-watch.ts';
import { CHECK_LABELS, STATE_WORDS, sorted } from '../parts/doctor/labels.ts';
import { Badge, type Tone } from './badge.tsx';
import { Notice } from './card.tsx';
import { Icon, type IconNode } from './icon.tsx';

const ICONS: Readonly<Record<CheckState | Verdict['state'], IconNode>> = {
  good: CircleCheck,
  warning: TriangleAlert,
  problem: CircleAlert,
  unknown: CircleDashed,
  waiting: Hourglass,
  measuring: CircleDashed,
};

const TONES: Readonly<Record<Verdict['state'], Tone>> = {
  good: 'good',
  warning: 'warning',
  problem: 'error',
  waiting: 'neutral',
  measuring: 'neutral',
};

/** The left end of the bar that shows how loud it is: quieter is as good as nothing. */
const LEVEL_DB_MIN = -60;

/**
 * What comes in under a name, as a check-list that is up to date while it is shown: what there is to do first, then what is well.
 * @param wish what was agreed on or chosen; what comes in is held against it
 */
export function Doctor({
  source,
  wish,
}: {
  readonly source: HealthSource;
  readonly wish?: Wish | undefined;
}) {
  const { health, failure } = useHealth(source, wish);
  if (health === undefined) {
    return failure ? (
      <Notice tone="error">{failure.message}</Notice>
    ) : (
      <p class="soft">One moment …</p>
    );
  }
  return (
    <div class="ui-doctor">
      {failure && (
        <Notice tone="warning">
          What stands here may be old: the server cannot be asked now. It goes on by itself.
        </Notice>
      )}
      <CheckList verdict={health.verdict} levelDb={health.facts?.audio?.levelDb ?? null} />
    </div>
  );
}

/** The verdict on what is known already, as a line that opens to the list. */
export function DoctorSummary({
  stream,
  publisher,
}: {
  readonly stream: string;
  readonly publisher: PublisherInfo;
}) {
  const [isOpen, setOpen] = useState(false);
  // The browser's clock need not be the server's: nothing is taken for the start.
  const { state, sentence } = verdictOf(publisher, undefined, Number.POSITIVE_INFINITY);
  return (
    <details class="ui-doctor-summary" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon of={ChevronRight} />
        <span>Health</span>
        {!isOpen && (
          <Badge tone={TONES[state]} icon={ICONS[state]}>
            {sentence}
          </Badge>
        )}
      </summary>
      {isOpen && (
        <div>
          <Doctor source={{ kind: 'stream', stream }} />
        </div>
      )}
    </details>
  );
}

function CheckList({
  verdict,
  levelDb,
}: {
  readonly verdict: Verdict;
  readonly levelDb: number | null;
}) {
  const { state, sentence, checks } = verdict;
  const { toDo, rest } = sorted(checks);
  return (
    <>
      {/* Read out when the verdict changes; the values below change all the time, and are not. */}
      <p class={`ui-doctor-verdict ui-doctor-${state}`} role="status">
        <Icon of={ICONS[state]} size={24} />
        <span>{sentence}</span>
      </p>
      {toDo.length > 0 && (
        <ul class="plain ui-doctor-to-do" aria-label="What to mend">
          {toDo.map((check) => (
            <ToDo key={check.code} check={check} />
          ))}
        </ul>
      )}
      {rest.length > 0 && (
        <ul class="plain ui-doctor-rest" aria-label="What is seen">
          {rest.map((check) => (
            <li key={check.code} class={`ui-doctor-${check.state}`} data-check={check.code}>
              <StateIcon state={check.state} />
              <span class="soft">{CHECK_LABELS[check.code]}</span>
              <div>
                {check.sentence}
                {check.code === 'audio-level' && levelDb !== null && <Level db={levelDb} />}
              </div>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function ToDo({ check: { code, state, sentence, remedy } }: { readonly check: Check }) {
  return (
    <li class={`ui-doctor-${state}`} data-check={code}>
      <StateIcon state={state} />
      <p class="ui-doctor-what">{sentence}</p>
      {remedy?.split('\n').map((line) => (
        <p key={line}>{line}</p>
      ))}
    </li>
  );
}

function StateIcon({ state }: { readonly state: CheckState }) {
  return <Icon of={ICONS[state]} label={STATE_WORDS[state]} />;
}

/** Repeats for the eye what the words say. */
function Level({ db }: { readonly db: number }) {
  const share = Math.min(1, Math.max(0, 1 - db / LEVEL_DB_MIN));
  return (
    <div class="ui-doctor-level" aria-hidden="true">
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}

type Watched = { readonly health: Health | undefined; readonly failure: Failure | undefined };

function useHealth(source: HealthSource, wish: Wish | undefined): Watched {
  const [watched, setWatched] = useState<Watched>({ health: undefined, failure: undefined });
  const key = JSON.stringify([source, wish]);
  // The key says all that the question depends on.
  useEffect(() => {
    setWatched({ health: undefined, failure: undefined });
    const watch = new HealthWatch(
      source,
      wish,
      {
        health: (health) => setWatched({ health, failure: undefined }),
        failure: (failure, isFinal) =>
          setWatched(({ health }) => ({ health: isFinal ? undefined : health, failure })),
      },
      {
        get: (path, options) => api.get<Health>(path, options),
        setTimer: (callback, delayMs) => window.setTimeout(callback, delayMs),
        clearTimer: (timer) => window.clearTimeout(timer),
      },
    );
    const look = () => watch.show(document.visibilityState === 'visible');
    look();
    document.addEventListener('visibilitychange', look);
    watch.start();
    return () => {
      document.removeEventListener('visibilitychange', look);
      watch.stop();
    };
  }, [key]);
  return watched;
}
