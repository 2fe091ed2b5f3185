import './server.css';
import { ScrollText } from 'lucide';
import type { ServerFigures } from '../../../../src/api/figures.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { type Answer, api } from '../../../parts/api.ts';
import { dateTime, duration } from '../../../parts/words.ts';
import { Button } from '../../../ui/button.tsx';
import { Card, EmptyState, Facts, Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { Connection } from '../common/connection.tsx';
import { EventLog } from '../common/event-log.tsx';
import { type EventLogState, useEventLog } from '../common/use-event-log.ts';
import { useLive } from '../common/use-live.ts';
import type { SectionProps } from '../sections.ts';
import { EgressCard } from './egress-card.tsx';
import { MachineCard } from './machine-card.tsx';
import { ReloadButton } from './reload-button.tsx';

/** What is read of the log at a time. */
const EVENTS_PAGE = 50;

type Shown = { readonly server: ServerInfo; readonly figures: ServerFigures };

/** How the machine does, what it costs, and what happened. */
export function Section({ may }: SectionProps) {
  const asked = useAnswer(readAll);
  const log = useEventLog(EVENTS_PAGE);
  const state = useLive({ refresh: asked.reload, open: log.read, event: log.add });
  return (
    <>
      <Connection state={state} failure={asked.failure} />
      <Loaded asked={asked}>
        {({ server, figures }) => (
          <div class="server-cards">
            <EgressCard egress={figures.egress} />
            <div class="server-column">
              <MachineCard figures={figures} />
              <ThisServer server={server} mayReload={may('apps')} />
            </div>
          </div>
        )}
      </Loaded>
      <Log log={log} />
    </>
  );
}

async function readAll(): Promise<Answer<Shown>> {
  const [server, figures] = await Promise.all([
    api.get<ServerInfo>('/server'),
    api.get<ServerFigures>('/server/figures'),
  ]);
  if (!server.ok) return server;
  if (!figures.ok) return figures;
  return { ok: true, value: { server: server.value, figures: figures.value } };
}

function ThisServer({
  server,
  mayReload,
}: {
  readonly server: ServerInfo;
  readonly mayReload: boolean;
}) {
  const { version, started, url, ports } = server;
  const upMs = Date.now() - Date.parse(started);
  return (
    <Card title="This server">
      <CopyField label="Address" value={url} />
      <Facts
        of={[
          ['Version', version],
          ['Running for', `${duration(upMs)}, since ${dateTime(started)}`],
          [
            'Pages',
            portsLine([
              ['HTTP', ports.http],
              ['HTTPS', ports.https],
            ]),
          ],
          ['RTMP', ports.rtmp === null ? 'Off' : `port ${ports.rtmp}`],
          [
            'Media',
            portsLine([
              ['TCP', ports.iceTcp],
              ['UDP', ports.iceUdp],
            ]),
          ],
          ['Everything through', ports.onePort === null ? undefined : `port ${ports.onePort}`],
        ]}
      />
      {mayReload && <ReloadButton />}
    </Card>
  );
}

function portsLine(ports: readonly (readonly [name: string, port: number | null])[]): string {
  return ports.flatMap(([name, port]) => (port === null ? [] : [`${name} ${port}`])).join(', ');
}

function Log({ log }: { readonly log: EventLogState }) {
  const { events, failure, hasMore, readOlder, read } = log;
  return (
    <Card title="What happened" lead="Kept are the newest 10 000. They show up here by themselves.">
      {failure && (
        <Notice tone="error" action={<Button onClick={read}>Try again</Button>}>
          {failure.message}
        </Notice>
      )}
      {events?.length === 0 && (
        <EmptyState icon={ScrollText} title="Nothing happened yet">
          Streams that begin and end, keys that are refused and what hurts a picture will be told
          here.
        </EmptyState>
      )}
      {events !== undefined && events.length > 0 && <EventLog events={events} />}
      {hasMore && <Button onClick={readOlder}>Show older</Button>}
    </Card>
  );
}
