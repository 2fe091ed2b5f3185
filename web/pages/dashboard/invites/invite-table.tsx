import './invites.css';
import { Ban, Package } from 'lucide';
import type { InviteInfo } from '../../../../src/api/guests.ts';
import { ago, until } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import { counted, dateTime } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { type Column, LongTable } from '../../../ui/table.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { standingOf } from '../common/expiry.ts';
import { browserWords } from './browser-words.ts';

/** What can be done with one. */
type Ways = {
  readonly onChange: () => void;
  readonly onPack: (invite: InviteInfo) => void;
};

/** Invites, and who opened each from where. */
export function InviteTable({
  caption,
  invites,
  nowMs,
  ways,
}: {
  readonly caption: string;
  readonly invites: readonly InviteInfo[];
  readonly nowMs: number;
  /** Undefined for those that nothing can be done with any more. */
  readonly ways: Ways | undefined;
}) {
  const opened: Column<InviteInfo> = {
    title: 'Opened',
    cell: (invite) => <Opened invite={invite} nowMs={nowMs} />,
  };
  const columns =
    ways === undefined
      ? [guestColumn, ...pastColumns(), opened]
      : [guestColumn, opened, ...goodColumns(nowMs, ways)];
  return (
    <LongTable
      caption={caption}
      columns={columns}
      rows={invites}
      keyOf={({ id }) => id}
      wordsOf={({ name, slots }) => `${name} ${slots.join(' ')}`}
    />
  );
}

const guestColumn: Column<InviteInfo> = {
  title: 'Guest',
  cell: ({ name, slots }) => (
    <>
      <span class="manage-name">{name}</span>
      <span class="manage-second">to {slots.join(', ')}</span>
    </>
  ),
};

function goodColumns(nowMs: number, { onChange, onPack }: Ways): Column<InviteInfo>[] {
  return [
    { title: 'Ends', cell: ({ expires }) => until(expires, nowMs) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (invite) => (
        <>
          <Button
            icon={Package}
            label={`OBS pack for ${invite.name}`}
            onClick={() => onPack(invite)}
          >
            OBS pack
          </Button>
          <Button
            kind="danger"
            icon={Ban}
            label={`Revoke the invite of ${invite.name}`}
            onClick={() => void revoke(invite, onChange)}
          >
            Revoke
          </Button>
        </>
      ),
    },
  ];
}

function pastColumns(): Column<InviteInfo>[] {
  return [
    { title: 'State', cell: (invite) => <StatusBadge of={standingOf(invite, Date.now())} /> },
    { title: 'Since', cell: ({ revoked, expires }) => dateTime(revoked ?? expires ?? '') },
  ];
}

function Opened({
  invite: { browsers, lastUsed },
  nowMs,
}: {
  readonly invite: InviteInfo;
  readonly nowMs: number;
}) {
  if (lastUsed === null) return <>not yet</>;
  if (browsers.length === 0) return <>{ago(lastUsed, nowMs)}</>;
  return (
    <details class="manage-past invite-browsers">
      <summary>
        {ago(lastUsed, nowMs)}, in {counted(browsers.length, 'browser')}
      </summary>
      <ul class="plain">
        {browsers.map(({ opened, seen, address, userAgent }) => (
          <li key={`${opened} ${address}`} class="manage-second">
            {browserWords(userAgent)}, from {address}: opened {ago(opened, nowMs)}, seen{' '}
            {ago(seen, nowMs)}
          </li>
        ))}
      </ul>
    </details>
  );
}

async function revoke({ id, name }: InviteInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Revoke the invite of “${name}”?`,
    text: 'What this guest sends ends at once, from the browser and from OBS, and the link lets nobody in any more.',
    action: 'Revoke the invite',
    ask: () => api.delete(`/invites/${part(id)}`),
    done: `Revoked the invite of “${name}”.`,
  });
  if (wasTried) onChange();
}
