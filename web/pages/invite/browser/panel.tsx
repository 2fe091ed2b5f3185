import { Camera, RefreshCw } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { GuestSlot } from '../../../../src/api/guests.ts';
import { Button } from '../../../ui/button.tsx';
import { Card, EmptyState, Facts, Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { entrance, linkBy } from '../guest.ts';
import { YourLine } from '../your-line.tsx';
import { noScreenWords, screenWords } from './abilities.ts';
import { Controls } from './controls.tsx';
import { Examination } from './examination.tsx';
import { Preview } from './preview.tsx';
import { advised } from './quality.ts';
import { Settings } from './settings.tsx';
import { abilities, broadcast, isTheTab, sources, stopAll, tabs } from './studio.ts';
import { CaptureFaults } from './troubles.tsx';

/** Streaming from this browser: choose, look, test, go live. */
export function BrowserPanel({ slot }: { readonly slot: GuestSlot }) {
  useEffect(() => {
    if (isTheTab.peek() === undefined) tabs.claim();
  }, []);
  useEndWithInvite();
  if (!slot.protocols.includes('whip')) {
    return (
      <Notice tone="warning" title="This place takes no browsers">
        Stream with OBS instead: the other tab has what to type in.
      </Notice>
    );
  }
  if (!abilities.isSecure) return <Insecure />;
  if (!abilities.hasCamera || !abilities.hasWebRtc) {
    return (
      <Notice tone="error" title="This browser cannot send live video">
        Use Chrome, Edge, Firefox or Safari in a recent version, outside of other apps’ built-in
        browsers; or stream with OBS.
      </Notice>
    );
  }
  if (isTheTab.value === false) return <OtherTab />;
  return isTheTab.value === undefined ? null : <Studio />;
}

function Studio() {
  const { picture, audio, video, isBusy, trouble, note } = sources;
  const hasAsked = video.value !== null || audio.value !== null || hasAny(trouble.value);
  if (!hasAsked) return <Beforehand isBusy={isBusy.value} />;
  return (
    <div class="studio">
      <div class="studio-main">
        <CaptureFaults />
        <Preview track={video.value} isScreen={picture.value === 'screen'} />
        {note.value !== undefined && <Notice tone="warning">{note.value}</Notice>}
        <Controls />
        <Examination />
      </div>
      <div class="studio-side">
        <Settings />
        <Line />
      </div>
    </div>
  );
}

function Line() {
  const { value } = entrance;
  if (value.phase !== 'in') return null;
  return (
    <YourLine
      test={value.guest.test}
      onAdvice={(advice) => broadcast.setQuality(advised(broadcast.quality.peek(), advice))}
    />
  );
}

/** Before anything is asked for: what will be asked, and what this browser can do. */
function Beforehand({ isBusy }: { readonly isBusy: boolean }) {
  return (
    <div class="stack-large">
      <EmptyState
        icon={Camera}
        title="First a look at yourself"
        action={
          <Button kind="primary" busy={isBusy} onClick={() => void sources.begin()}>
            Turn on camera and microphone
          </Button>
        }
      >
        Your browser asks whether this page may use camera and microphone: allow both. Nobody sees
        or hears you before you go live.
      </EmptyState>
      <Card title="What this browser can do">
        <Facts
          of={[
            ['Camera and microphone', 'They can be sent, and changed while you are live.'],
            ['Screen', screenWords(abilities) ?? noScreenWords(abilities)],
            ['Picture format', FORMATS[`${abilities.hasH264}`]],
          ]}
        />
      </Card>
    </div>
  );
}

const FORMATS: Readonly<Record<`${boolean | undefined}`, string>> = {
  true: 'H.264, which every viewer’s browser shows, and most computers make without effort.',
  false: 'VP8, as this browser has no H.264. Every viewer sees it; it costs this device more work.',
  undefined: 'The browser does not say; the server takes what it has.',
};

function OtherTab() {
  return (
    <EmptyState
      icon={RefreshCw}
      title="This invite is open in another tab"
      action={
        <Button kind="primary" onClick={() => tabs.takeOver()}>
          Use this tab instead
        </Button>
      }
    >
      Two tabs would take the picture from each other. Go on in the other one, or use this one: what
      the other one sends ends then.
    </EmptyState>
  );
}

/** Browsers give no camera to pages that anybody on the way could have changed. */
function Insecure() {
  const { value } = entrance;
  const url = value.phase === 'in' ? value.guest.server.url : '';
  const link = url.startsWith('https:') ? (linkBy(url) ?? `${url}/invite`) : undefined;
  return (
    <Notice tone="warning" title="The browser gives this page no camera">
      <div class="stack">
        <p>
          It came by plain HTTP, where anybody on the way could read along.{' '}
          {link === undefined
            ? 'Whoever runs the server has to set up HTTPS. Until then stream with OBS: the other tab has what to type in.'
            : 'Open this address instead:'}
        </p>
        {link !== undefined && <CopyField label="Your link by HTTPS" value={link} secret />}
        {link !== undefined && (
          <div>
            <Button kind="primary" href={link}>
              Open it by HTTPS
            </Button>
          </div>
        )}
      </div>
    </Notice>
  );
}

/** An invite that is over ends what was sent by it here as well: this part of the page is gone then. */
function useEndWithInvite(): void {
  useEffect(
    () => () => {
      if (entrance.peek().phase === 'in') return;
      stopAll();
      tabs.release();
      isTheTab.value = undefined;
    },
    [],
  );
}

function hasAny(trouble: object): boolean {
  return Object.keys(trouble).length > 0;
}
