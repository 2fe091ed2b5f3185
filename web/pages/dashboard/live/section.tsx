import { RadioTower } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { StreamsResponse } from '../../../../src/api/streams.ts';
import { api } from '../../../parts/api.ts';
import { readEvents } from '../../../parts/live-events.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { Card, EmptyState } from '../../../ui/card.tsx';
import { DoctorSummary } from '../../../ui/doctor.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';

/** What is live now. */
export function Section() {
  const asked = useAnswer(() => api.get<StreamsResponse>('/streams'));
  useEffect(
    () => readEvents('/api/events', { event: asked.reload, refresh: asked.reload }),
    [asked.reload],
  );
  return (
    <Loaded asked={asked}>
      {({ streams }) =>
        streams.length === 0 ? (
          <EmptyState
            icon={RadioTower}
            title="Nothing is live right now"
            action={<Button href="/">How to publish</Button>}
          >
            Start streaming from OBS or ffmpeg: it shows up here by itself.
          </EmptyState>
        ) : (
          streams.map(({ name, live, publisher }) => (
            <Card key={name} title={name} badge={<StatusBadge of={live ? 'live' : 'waiting'} />}>
              {publisher && <DoctorSummary stream={name} publisher={publisher} />}
            </Card>
          ))
        )
      }
    </Loaded>
  );
}
