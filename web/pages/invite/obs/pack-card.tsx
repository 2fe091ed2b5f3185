import { Download } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GuestInfo, GuestProtocol } from '../../../../src/api/guests.ts';
import type { PackOffer } from '../../../../src/api/packs.ts';
import { api } from '../../../parts/api.ts';
import { download, save } from '../../../parts/transfer.ts';
import { bytes } from '../../../parts/words.ts';
import { Button } from '../../../ui/button.tsx';
import { Card, Notice } from '../../../ui/card.tsx';
import { Select, type SelectOption, Switch } from '../../../ui/field.tsx';
import { Meter } from '../../../ui/meter.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import {
  encoderHelp,
  encoderOptions,
  KIND_HELP,
  kindOptions,
  type PackChoice,
  pictureOptions,
  requestOf,
  stepsFor,
  withKind,
} from './pack.ts';

const LEAD =
  'A ZIP with the right settings, your own key, two scenes to begin with, and a page that says what to do.';

/** OBS made ready for this guest, to download. */
export function PackCard({
  guest,
  protocols,
}: {
  readonly guest: GuestInfo;
  readonly protocols: readonly SelectOption<GuestProtocol>[];
}) {
  const asked = useAnswer(() => api.get<PackOffer>('/guest/pack'));
  return (
    <Card title="OBS made ready for you" lead={LEAD}>
      <Loaded asked={asked}>
        {(offer) => <Choices guest={guest} protocols={protocols} offer={offer} />}
      </Loaded>
    </Card>
  );
}

type ChoicesProps = Parameters<typeof PackCard>[0] & { readonly offer: PackOffer };

function Choices({ guest, protocols, offer }: ChoicesProps) {
  const kinds = kindOptions(offer);
  const [choice, setChoice] = useState<PackChoice>({
    kind: kinds[0]?.value ?? 'overlay',
    protocol: protocols[0]?.value ?? 'whip',
    encoder: 'x264',
    picture: '720p30',
    browser: false,
  });
  const change = (part: Partial<PackChoice>) => setChoice({ ...choice, ...part });
  const { complete } = offer;
  return (
    <div class="stack">
      <Select
        label="Pack"
        value={choice.kind}
        options={kinds}
        help={KIND_HELP[choice.kind]}
        onChange={(kind) => setChoice(withKind(choice, kind))}
      />
      <div class="row-of-two">
        <Select
          label="How it is sent"
          value={choice.protocol}
          options={protocols}
          onChange={(protocol) => change({ protocol })}
          help="WHIP needs a line that loses nothing. On Wi-Fi or mobile, RTMP is the better choice."
        />
        <Select
          label="Encoder"
          value={choice.encoder}
          options={encoderOptions(choice.kind)}
          onChange={(encoder) => change({ encoder })}
          help={encoderHelp(choice.encoder)}
        />
      </div>
      <Select
        label="Picture"
        value={choice.picture}
        options={pictureOptions()}
        onChange={(picture) => change({ picture })}
        help="Your upload must carry about a third more."
      />
      {choice.kind === 'complete' && complete !== null && complete.browserBytes > 0 && (
        <Switch
          label="With browser sources"
          checked={choice.browser}
          onChange={(browser) => change({ browser })}
          help={`Only if you show web pages in your picture: ${bytes(complete.browserBytes)} more.`}
        />
      )}
      <Transfer choice={choice} />
      <p class="small soft">
        {guest.slots.length > 1
          ? 'In it are profiles for each of your places, and one for a test that nobody sees. '
          : 'In it are a profile to stream with, and one for a test that nobody sees. '}
        It holds a key of your own: like a password, for nobody else. One that you downloaded before
        goes out of use as soon as no OBS streams with it.
      </p>
    </div>
  );
}

type State =
  | { readonly phase: 'ready' | 'done' }
  | { readonly phase: 'under-way'; readonly bytes: number; readonly total: number | undefined }
  | { readonly phase: 'failed'; readonly message: string };

function Transfer({ choice }: { readonly choice: PackChoice }) {
  const [state, setState] = useState<State>({ phase: 'ready' });
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const start = async () => {
    const mine = new AbortController();
    stop.current = mine;
    const show = (next: State) => stop.current === mine && setState(next);
    show({ phase: 'under-way', bytes: 0, total: undefined });
    const onProgress = (done: number, total: number | undefined) =>
      show({ phase: 'under-way', bytes: done, total });
    const options = { onProgress, signal: mine.signal };
    const answer = await download('/guest/pack', requestOf(choice), options);
    if (mine.signal.aborted) return show({ phase: 'ready' });
    if (!answer.ok) return show({ phase: 'failed', message: answer.message });
    save(answer.value);
    show({ phase: 'done' });
  };
  if (state.phase === 'under-way') {
    return <Progress {...state} onCancel={() => stop.current.abort()} />;
  }
  return (
    <>
      {state.phase === 'failed' && <Notice tone="error">{state.message}</Notice>}
      <div class="ui-buttons">
        <Button
          kind={state.phase === 'done' ? 'plain' : 'primary'}
          icon={Download}
          onClick={() => void start()}
        >
          {state.phase === 'done' ? 'Download once more' : 'Download'}
        </Button>
      </div>
      {state.phase === 'done' && (
        <Notice tone="good" title="It is in your downloads. What to do now:">
          <ol class="steps">
            {stepsFor(choice).map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Notice>
      )}
    </>
  );
}

function Progress({
  bytes: done,
  total,
  onCancel,
}: {
  readonly bytes: number;
  readonly total: number | undefined;
  readonly onCancel: () => void;
}) {
  return (
    <div class="stack">
      <Meter
        label="Downloading"
        value={done}
        max={total ?? 0}
        text={total === undefined ? bytes(done) : `${bytes(done)} of ${bytes(total)}`}
      />
      <div class="ui-buttons">
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </div>
  );
}
