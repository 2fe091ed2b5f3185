import { useState } from 'preact/hooks';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../../../src/api/limits.ts';
import { api } from '../../parts/api.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { toast } from '../../ui/toasts.tsx';

type Props = { readonly name: string; readonly onChange: () => void };

export function OwnPassword({ name, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Card
      title="Password"
      lead="A new one signs you out everywhere else."
      actions={<Button onClick={() => setOpen(true)}>Change the password</Button>}
    >
      {isOpen && (
        <NewPassword
          name={name}
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            toast('Your password is changed. Everywhere else you are signed out.');
            onChange();
          }}
        />
      )}
    </Card>
  );
}

function NewPassword({
  name,
  onClose,
  onDone,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [old, setOld] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [wasTried, setTried] = useState(false);
  const trouble = troubleIn({ old, password, again });
  const change = async () => {
    setTried(true);
    if (Object.keys(trouble).length > 0) return undefined;
    const answer = await api.put('/account/password', { old, password });
    if (!answer.ok) return answer.message;
    onDone();
    return undefined;
  };
  const shown = wasTried ? trouble : {};
  return (
    <FormDialog
      title="Change your password"
      submit="Change the password"
      onSubmit={change}
      onClose={onClose}
    >
      {/* Password managers want to know whose it is. */}
      <input
        class="for-readers"
        name="username"
        autocomplete="username"
        value={name}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <Field
        label="Current password"
        type="password"
        autocomplete="current-password"
        maxLength={PASSWORD_LENGTH_MAX}
        value={old}
        onInput={setOld}
        error={shown.old}
        focused
      />
      <Field
        label="New password"
        type="password"
        autocomplete="new-password"
        maxLength={PASSWORD_LENGTH_MAX}
        help={`${PASSWORD_LENGTH_MIN} characters at least. A sentence is good.`}
        value={password}
        onInput={setPassword}
        error={shown.password}
      />
      <Field
        label="New password once more"
        type="password"
        autocomplete="new-password"
        maxLength={PASSWORD_LENGTH_MAX}
        value={again}
        onInput={setAgain}
        error={shown.again}
      />
    </FormDialog>
  );
}

type Typed = { readonly old: string; readonly password: string; readonly again: string };

function troubleIn({ old, password, again }: Typed): Partial<Typed> {
  return {
    ...(old === '' && { old: 'Give the password that is good now.' }),
    ...(password.length < PASSWORD_LENGTH_MIN && {
      password: `Too short: ${PASSWORD_LENGTH_MIN} characters at least.`,
    }),
    ...(again !== password && { again: 'The two are different.' }),
  };
}
