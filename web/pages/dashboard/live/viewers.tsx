import { useState } from 'preact/hooks';
import type { ListedStream, ViewerInfo } from '../../../../src/api/streams.ts';
import { api, part } from '../../../parts/api.ts';
import { bitrate, counted, duration } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { type Column, Table } from '../../../ui/table.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { EndDialog } from './end-dialog.tsx';
import { protocolName, roundTrip, viewerHealth } from './words.ts';

/** A crowd is a number, not a table: who gets least is listed. */
const ROWS_MAX = 100;

type Props = {
  readonly stream: ListedStream;
  readonly mayChange: boolean;
  /** Somebody was sent away. */
  readonly onChange: () => void;
};

/** How many watch; who they are is asked for when somebody opens the list. */
export function Viewers({ stream, mayChange, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const { viewersNow, viewersMax } = stream;
  if (viewersNow === 0) return null;
  return (
    <details class="stream-viewers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {counted(viewersNow, 'viewer')} <span class="soft">(most at once: {viewersMax})</span>
      </summary>
      {isOpen && <ViewerList stream={stream} mayChange={mayChange} onChange={onChange} />}
    </details>
  );
}

function ViewerList({ stream, mayChange, onChange }: Props) {
  // Asked anew whenever the stream was: something may have changed.
  const asked = useAnswer(
    () => api.get<ListedStream>(`/streams/${stream.name}`, { query: { viewers: ROWS_MAX } }),
    [stream],
  );
  return (
    <Loaded asked={asked}>
      {({ viewers, viewersNow }) => (
        <>
          <ViewerTable viewers={viewers} mayChange={mayChange} onChange={onChange} />
          {viewersNow > viewers.length && (
            <p class="soft small">And {viewersNow - viewers.length} more, who get more.</p>
          )}
        </>
      )}
    </Loaded>
  );
}

/** Who watches, and how that goes. */
function ViewerTable({
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
    if (answer.ok) toast('Sent away. A player comes back by itself.');
    else toast(answer.message, 'error');
    onChange();
  };
  return (
    <>
      <Table
        caption="Viewers"
        columns={mayChange ? [...COLUMNS, actions(sendAway, setBanned)] : COLUMNS}
        rows={worstFirst(viewers)}
        keyOf={({ session }) => session}
      />
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
