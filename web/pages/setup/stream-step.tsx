import { useState } from 'preact/hooks';
import type { AppsResponse, MadeKey, SlotInfo } from '../../../src/api/access.ts';
import { appOf, parseStreamName, type StreamName } from '../../../src/base/names.ts';
import { type Answer, api, part } from '../../parts/api.ts';
import type { Person } from '../../parts/session.ts';
import { Field, Select } from '../../ui/field.tsx';
import { Loaded, useAnswer } from '../../ui/use-answer.tsx';
import { StepForm } from './step-form.tsx';

/** What the first step towards a picture has made. */
export type FirstStream = {
  /** `app/stream`. */
  readonly stream: string;
  readonly secret: string;
};

type Viewing = 'public' | 'link' | 'members';
const VIEWINGS: readonly { readonly value: Viewing; readonly label: string }[] = [
  { value: 'public', label: 'Whoever knows the address' },
  { value: 'link', label: 'Who has a link that I make' },
  { value: 'members', label: 'Who has an account here' },
];
const USUAL_APP = 'live';
const USUAL_STREAM = 'stage';

export function StreamStep({
  owner,
  onDone,
}: {
  readonly owner: Person;
  readonly onDone: (first: FirstStream) => void;
}) {
  const asked = useAnswer(() => api.get<AppsResponse>('/apps'));
  return <Loaded asked={asked}>{({ apps }) => <Naming {...{ owner, apps, onDone }} />}</Loaded>;
}

function Naming({
  owner,
  apps,
  onDone,
}: {
  readonly owner: Person;
  readonly apps: AppsResponse['apps'];
  readonly onDone: (first: FirstStream) => void;
}) {
  const [app, setApp] = useState(apps[0]?.name ?? USUAL_APP);
  const [stream, setStream] = useState(USUAL_STREAM);
  const [viewing, setViewing] = useState<Viewing>('public');
  const name = parseStreamName(`${app.trim()}/${stream.trim()}`);
  const present = apps.find((one) => one.name === app.trim());
  const make = async () => {
    if (name === undefined) return BAD_NAME;
    const ready = await prepare(present, name, viewing);
    if (!ready.ok) return ready.message;
    const key = await api.post<MadeKey>('/keys', { name: `OBS of ${owner.name}`, target: name });
    if (!key.ok) return key.message;
    onDone({ stream: name, secret: key.value.secret });
    return undefined;
  };
  return (
    <StepForm submit="Go on" onSubmit={make}>
      <div class="setup-pair">
        <Field
          label="App"
          help="The first part of stream names: for a show, a room, a group."
          value={app}
          onInput={setApp}
          maxLength={64}
          mono
        />
        <Field
          label="Stream"
          help="The second part: for a camera, a person."
          value={stream}
          onInput={setStream}
          maxLength={64}
          mono
        />
      </div>
      <p class="soft">
        Viewers will find it at{' '}
        <code>{name === undefined ? '…' : `${location.origin}/${name}`}</code>
      </p>
      {present === undefined && (
        <Select
          label="Who may watch"
          help="You can change it later, with everything else, on the dashboard."
          value={viewing}
          options={VIEWINGS}
          onChange={setViewing}
        />
      )}
    </StepForm>
  );
}

type App = AppsResponse['apps'][number];

/** The app, and the stream's name in it where only listed ones are served. */
async function prepare(
  present: App | undefined,
  name: StreamName,
  viewing: Viewing,
): Promise<Answer<unknown>> {
  const app = appOf(name);
  if (present === undefined) {
    const made = await api.post('/apps', { name: app, settings: { viewing } });
    // Made a moment ago, before a key that failed or in another tab: that is what is wanted.
    return made.ok || made.reason !== 'already-there' ? made : { ok: true, value: undefined };
  }
  if (present.settings['streams'] !== 'declared') return { ok: true, value: undefined };
  const stream = name.slice(app.length + 1);
  if ((present.settings['slots'] as readonly string[]).includes(stream)) {
    return { ok: true, value: undefined };
  }
  const path = `/apps/${part(app)}/slots`;
  const listed = await api.get<{ readonly slots: readonly SlotInfo[] }>(path);
  // Listing it once more would take its label away.
  const isListed = listed.ok && listed.value.slots.some((slot) => slot.name === name);
  return isListed ? listed : api.put(`${path}/${part(stream)}`, { label: '' });
}

const BAD_NAME = 'Names have letters, digits, “_”, “-” and “.”, as in live and stage.';
