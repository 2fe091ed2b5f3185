import { CircleStop, Share2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { TallyState } from '../../../../src/api/guests.ts';
import type { ListedStream, PublisherInfo } from '../../../../src/api/streams.ts';
import { isTestStream, type StreamName } from '../../../../src/base/names.ts';
import { duration, percent } from '../../../parts/words.ts';
import { Badge, StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { Card, Facts } from '../../../ui/card.tsx';
import { DoctorSummary } from '../../../ui/doctor.tsx';
import { BitrateGraph } from './bitrate-graph.tsx';
import { EndDialog } from './end-dialog.tsx';
import { Preview } from './preview.tsx';
import { ShareDialog } from './share-dialog.tsx';
import { TallyButtons } from './tally-buttons.tsx';
import { Viewers } from './viewers.tsx';
import { audioLine, publisherLine, roundTrip, videoLine } from './words.ts';

export type StreamCardProps = {
  readonly stream: ListedStream;
  readonly tally: TallyState;
  /** Where others find this server. */
  readonly url: string;
  readonly mayChange: boolean;
  /** Something was done: what is shown is to be read anew. */
  readonly onChange: () => void;
};

/** One stream: its picture, who sends it, how it does, and who watches. */
export function StreamCard({ stream, tally, url, mayChange, onChange }: StreamCardProps) {
  const { name, publisher } = stream;
  const [open, setOpen] = useState<'share' | 'end' | undefined>(undefined);
  const isTest = isTestStream(name as StreamName);
  const close = () => setOpen(undefined);
  return (
    <Card
      title={isTest ? 'A guest’s test' : <a href={`/${name}`}>{name}</a>}
      badge={<Badges stream={stream} tally={tally} isTest={isTest} />}
      actions={
        <>
          {!isTest && (
            <Button icon={Share2} label={`Share ${name}`} onClick={() => setOpen('share')}>
              Share
            </Button>
          )}
          {mayChange && publisher !== null && (
            <Button
              icon={CircleStop}
              kind="danger"
              label={`End ${name}`}
              onClick={() => setOpen('end')}
            >
              End
            </Button>
          )}
        </>
      }
    >
      {publisher !== null && <DoctorSummary stream={name} publisher={publisher} />}
      {publisher !== null && (
        <div class="stream-body">
          <div class="stream-seen">
            {!isTest && <Preview name={name} codec={publisher.video?.codec} />}
            <BitrateGraph stream={stream} />
          </div>
          <div class="stream-about">
            <About publisher={publisher} publishedBy={stream.publishedBy} />
            {mayChange && !isTest && (
              <TallyButtons stream={name} state={tally} onChange={onChange} />
            )}
          </div>
        </div>
      )}
      <Viewers stream={stream} mayChange={mayChange} onChange={onChange} />
      {open === 'share' && <ShareDialog name={name} url={url} onClose={close} />}
      {open === 'end' && publisher !== null && (
        <EndDialog
          title={`End ${name}?`}
          path={`/streams/${name}/publisher`}
          what={whatEnds(stream)}
          onDone={onChange}
          onClose={close}
        />
      )}
    </Card>
  );
}

function whatEnds({ publisher, publishedBy }: ListedStream): 'demo' | 'guest' | 'publisher' {
  if (publisher?.protocol === 'demo') return 'demo';
  return publishedBy?.kind === 'invite' ? 'guest' : 'publisher';
}

function Badges({
  stream: { live, publisher },
  tally,
  isTest,
}: {
  readonly stream: ListedStream;
  readonly tally: TallyState;
  readonly isTest: boolean;
}) {
  return (
    <>
      {isTest && <Badge tone="accent">Test</Badge>}
      {live && !isTest && <StatusBadge of="live" />}
      {publisher === null && <StatusBadge of="waiting">Nobody publishes</StatusBadge>}
      {tally !== 'off' && (
        <Badge tone={tally === 'program' ? 'live' : 'good'}>
          {tally === 'program' ? 'On air' : 'In preview'}
        </Badge>
      )}
    </>
  );
}

function About({
  publisher,
  publishedBy,
}: {
  readonly publisher: PublisherInfo;
  readonly publishedBy: ListedStream['publishedBy'];
}) {
  const { address, since, video, audio, layers, loss, rttMs } = publisher;
  const flowing = layers.filter(({ active }) => active).length;
  return (
    <Facts
      of={[
        [publishedBy?.kind === 'invite' ? 'Guest' : 'Key', publishedBy?.name],
        ['From', [publisherLine(publisher), address].filter(Boolean).join(', ')],
        ['For', duration(Date.now() - Date.parse(since))],
        ['Picture', video === null ? 'None' : videoLine(video)],
        ['Sound', audio === null ? 'None' : audioLine(audio)],
        ['Layers', layers.length > 0 ? `${flowing} of ${layers.length} are sent` : undefined],
        ['Way here', wayLine(rttMs, loss)],
      ]}
    />
  );
}

function wayLine(rttMs: number | null, loss: number): string | undefined {
  const parts = [
    ...(rttMs === null ? [] : [`${roundTrip(rttMs)} there and back`]),
    ...(loss > 0 ? [`${percent(loss)} lost`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
