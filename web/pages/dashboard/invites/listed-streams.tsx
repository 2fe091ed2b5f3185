import type { AppInfo, AppsResponse, SlotInfo } from '../../../../src/api/access.ts';
import { type Answer, api, part } from '../../../parts/api.ts';
import { Select } from '../../../ui/field.tsx';
import { useAnswer } from '../../../ui/use-answer.tsx';
import { slotsOf } from '../apps/slot-list.ts';

type Listed = { readonly stream: string; readonly label: string };

/** Each is one more question; whoever has more apps than these writes the names. */
const APPS_MAX = 20;

/** The streams that are listed in apps, to be picked instead of written. Nothing, where there are none, or they cannot be had. */
export function ListedStreams({
  taken,
  onPick,
}: {
  readonly taken: readonly string[];
  readonly onPick: (stream: string) => void;
}) {
  const listed = useAnswer(readListed).value?.filter(({ stream }) => !taken.includes(stream));
  if (listed === undefined || listed.length === 0) return null;
  return (
    <Select
      label="Add a listed stream"
      value=""
      options={[
        { value: '', label: 'Choose …' },
        ...listed.map(({ stream, label }) => ({
          value: stream,
          label: label === '' ? stream : `${stream}: ${label}`,
        })),
      ]}
      onChange={(stream) => stream !== '' && onPick(stream)}
    />
  );
}

async function readListed(): Promise<Answer<readonly Listed[]>> {
  const answer = await api.get<AppsResponse>('/apps');
  if (!answer.ok) return answer;
  const apps = await Promise.all(answer.value.apps.slice(0, APPS_MAX).map(readApp));
  return { ok: true, value: apps.flat() };
}

async function readApp(app: AppInfo): Promise<Listed[]> {
  const answer = await api.get<{ readonly slots: readonly SlotInfo[] }>(
    `/apps/${part(app.name)}/slots`,
  );
  return slotsOf(app, answer.ok ? answer.value.slots : []).map(({ stream, label }) => ({
    stream: `${app.name}/${stream}`,
    label,
  }));
}
