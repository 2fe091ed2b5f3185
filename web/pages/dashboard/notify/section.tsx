import '../common/manage.css';
import { BellRing, Plus } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { EventType } from '../../../../src/api/events.ts';
import type { MadeTarget, TargetsResponse } from '../../../../src/api/targets.ts';
import { api } from '../../../parts/api.ts';
import { readEvents } from '../../../parts/live-events.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { NewTarget } from './new-target.tsx';
import { TargetCard } from './target-card.tsx';
import { WebhookSecret } from './webhook-secret.tsx';

/** What most are told of, or what goes wrong with it: what came of it may have changed. */
const TELLING: readonly EventType[] = ['stream.live', 'stream.ended', 'target.failing'];

/** Channels of Discord and programs that are told what happens. */
export function Section() {
  const asked = useAnswer(() => api.get<TargetsResponse>('/targets'));
  useEffect(
    () =>
      readEvents('/api/events', {
        event: ({ type }) => TELLING.includes(type) && asked.reload(),
        refresh: asked.reload,
      }),
    [asked.reload],
  );
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<MadeTarget | undefined>(undefined);
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setAdding(true)}>
      Add a notification
    </Button>
  );
  return (
    <div class="manage-stack">
      <Loaded asked={asked}>
        {({ targets }) =>
          targets.length === 0 ? (
            <EmptyState icon={BellRing} title="Nobody is told yet" action={add}>
              A channel of Discord can say who is live, and a program of yours can be told of
              everything that happens here.
            </EmptyState>
          ) : (
            <>
              <div class="ui-buttons">{add}</div>
              {targets.map((target) => (
                <TargetCard key={target.id} target={target} onChange={asked.reload} />
              ))}
            </>
          )
        }
      </Loaded>
      {isAdding && (
        <NewTarget
          onClose={() => setAdding(false)}
          onMade={(target) => {
            setAdding(false);
            if (target.secret === null)
              toast(`${target.target.name} is told from now on. Send a test.`);
            else setMade(target);
            asked.reload();
          }}
        />
      )}
      {made !== undefined && <WebhookSecret made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}
