import type { ServerInfo } from '../../../../src/api/server.ts';
import { api } from '../../../parts/api.ts';
import { dateTime } from '../../../parts/words.ts';
import { Card, Facts } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';

/** About the server itself. */
export function Section() {
  const asked = useAnswer(() => api.get<ServerInfo>('/server'));
  return (
    <Loaded asked={asked}>
      {({ version, started, url }) => (
        <Card title="This server">
          <CopyField label="Address" value={url} />
          <Facts
            of={[
              ['Version', version],
              ['Running since', dateTime(started)],
            ]}
          />
        </Card>
      )}
    </Loaded>
  );
}
