import { Field, Select } from '../../../ui/field.tsx';
import type { Expiry, Lasting } from './expiry.ts';
import type { Reach, Target } from './target.ts';

const LASTING: readonly { readonly value: Lasting; readonly label: string }[] = [
  { value: 'never', label: 'Until it is revoked' },
  { value: 'hour', label: 'For an hour' },
  { value: 'day', label: 'For a day' },
  { value: 'week', label: 'For a week' },
  { value: 'month', label: 'For 30 days' },
  { value: 'year', label: 'For a year' },
  { value: 'date', label: 'Until a date …' },
];

/** For how long something is good. */
export function ExpiryField({
  value,
  onChange,
  error,
}: {
  readonly value: Expiry;
  readonly onChange: (value: Expiry) => void;
  readonly error?: string | undefined;
}) {
  return (
    <>
      <Select
        label="How long it is good"
        value={value.lasting}
        options={LASTING}
        onChange={(lasting) => onChange({ ...value, lasting })}
      />
      {value.lasting === 'date' && (
        <Field
          label="Until"
          type="datetime-local"
          value={value.date}
          onInput={(date) => onChange({ ...value, date })}
          error={error}
        />
      )}
    </>
  );
}

const REACHES: readonly { readonly value: Reach; readonly label: string }[] = [
  { value: 'stream', label: 'One stream' },
  { value: 'app', label: 'An app, with all its streams' },
  { value: 'all', label: 'Everything' },
];

/** What something is for. */
export function TargetField({
  value,
  onChange,
  error,
}: {
  readonly value: Target;
  readonly onChange: (value: Target) => void;
  readonly error?: string | undefined;
}) {
  const { reach, name } = value;
  return (
    <>
      <Select
        label="For"
        value={reach}
        options={REACHES}
        onChange={(chosen) => onChange({ ...value, reach: chosen })}
      />
      {reach !== 'all' && (
        <Field
          label={reach === 'app' ? 'App' : 'Stream'}
          mono
          value={name}
          placeholder={reach === 'app' ? 'show' : 'show/slot-1'}
          maxLength={130}
          onInput={(typed) => onChange({ ...value, name: typed })}
          error={error}
        />
      )}
    </>
  );
}

/** What to say where {@link TargetField} holds no name. */
export const BAD_TARGET: Readonly<Record<Reach, string>> = {
  stream: 'Write an app and a stream with a slash between them, such as show/slot-1.',
  app: 'Write the name of an app, such as show.',
  all: '',
};
export const BAD_DATE = 'Give a day and a time that are still to come.';
