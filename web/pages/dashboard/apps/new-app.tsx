import { useState } from 'preact/hooks';
import type { AppInfo } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import { Field, Select } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { writeTarget } from '../common/target.ts';
import { GROUPS } from './settings.ts';

/** A name and who may watch; everything else has a good value by itself. */
export function NewApp({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (name: string) => void;
}) {
  const [name, setName] = useState('');
  const [viewing, setViewing] = useState('public');
  const [error, setError] = useState<string | undefined>(undefined);
  const make = async () => {
    const given = writeTarget({ reach: 'app', name });
    setError(
      given === undefined ? 'Use letters, digits, “_”, “-” and “.”, as in show.' : undefined,
    );
    if (given === undefined) return undefined;
    const answer = await api.post<AppInfo>('/apps', { name: given, settings: { viewing } });
    if (!answer.ok) return answer.message;
    onMade(given);
    return undefined;
  };
  return (
    <FormDialog title="Make an app" submit="Make the app" onSubmit={make} onClose={onClose}>
      <Field
        label="Name"
        help="The first part of its streams’ names, as show in show/slot-1. It cannot be changed later."
        value={name}
        onInput={setName}
        placeholder="show"
        maxLength={64}
        error={error}
        focused
        mono
      />
      <Select
        label="Who may watch"
        value={viewing}
        options={VIEWINGS}
        onChange={setViewing}
        help={viewing === 'password' ? 'Set the password in its settings afterwards.' : undefined}
      />
    </FormDialog>
  );
}

const VIEWINGS = GROUPS.flatMap(({ settings }) => settings).flatMap(({ key, control }) =>
  key === 'viewing' && control.kind === 'choice' ? control.options : [],
);
