import { FlaskConical, Mic, MicOff, RadioTower, Square } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { PublishStats } from '../../../parts/publish-stats.ts';
import type { WhipState } from '../../../parts/whip-client.ts';
import { bitrate, duration } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button, Buttons } from '../../../ui/button.tsx';
import { Card, Facts, Notice } from '../../../ui/card.tsx';
import { confirm } from '../../../ui/dialog.tsx';
import { entrance, slot } from '../guest.ts';
import type { Mode } from './broadcast.ts';
import { type Fault, limitWords, lostFault, refusedFault } from './faults.ts';
import { abilities, broadcast, sources } from './studio.ts';

const SECOND_MS = 1000;

/** The big buttons, and what comes of pressing them. */
export function Controls() {
  const mode = broadcast.mode.value;
  const state = broadcast.state.value;
  const isRefused = state.phase === 'refused';
  return (
    <Card
      title={titleOf(mode, state)}
      badge={<Phase state={state} />}
      actions={<Actions isSending={mode !== 'off' && !isRefused} />}
      lead={leadOf(mode, state)}
    >
      <div aria-live="polite" class="stack">
        {broadcast.ended.value !== undefined && <Notice>{broadcast.ended.value}</Notice>}
        {mode === 'off' && <BeforeLive />}
        {state.phase === 'reconnecting' && <FaultNotice fault={lostFault(state.reason)} />}
        {isRefused && <Refused state={state} />}
        {broadcast.isStill.value && <Still />}
      </div>
      {mode !== 'off' && !isRefused && <Figures stats={broadcast.stats.value} state={state} />}
    </Card>
  );
}

/** Nobody is called live whose picture does not arrive. */
function titleOf(mode: Mode, { phase }: WhipState): string {
  if (mode === 'off') return 'Ready?';
  if (mode === 'test') return 'Your test';
  if (phase === 'live') return 'You are live';
  return phase === 'connecting' ? 'Going live' : 'You are not live now';
}

function leadOf(mode: Mode, { phase }: WhipState): string | undefined {
  if (mode === 'test') return 'Nobody can see or hear this. It ends by itself after ten minutes.';
  const isLive = mode === 'live' && phase === 'live';
  return isLive ? 'Everybody who may watch sees and hears you now.' : undefined;
}

function Actions({ isSending }: { readonly isSending: boolean }) {
  const isMuted = sources.isMuted.value;
  if (isSending) {
    const isTest = broadcast.mode.value === 'test';
    return (
      <>
        <Button
          icon={isMuted ? MicOff : Mic}
          pressed={isMuted}
          onClick={() => sources.mute(!isMuted)}
        >
          {isMuted ? 'Muted' : 'Mute'}
        </Button>
        {isTest && (
          <Button kind="primary" icon={RadioTower} onClick={() => void goLive()}>
            Go live now
          </Button>
        )}
        <Button kind="danger" icon={Square} onClick={() => void stop()}>
          {isTest ? 'End the test' : 'Stop'}
        </Button>
      </>
    );
  }
  const hasNothing = sources.video.value === null && sources.audio.value === null;
  return (
    <>
      <Button icon={FlaskConical} disabled={hasNothing} onClick={test}>
        Test first
      </Button>
      <Button kind="primary" icon={RadioTower} disabled={hasNothing} onClick={() => void goLive()}>
        Go live
      </Button>
    </>
  );
}

/** What is worth knowing before the button is pressed. */
function BeforeLive() {
  const current = slot.value;
  return (
    <>
      {current?.live && !current.mine && (
        <Notice tone="warning" title="Somebody is live here now">
          You can look and test; going live asks you before it takes over.
        </Notice>
      )}
      {abilities.hasH264 === false && (
        <Notice tone="warning" title="This browser has no H.264">
          Your picture goes as VP8, which every browser shows, but which costs this device more
          work. Chrome, Edge, Safari and Firefox have H.264.
        </Notice>
      )}
      {sources.video.value === null && sources.audio.value !== null && (
        <p class="soft">There is no picture: whoever watches hears you, and sees none.</p>
      )}
      <p class="soft">
        A test shows whether picture and sound arrive well, without anybody seeing it.
      </p>
    </>
  );
}

function Refused({ state }: { readonly state: Extract<WhipState, { phase: 'refused' }> }) {
  const mode = broadcast.mode.value;
  const isTaken = state.reason === 'taken' && mode === 'live';
  return (
    <FaultNotice
      fault={refusedFault(state)}
      action={
        <Buttons>
          {isTaken && (
            <Button kind="danger" onClick={() => void takeOver()}>
              Take over
            </Button>
          )}
          <Button onClick={() => again()}>
            {state.reason === 'ended' ? 'Go live again' : 'Try again'}
          </Button>
          <Button kind="quiet" onClick={() => broadcast.stop()}>
            Not now
          </Button>
        </Buttons>
      }
    />
  );
}

function FaultNotice({
  fault: { title, text },
  action,
}: {
  readonly fault: Fault;
  readonly action?: preact.ComponentChildren;
}) {
  return (
    <Notice tone={action === undefined ? 'warning' : 'error'} title={title} action={action}>
      {text}
    </Notice>
  );
}

function Still() {
  return (
    <Notice tone="warning" title="No picture goes out">
      {abilities.platform === 'ios' || abilities.platform === 'android'
        ? 'A phone stops the camera when it is locked, or when this page is not in front. Keep it in front, and the screen on.'
        : 'The camera sends no pictures: another program may have it, or its lid is closed. Choose it anew, or another.'}
    </Notice>
  );
}

function Phase({ state }: { readonly state: WhipState }) {
  switch (state.phase) {
    case 'connecting':
      return <StatusBadge of="connecting" />;
    case 'live':
      return broadcast.mode.value === 'test' ? (
        <StatusBadge of="good">Arrives</StatusBadge>
      ) : (
        <StatusBadge of="live" />
      );
    case 'reconnecting':
      return <StatusBadge of="reconnecting" />;
    case 'refused':
      return <StatusBadge of="failing">Refused</StatusBadge>;
    default:
      return null;
  }
}

function Figures({
  stats,
  state,
}: {
  readonly stats: PublishStats | undefined;
  readonly state: WhipState;
}) {
  const forMs = useElapsed(state.phase === 'live' ? state.sinceMs : undefined);
  if (stats === undefined || state.phase !== 'live') return null;
  const limit = limitWords(broadcast.limit.value);
  const size =
    stats.width === null || stats.height === null ? undefined : `${stats.width} × ${stats.height}`;
  return (
    <>
      {limit !== undefined && <Notice tone="warning">{limit}</Notice>}
      <Facts
        of={[
          ['For', forMs === undefined ? undefined : duration(forMs)],
          ['Picture', pictureOf(size, stats)],
          ['Way', wayOf(stats)],
        ]}
      />
    </>
  );
}

function pictureOf(size: string | undefined, stats: PublishStats): string | undefined {
  const fps = stats.fps === null ? undefined : `${Math.round(stats.fps)} frames a second`;
  const parts = [size, fps, rateOf(stats.videoBitrateBps), codecOf(stats)];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join(', ');
}

function rateOf(bps: number | null): string | undefined {
  return bps === null ? undefined : bitrate(bps);
}

/** Browsers write H264. */
function codecOf({ videoCodec }: PublishStats): string | undefined {
  return videoCodec?.replace(/^H(?=26)/, 'H.');
}

function wayOf({ transport, rttMs }: PublishStats): string | undefined {
  if (transport === null) return undefined;
  const there = rttMs === null ? '' : `, ${Math.round(rttMs)} ms there and back`;
  return `${transport.toUpperCase()}${there}`;
}

/** How long ago something was, kept up to date. */
function useElapsed(sinceMs: number | undefined): number | undefined {
  const [nowMs, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), SECOND_MS);
    return () => window.clearInterval(timer);
  }, []);
  return sinceMs === undefined ? undefined : Math.max(0, nowMs - sinceMs);
}

function test(): void {
  const { value } = entrance;
  if (value.phase === 'in') broadcast.go('test', value.guest.test, false);
}

async function goLive(): Promise<void> {
  const current = slot.peek();
  if (current === undefined) return;
  if (current.live && !current.mine) await takeOver();
  else broadcast.go('live', current.stream, false);
}

async function takeOver(): Promise<void> {
  const current = slot.peek();
  if (current === undefined) return;
  const isSure = await confirm({
    title: 'Take over?',
    text: 'Somebody else is live here. Their picture ends, and yours takes its place.',
    action: 'Take over',
  });
  if (isSure) broadcast.go('live', current.stream, true);
}

function again(): void {
  if (broadcast.mode.peek() === 'test') test();
  else if (slot.peek() !== undefined) broadcast.go('live', slot.peek()?.stream ?? '', false);
}

async function stop(): Promise<void> {
  if (broadcast.mode.peek() === 'test') {
    broadcast.stop();
    return;
  }
  const isSure = await confirm({
    title: 'Stop being live?',
    text: 'Your picture ends for everybody. You can go live again at any time.',
    action: 'Stop',
  });
  if (isSure) broadcast.stop();
}
