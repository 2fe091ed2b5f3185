import { useState } from 'preact/hooks';
import type { ViewerInfo } from '../../../../src/api/streams.ts';
import { api, part } from '../../../parts/api.ts';
import { bitrate, duration } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { type Column, Table } from '../../../ui/table.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { EndDialog } from './end-dialog.tsx';
import { protocolName, roundTrip, viewerHealth } from './words.ts';

/** A crowd is a number, not a table: who does worst comes first. */
const ROWS_MAX = 100;

/** Who watches, and how that goes. */
export function ViewerTable({
  viewers,
  mayChange,
  onChange,
}: {
  readonly viewers: readonly ViewerInfo[];
  readonly mayChange: boolean;
  readonly onChange: () => void;
}) {
  const [banned, setBanned] = useState<ViewerInfo | undefined>(undefined);
  const sendAway = async ({ session }: ViewerInfo) => {
    const answer = await api.delete(`/sessions/${part(session)}`);
    toast(
      answer.ok ? 'Sent away. A player comes back by itself.' : answer.message,
      answer.ok ? 'good' : 'error',
    );
    onChange();
  };
  const rows = worstFirst(viewers).slice(0, ROWS_MAX);
  return (
    <>
      <Table
        caption="Viewers"
        columns={mayChange ? [...COLUMNS, actions(sendAway, setBanned)] : COLUMNS}
        rows={rows}
        keyOf={({ session }) => session}
      />
      {viewers.length > rows.length && (
        <p class="soft small">And {viewers.length - rows.length} more, who do well.</p>
      )}
      {banned && (
        <EndDialog
          title={`Keep ${addressOf(banned)} out?`}
          path={`/sessions/${part(banned.session)}`}
          what="viewer"
          onDone={onChange}
          onClose={() => setBanned(undefined)}
        />
      )}
    </>
  );
}

const COLUMNS: readonly Column<ViewerInfo>[] = [
  { title: 'Address', cell: addressOf },
  {
    title: 'Watches by',
    cell: ({ protocol, transport }) => `${protocolName(protocol)} over ${transport.toUpperCase()}`,
  },
  { title: 'For', cell: ({ since }) => duration(Date.now() - Date.parse(since)), kind: 'number' },
  { title: 'Gets', cell: ({ bitrateBps }) => bitrate(bitrateBps), kind: 'number' },
  {
    title: 'There and back',
    cell: ({ rttMs }) => (rttMs === null ? '–' : roundTrip(rttMs)),
    kind: 'number',
  },
  {
    title: 'Quality',
    cell: (viewer) => {
      const { status, words } = viewerHealth(viewer);
      return <StatusBadge of={status}>{words}</StatusBadge>;
    },
  },
];

function actions(
  sendAway: (viewer: ViewerInfo) => Promise<void>,
  ban: (viewer: ViewerInfo) => void,
): Column<ViewerInfo> {
  return {
    title: 'Actions',
    kind: 'actions',
    cell: (viewer) => (
      <>
        <Button
          kind="quiet"
          label={`Send away the viewer at ${addressOf(viewer)}`}
          onClick={() => void sendAway(viewer)}
        >
          Send away
        </Button>
        <Button kind="quiet" label={`Keep out ${addressOf(viewer)}`} onClick={() => ban(viewer)}>
          Keep out
        </Button>
      </>
    ),
  };
}

function addressOf({ address }: ViewerInfo): string {
  return address ?? 'unknown';
}

function worstFirst(viewers: readonly ViewerInfo[]): ViewerInfo[] {
  const rank = (viewer: ViewerInfo) => (viewerHealth(viewer).status === 'good' ? 1 : 0);
  return viewers.toSorted((a, b) => rank(a) - rank(b) || a.since.localeCompare(b.since));
}
