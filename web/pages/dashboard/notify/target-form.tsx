import { useState } from 'preact/hooks';
import { EVENT_TYPES, type EventType } from '../../../../src/api/events.ts';
import type {
  ChangedTarget,
  MadeTarget,
  TargetChange,
  TargetInfo,
} from '../../../../src/api/targets.ts';
import { type Answer, api, part } from '../../../parts/api.ts';
import { Field, Group, Select, Switch } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { wordsIn } from '../common/target.ts';
import { changesOf, isUsuallyTold } from './changes.ts';
import { EVENT_WORDS } from './words.ts';

type Kind = TargetInfo['kind'];

const KIND_OPTIONS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'discord', label: 'A channel of Discord' },
  { value: 'webhook', label: 'A program of your own (webhook)' },
];
const URL_HELP: Readonly<Record<Kind, string>> = {
  discord:
    'In Discord, at the channel: Edit Channel, Integrations, Webhooks, New Webhook, Copy Webhook URL. Whoever has it can write there.',
  webhook:
    'Where it takes a POST. Addresses of private networks stand in the configuration: from here nothing is sent to them.',
};
const USUAL: Readonly<Record<Kind, string>> = {
  discord: 'The usual for Discord: when a stream begins and ends',
  webhook: 'The usual for a program: everything but viewers that come and go',
};

type Props = {
  /** That is to be changed; undefined: a new one. */
  readonly target?: TargetInfo | undefined;
  readonly onClose: () => void;
  readonly onDone: (done: ChangedTarget) => void;
};

/** Whom to tell, and of what. */
export function TargetForm({ target, onClose, onDone }: Props) {
  const [kind, setKind] = useState<Kind>(target?.kind ?? 'discord');
  const [name, setName] = useState(target?.name ?? '');
  const [url, setUrl] = useState('');
  const [isUsual, setUsual] = useState(target === undefined || isUsuallyTold(target));
  const [events, setEvents] = useState<readonly EventType[]>(target?.events ?? []);
  const [streams, setStreams] = useState(target?.streams.join(' ') ?? '');
  const [wantsSecret, setWantsSecret] = useState(false);
  const [wasTried, setTried] = useState(false);
  const lacksUrl = target === undefined && url.trim() === '';
  const save = async () => {
    setTried(true);
    if (name.trim() === '' || lacksUrl) return undefined;
    if (!isUsual && events.length === 0) return 'Choose what it is told of.';
    const given = {
      ...{ name: name.trim(), streams: wordsIn(streams), events: isUsual ? [] : events },
      ...(url.trim() !== '' && { url: url.trim() }),
    };
    const answer =
      target === undefined
        ? await api.post<MadeTarget>('/targets', { ...given, kind })
        : await change(target, {
            ...changesOf(given, target),
            ...(wantsSecret && { secret: null }),
          });
    if (!answer.ok) return answer.message;
    onDone(answer.value);
    return undefined;
  };
  return (
    <FormDialog
      title={target === undefined ? 'Add a notification' : `Change “${target.name}”`}
      submit={target === undefined ? 'Add it' : 'Save the changes'}
      onSubmit={save}
      onClose={onClose}
    >
      {target === undefined && (
        <Select label="Who is told" value={kind} options={KIND_OPTIONS} onChange={setKind} />
      )}
      <Field
        label="Name"
        help="For you: it stands in this list and in the log."
        value={name}
        onInput={setName}
        placeholder="crew"
        maxLength={64}
        error={wasTried && name.trim() === '' ? 'Give it a name, such as “crew”.' : undefined}
      />
      <Address
        kind={kind}
        before={target?.url}
        value={url}
        onInput={setUrl}
        error={wasTried && lacksUrl ? 'Paste the address.' : undefined}
      />
      {target?.kind === 'webhook' && <NewSecret checked={wantsSecret} onChange={setWantsSecret} />}
      <Switch label={USUAL[kind]} checked={isUsual} onChange={setUsual} />
      {!isUsual && <Events chosen={events} onChange={setEvents} />}
      <Field
        label="Only of these"
        help="Apps or streams, such as: show talk/stage. Empty: all."
        value={streams}
        onInput={setStreams}
        maxLength={1000}
        mono
      />
    </FormDialog>
  );
}

function NewSecret(props: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <Switch
      {...props}
      label="Make a new signing secret"
      help="The former one is good no more: the program has to be given the new one, which is shown once."
    />
  );
}

function change({ id }: TargetInfo, to: TargetChange): Promise<Answer<ChangedTarget>> {
  return api.patch<ChangedTarget>(`/targets/${part(id)}`, to);
}

function Address({
  kind,
  before,
  ...field
}: {
  readonly kind: Kind;
  /** As far as it is shown. */
  readonly before: string | undefined;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly error: string | undefined;
}) {
  const help =
    before === undefined
      ? URL_HELP[kind]
      : `Empty: stays at ${before.replace('/…', '')}. What waits to be sent goes to a new one, too.`;
  return (
    <Field
      {...field}
      label={before === undefined ? 'Address' : 'New address'}
      help={help}
      type="url"
      inputMode="url"
      maxLength={2000}
      mono
    />
  );
}

function Events({
  chosen,
  onChange,
}: {
  readonly chosen: readonly EventType[];
  readonly onChange: (chosen: readonly EventType[]) => void;
}) {
  return (
    <Group title="Told when">
      {EVENT_TYPES.filter((type) => type !== 'target.test').map((type) => (
        <Switch
          key={type}
          label={EVENT_WORDS[type]}
          checked={chosen.includes(type)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, type] : chosen.filter((one) => one !== type))
          }
        />
      ))}
    </Group>
  );
}
