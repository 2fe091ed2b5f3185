import './invite.css';
import { signal } from '@preact/signals';
import type { GuestInfo } from '../../../src/api/guests.ts';
import { dateTime } from '../../parts/words.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState, Notice } from '../../ui/card.tsx';
import { confirm } from '../../ui/dialog.tsx';
import { Select } from '../../ui/field.tsx';
import { PageShell } from '../../ui/page-shell.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { BrowserPanel } from './browser/panel.tsx';
import { stopAll } from './browser/studio.ts';
import { chosen, entrance, isCutOff, leave, slot, start } from './guest.ts';
import { ObsPanel } from './obs/panel.tsx';
import { TallyLight } from './tally.tsx';

/** The way in, and what is behind it. */
export function InvitePage() {
  const { value } = entrance;
  switch (value.phase) {
    case 'opening':
      return (
        <PageShell title="One moment" width="narrow">
          <p class="soft">Your invite is being opened …</p>
        </PageShell>
      );
    case 'in':
      return <Inside guest={value.guest} />;
    case 'no-invite':
      return (
        <PageShell title="This page is for guests" width="narrow">
          <EmptyState title="Open the link that you were sent">
            An invite is a link that ends in a long row of letters. If you have opened it before, in
            another browser or a private window, open it here once more.
          </EmptyState>
        </PageShell>
      );
    case 'over':
      return (
        <PageShell title="This invite is over" width="narrow">
          <EmptyState title="The link is no longer good">
            It has expired or was taken back, and nothing is sent with it any more. Ask whoever sent
            it to you for a new one.
          </EmptyState>
        </PageShell>
      );
    case 'unreachable':
      return (
        <PageShell title="The invite cannot be opened now" width="narrow">
          <Notice tone="error" action={<Button onClick={() => void start()}>Try again</Button>}>
            {value.message}
          </Notice>
        </PageShell>
      );
    default:
      return value satisfies never;
  }
}

type Way = 'browser' | 'obs';
const way = signal<Way>('browser');

function Inside({ guest }: { readonly guest: GuestInfo }) {
  const current = slot.value;
  return (
    <PageShell
      title={`Hello ${guest.name}`}
      lead={leadOf(guest)}
      actions={
        <>
          <TallyLight />
          <Button kind="quiet" onClick={() => void forget()}>
            Leave
          </Button>
        </>
      }
    >
      {isCutOff.value && (
        <Notice tone="warning" title="The server does not answer">
          It may be restarting, or your network is gone. This page comes back by itself.
        </Notice>
      )}
      {guest.slots.length > 1 && current !== undefined && (
        <Select
          label="Your place"
          value={current.stream}
          options={guest.slots.map(({ stream, label }) => ({
            value: stream,
            label: label || stream,
          }))}
          onChange={(stream) => {
            stopAll();
            chosen.value = stream;
          }}
        />
      )}
      {current !== undefined && (
        <Tabs<Way>
          label="How you stream"
          selected={way.value}
          onSelect={(id) => {
            way.value = id;
          }}
          tabs={[
            { id: 'browser', label: 'Browser', content: () => <BrowserPanel slot={current} /> },
            { id: 'obs', label: 'OBS', content: () => <ObsPanel slot={current} guest={guest} /> },
          ]}
        />
      )}
    </PageShell>
  );
}

function leadOf({ slots, expires }: GuestInfo): string {
  const [only] = slots;
  const place =
    slots.length === 1 && only !== undefined
      ? `You were asked to stream as ${only.label || only.stream}.`
      : 'You were asked to stream.';
  return expires === null ? place : `${place} Your invite is good until ${dateTime(expires)}.`;
}

async function forget(): Promise<void> {
  const isSure = await confirm({
    title: 'Leave?',
    text: 'What you send ends, and this browser forgets the invite. The link opens it again.',
    action: 'Leave',
  });
  if (!isSure) return;
  stopAll();
  await leave();
}
