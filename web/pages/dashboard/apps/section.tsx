import '../common/manage.css';
import { LayoutGrid, Plus } from 'lucide';
import { useState } from 'preact/hooks';
import type { AppsResponse } from '../../../../src/api/access.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { api } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState, Notice } from '../../../ui/card.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import type { SectionProps } from '../sections.ts';
import { AppCard } from './app-card.tsx';
import { NewApp } from './new-app.tsx';

/** Apps, their settings, and the streams that are listed in them. */
export function Section({ may }: SectionProps) {
  const asked = useAnswer(() => api.get<AppsResponse>('/apps'));
  const server = useAnswer(() => api.get<ServerInfo>('/server'));
  const [isMaking, setMaking] = useState(false);
  const mayChange = may('apps');
  const add = mayChange ? (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make an app
    </Button>
  ) : undefined;
  return (
    <div class="manage-stack">
      <Loaded asked={asked}>
        {({ apps, anyName }) => (
          <>
            {apps.length > 0 && add && <div class="ui-buttons">{add}</div>}
            {anyName && apps.length > 0 && <AnyName />}
            {apps.length === 0 && (
              <EmptyState icon={LayoutGrid} title="No app of its own yet" action={add}>
                An app is the first part of a stream’s name, as show in show/slot-1. Every name
                works already, with the usual settings; make an app to give one its own.
              </EmptyState>
            )}
            {apps.map((app) => (
              <AppCard
                key={app.name}
                app={app}
                server={server.value}
                mayChange={mayChange}
                onChange={asked.reload}
              />
            ))}
          </>
        )}
      </Loaded>
      {isMaking && (
        <NewApp
          onClose={() => setMaking(false)}
          onMade={(name) => {
            setMaking(false);
            toast(`Made the app ${name}.`);
            asked.reload();
          }}
        />
      )}
    </div>
  );
}

function AnyName() {
  return (
    <Notice>
      Apps that are not in this list are served too, with the usual settings: who has a key for
      everything can publish under any name. To have only listed ones, list them below “apps” in the
      configuration.
    </Notice>
  );
}
