import './setup.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SetupInfo } from '../../../src/api/setup.ts';
import { api } from '../../parts/api.ts';
import type { Person } from '../../parts/session.ts';
import { PageShell } from '../../ui/page-shell.tsx';
import { Loaded, useAnswer } from '../../ui/use-answer.tsx';
import { AccountStep } from './account-step.tsx';
import { GoLiveStep } from './go-live-step.tsx';
import { STEPS } from './steps.ts';
import { type FirstStream, StreamStep } from './stream-step.tsx';
import { WayStep } from './way-step.tsx';

/** One step after another; what a step has done stays done, whenever the page is left. */
export function Wizard({
  code,
  person,
}: {
  readonly code: string;
  /** The owner, once there is one. */
  readonly person: Person | undefined;
}) {
  const [owner, setOwner] = useState(person);
  const [first, setFirst] = useState<FirstStream | undefined>(undefined);
  const [domain, setDomain] = useState<string | undefined>(undefined);
  const [hasWay, setHasWay] = useState(false);
  const step = stepOf(owner, first, hasWay);
  return (
    <PageShell title="Set up your server" lead={LEADS[step]} width="narrow" person={owner}>
      <Progress step={step} />
      {owner === undefined ? (
        <AccountStep code={code} onDone={setOwner} />
      ) : (
        <OwnersSteps
          {...{ owner, first, domain, hasWay }}
          onFirst={setFirst}
          onWay={(chosen) => {
            setDomain(chosen);
            setHasWay(true);
          }}
        />
      )}
    </PageShell>
  );
}

const LEADS = [
  'Choose how you will sign in. You are its owner.',
  'A name for your stream, and a key of your own to publish it with.',
  'Whether your viewers and your encoder get through to this server.',
  'What to put into OBS, and where to go from here.',
] as const;
type Step = 0 | 1 | 2 | 3;

function stepOf(owner: Person | undefined, first: FirstStream | undefined, hasWay: boolean): Step {
  if (owner === undefined) return 0;
  if (first === undefined) return 1;
  return hasWay ? 3 : 2;
}

function OwnersSteps({
  owner,
  first,
  domain,
  hasWay,
  onFirst,
  onWay,
}: {
  readonly owner: Person;
  readonly first: FirstStream | undefined;
  readonly domain: string | undefined;
  readonly hasWay: boolean;
  readonly onFirst: (first: FirstStream) => void;
  readonly onWay: (domain: string | undefined) => void;
}) {
  const asked = useAnswer(() => api.get<SetupInfo>('/setup'));
  return (
    <Loaded asked={asked}>
      {(info) => {
        if (first === undefined) return <StreamStep owner={owner} onDone={onFirst} />;
        if (!hasWay) return <WayStep info={info} stream={first.stream} onDone={onWay} />;
        return <GoLiveStep info={info} first={first} domain={domain} />;
      }}
    </Loaded>
  );
}

/** Where one is; the heading gets the focus at each step, so that nobody is left behind a button that is gone. */
function Progress({ step }: { readonly step: Step }) {
  const place = useRef<HTMLOListElement>(null);
  const before = useRef(step);
  useEffect(() => {
    if (before.current === step) return;
    before.current = step;
    place.current?.focus();
  }, [step]);
  return (
    <ol
      class="setup-steps"
      ref={place}
      tabIndex={-1}
      aria-label={`Step ${step + 1} of ${STEPS.length}`}
    >
      {STEPS.map((name, at) => (
        <li
          key={name}
          class={at < step ? 'setup-step-done' : undefined}
          aria-current={at === step ? 'step' : undefined}
        >
          {name}
          {at < step && <span class="for-readers"> (done)</span>}
        </li>
      ))}
    </ol>
  );
}
