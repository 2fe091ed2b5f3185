import './live.css';
import { RadioTower } from 'lucide';
import type { KeptEvent } from '../../../../src/api/events.ts';
import type { ServerFigures } from '../../../../src/api/figures.ts';
import type { TalliesResponse } from '../../../../src/api/guests.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import type { ListedStream, StreamsResponse } from '../../../../src/api/streams.ts';
import { type Answer, api } from '../../../parts/api.ts';
import { siteFor } from '../../../parts/site.ts';
import { bitrate, bytes, percent } from '../../../parts/words.ts';
import { Button } from '../../../ui/button.tsx';
import { Card, EmptyState } from '../../../ui/card.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { Connection } from '../common/connection.tsx';
import { EventLog } from '../common/event-log.tsx';
import { Figures } from '../common/figures.tsx';
import { useEventLog } from '../common/use-event-log.ts';
import { useLive } from '../common/use-live.ts';
import type { SectionProps } from '../sections.ts';
import { StreamCard } from './stream-card.tsx';

type Shown = {
  readonly streams: readonly ListedStream[];
  readonly figures: ServerFigures;
  readonly tallies: TalliesResponse['tallies'];
};

/** What just happened; all of it is in the server's section. */
const EVENTS_SHOWN = 6;

/** What is live: who sends it, how it does, who watches. */
export function Section({ may }: SectionProps) {
  const asked = useAnswer(readAll);
  const server = useAnswer(() => api.get<ServerInfo>('/server'));
  const log = useEventLog(EVENTS_SHOWN);
  const state = useLive({ refresh: asked.reload, open: log.read, event: log.add });
  return (
    <Loaded asked={asked}>
      {({ streams, figures, tallies }) => (
        <>
          <Connection state={state} failure={asked.failure} />
          <Summary figures={figures} />
          {streams.length === 0 && <NothingLive />}
          {inOrder(streams).map((stream) => (
            <StreamCard
              key={stream.name}
              stream={stream}
              tally={tallies.find((one) => one.stream === stream.name)?.state ?? 'off'}
              url={siteFor(server.value?.url, location.origin)}
              mayChange={may('streams.write')}
              onChange={asked.reload}
            />
          ))}
          <Lately events={log.events?.slice(0, EVENTS_SHOWN)} />
        </>
      )}
    </Loaded>
  );
}

/** The first that fails is what is said. */
async function readAll(): Promise<Answer<Shown>> {
  const [streams, figures, tallies] = await Promise.all([
    api.get<StreamsResponse>('/streams', { query: { viewers: 0 } }),
    api.get<ServerFigures>('/server/figures'),
    api.get<TalliesResponse>('/tally'),
  ]);
  if (!streams.ok) return streams;
  if (!figures.ok) return figures;
  if (!tallies.ok) return tallies;
  return { ok: true, value: { ...streams.value, ...tallies.value, figures: figures.value } };
}

function Lately({ events }: { readonly events: readonly KeptEvent[] | undefined }) {
  if (events === undefined || events.length === 0) return null;
  return (
    <Card title="Lately" actions={<Button href="#server">All events</Button>}>
      <EventLog events={events} />
    </Card>
  );
}

/** By name, so that nothing jumps; what only waits comes last. */
function inOrder(streams: readonly ListedStream[]): ListedStream[] {
  return streams.toSorted(
    (a, b) => Number(b.live) - Number(a.live) || a.name.localeCompare(b.name, 'en'),
  );
}

function Summary({ figures }: { readonly figures: ServerFigures }) {
  const { streams, viewers, receivedBps, egress } = figures;
  const { nowBps, limitBps, monthBytes, monthLimitBytes } = egress;
  const share = (value: number, limit: number | null, whole: string) =>
    limit === null ? undefined : `${percent(value / limit)} of ${whole}`;
  return (
    <Figures
      of={[
        { name: 'Live', value: streams },
        { name: 'Viewers', value: viewers },
        { name: 'Coming in', value: bitrate(receivedBps) },
        {
          name: 'Going out',
          value: bitrate(nowBps),
          note: share(nowBps, limitBps, bitrate(limitBps ?? 0)),
        },
        {
          name: 'Out this month',
          value: bytes(monthBytes),
          note: share(monthBytes, monthLimitBytes, bytes(monthLimitBytes ?? 0)),
        },
      ]}
    />
  );
}

function NothingLive() {
  return (
    <EmptyState
      icon={RadioTower}
      title="Nothing is live right now"
      action={
        <Button kind="primary" href="/#publish-title">
          How to publish
        </Button>
      }
    >
      Start streaming in OBS or ffmpeg, or ask somebody to: a stream shows up here by itself.
    </EmptyState>
  );
}
