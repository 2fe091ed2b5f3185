import './pack-download.css';
import { Download } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GuestProtocol } from '../../src/api/guests.ts';
import type { PackKind, PackOffer } from '../../src/api/packs.ts';
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
} from '../parts/packs.ts';
import { download, save } from '../parts/transfer.ts';
import { bytes } from '../parts/words.ts';
import { Button } from './button.tsx';
import { Notice } from './card.tsx';
import { Select, type SelectOption, Switch } from './field.tsx';
import { Meter } from './meter.tsx';

/** OBS made ready for a guest: what it is to be like, and its download. */
export function PackDownload({
  path,
  offer,
  protocols,
  first,
  children,
}: {
  /** Where it is made. */
  readonly path: string;
  /** What is chosen at first, where that is not the best that there is. */
  readonly first?: PackKind | undefined;
  readonly offer: PackOffer;
  readonly protocols: readonly SelectOption<GuestProtocol>[];
  /** Below all: what to know of it. */
  readonly children: ComponentChildren;
}) {
  const kinds = kindOptions(offer);
  const [choice, setChoice] = useState<PackChoice>({
    kind: first ?? kinds[0]?.value ?? 'overlay',
    protocol: protocols[0]?.value ?? 'whip',
    encoder: 'x264',
    picture: '720p30',
    browser: false,
  });
  const change = (part: Partial<PackChoice>) => setChoice({ ...choice, ...part });
  const { complete } = offer;
  return (
    <div class="ui-pack">
      <Select
        label="Pack"
        value={choice.kind}
        options={kinds}
        help={KIND_HELP[choice.kind]}
        onChange={(kind) => setChoice(withKind(choice, kind))}
      />
      <div class="ui-pack-pair">
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
        help="The upload must carry about a third more."
      />
      {choice.kind === 'complete' && complete !== null && complete.browserBytes > 0 && (
        <Switch
          label="With browser sources"
          checked={choice.browser}
          onChange={(browser) => change({ browser })}
          help={`Only for web pages in the picture: ${bytes(complete.browserBytes)} more.`}
        />
      )}
      <Transfer path={path} choice={choice} />
      <p class="small soft">{children}</p>
    </div>
  );
}

type State =
  | { readonly phase: 'ready' | 'done' }
  | { readonly phase: 'under-way'; readonly bytes: number; readonly total: number | undefined }
  | { readonly phase: 'failed'; readonly message: string };

function Transfer({ path, choice }: { readonly path: string; readonly choice: PackChoice }) {
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
    const answer = await download(path, requestOf(choice), options);
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
        <Notice tone="good" title="It is in your downloads. What to do with it:">
          <ol class="ui-pack-steps" ref={showAll}>
            {stepsFor(choice).map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Notice>
      )}
    </>
  );
}

/** They appear at the end of what may be full already, such as a dialog on a phone. */
function showAll(steps: HTMLElement | null): void {
  steps?.scrollIntoView({ block: 'nearest' });
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
    <div class="ui-pack">
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
