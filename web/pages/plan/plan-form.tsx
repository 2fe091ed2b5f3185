import { Card } from '../../ui/card.tsx';
import { Field, Select, Switch } from '../../ui/field.tsx';
import { COUNTS, type Form, type Kind, mistakesIn, type NumberName } from './form.ts';

const KINDS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'solo', label: 'One streamer with an audience' },
  { value: 'event', label: 'Guests whom a producer takes in' },
  { value: 'call', label: 'A call in which everybody shares' },
  { value: 'custom', label: 'So many streams in and out' },
];
const LABELS: Readonly<Record<NumberName, string>> = {
  viewers: 'Viewers',
  streamers: 'Guests who stream',
  producers: 'Who takes in all of them',
  people: 'People in the call',
  incoming: 'Streams in',
  outgoing: 'Streams out',
  video: 'Picture, kbit/s',
  audio: 'Sound, kbit/s',
  hours: 'Hours a day',
  days: 'Days a month',
  allowance: 'Transit of the month, GB',
  price: 'Price of the server a month',
  extraPrice: 'Price of each further GB',
  link: 'Line, Mbit/s',
  cores: 'Processor cores',
};

/** Who sends to whom, how much, how long, and what the host offers. */
export function PlanForm({
  form,
  onChange,
}: {
  readonly form: Form;
  readonly onChange: (form: Form) => void;
}) {
  const mistakes = mistakesIn(form);
  const number = (name: NumberName, help?: string) => (
    <Field
      key={name}
      label={LABELS[name]}
      inputMode="decimal"
      maxLength={12}
      value={form[name]}
      onInput={(typed) => onChange({ ...form, [name]: typed })}
      error={mistakes[name]}
      {...(help !== undefined && { help })}
    />
  );
  const turn = (name: 'rtmp' | 'udp' | 'bothWays' | 'ownPicture') => (isOn: boolean) =>
    onChange({ ...form, [name]: isOn });
  return (
    <>
      <Card title="Who sends to whom">
        <Select
          label="What it is"
          value={form.kind}
          options={KINDS}
          onChange={(kind) => onChange({ ...form, kind })}
        />
        <div class="plan-pair">{COUNTS[form.kind].map((name) => number(name))}</div>
        {form.kind === 'call' && (
          <Switch
            label="Everybody gets their own picture back, too"
            checked={form.ownPicture}
            onChange={turn('ownPicture')}
          />
        )}
      </Card>
      <Card title="How much, and how long">
        <div class="plan-pair">
          {number('video')}
          {number('audio')}
          {number('hours')}
          {number('days')}
        </div>
        <Switch
          label="Streamers use RTMP"
          help="Their sound becomes Opus on the server."
          checked={form.rtmp}
          onChange={turn('rtmp')}
        />
        <Switch label="Viewers get the media over UDP" checked={form.udp} onChange={turn('udp')} />
      </Card>
      <Card title="What the host offers" lead="What you do not know, leave empty.">
        <div class="plan-pair">
          {number('allowance')}
          {number('link')}
          {number('price')}
          {number('extraPrice')}
          {number('cores')}
        </div>
        <Switch
          label="The host counts what comes in, too"
          checked={form.bothWays}
          onChange={turn('bothWays')}
        />
      </Card>
    </>
  );
}
