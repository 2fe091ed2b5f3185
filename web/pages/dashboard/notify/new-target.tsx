import { useState } from 'preact/hooks';
import { EVENT_TYPES, type EventType } from '../../../../src/api/events.ts';
import type { MadeTarget, TargetInfo } from '../../../../src/api/targets.ts';
import { api } from '../../../parts/api.ts';
import { Field, Group, Select, Switch } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { wordsIn } from '../common/target.ts';
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

/** Whom to tell, and of what. */
export function NewTarget({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (made: MadeTarget) => void;
}) {
  const [kind, setKind] = useState<Kind>('discord');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [isUsual, setUsual] = useState(true);
  const [events, setEvents] = useState<readonly EventType[]>([]);
  const [streams, setStreams] = useState('');
  const [wasTried, setTried] = useState(false);
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || url.trim() === '') return undefined;
    if (!isUsual && events.length === 0) return 'Choose what it is told of.';
    const answer = await api.post<MadeTarget>('/targets', {
      ...{ name: name.trim(), kind, url: url.trim(), streams: wordsIn(streams) },
      ...(!isUsual && { events }),
    });
    if (!answer.ok) return answer.message;
    onMade(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Add a notification" submit="Add it" onSubmit={make} onClose={onClose}>
      <Select label="Who is told" value={kind} options={KIND_OPTIONS} onChange={setKind} />
      <Field
        label="Name"
        help="For you: it stands in this list and in the log."
        value={name}
        onInput={setName}
        placeholder="crew"
        maxLength={64}
        error={wasTried && name.trim() === '' ? 'Give it a name, such as “crew”.' : undefined}
      />
      <Field
        label="Address"
        help={URL_HELP[kind]}
        type="url"
        inputMode="url"
        value={url}
        onInput={setUrl}
        maxLength={2000}
        error={wasTried && url.trim() === '' ? 'Paste the address.' : undefined}
        mono
      />
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
