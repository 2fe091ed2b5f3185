import '../common/manage.css';
import { BellRing, Plus } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { EventType } from '../../../../src/api/events.ts';
import type { ChangedTarget, TargetInfo, TargetsResponse } from '../../../../src/api/targets.ts';
import { api } from '../../../parts/api.ts';
import { readEvents } from '../../../parts/live-events.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { TargetCard } from './target-card.tsx';
import { TargetForm } from './target-form.tsx';
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
  const [open, setOpen] = useState<'new' | TargetInfo | undefined>(undefined);
  const [made, setMade] = useState<ChangedTarget | undefined>(undefined);
  const isNew = open === 'new';
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setOpen('new')}>
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
                <TargetCard
                  key={target.id}
                  target={target}
                  onEdit={() => setOpen(target)}
                  onChange={asked.reload}
                />
              ))}
            </>
          )
        }
      </Loaded>
      {open !== undefined && (
        <TargetForm
          target={isNew ? undefined : open}
          onClose={() => setOpen(undefined)}
          onDone={(done) => {
            setOpen(undefined);
            if (done.secret !== null) setMade(done);
            else
              toast(
                isNew
                  ? `${done.target.name} is told from now on. Send a test.`
                  : `“${done.target.name}” is changed.`,
              );
            asked.reload();
          }}
        />
      )}
      {made !== undefined && <WebhookSecret made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}
