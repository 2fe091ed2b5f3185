import { useState } from 'preact/hooks';
import type { PersonInfo } from '../../../../src/api/access.ts';
import { api, part } from '../../../parts/api.ts';
import { Select, Switch } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { toast } from '../../../ui/toasts.tsx';
import type { Given } from './given-account.tsx';
import { PasswordField, passwordTrouble } from './password-field.tsx';
import { ROLE_OPTIONS, ROLES } from './roles.ts';

/** A role, a new password, keeping somebody out, and a second factor that was lost. */
export function EditPerson({
  person,
  isMe,
  onClose,
  onSaved,
}: {
  readonly person: PersonInfo;
  /** One's own password and second factor have a page of their own, which asks for the password. */
  readonly isMe: boolean;
  readonly onClose: () => void;
  /** With what is to be sent to them, where there is a new password. */
  readonly onSaved: (given: Given | undefined) => void;
}) {
  const [role, setRole] = useState(person.role);
  const [password, setPassword] = useState('');
  const [isDisabled, setDisabled] = useState(person.disabled !== null);
  const [takesFactor, setTakesFactor] = useState(false);
  const [wasTried, setTried] = useState(false);
  const trouble = password === '' ? undefined : passwordTrouble(password);
  const save = async () => {
    setTried(true);
    if (trouble !== undefined) return undefined;
    const answer = await api.patch(`/people/${part(person.id)}`, {
      ...(role !== person.role && { role }),
      ...(password !== '' && { password }),
      ...(isDisabled !== (person.disabled !== null) && { disabled: isDisabled }),
      ...(takesFactor && { secondFactor: false }),
    });
    if (!answer.ok) return answer.message;
    toast(`Changed the account of ${person.name}.`);
    onSaved(password === '' ? undefined : { name: person.name, password });
    return undefined;
  };
  return (
    <FormDialog
      title={`The account of ${person.name}`}
      submit="Save the changes"
      onSubmit={save}
      onClose={onClose}
    >
      <Select
        label="Role"
        value={role}
        onChange={setRole}
        options={ROLE_OPTIONS}
        help={ROLES[role].may}
      />
      {isMe ? (
        <p class="soft">
          Your own password and second factor are on <a href="/account">your account’s page</a>.
        </p>
      ) : (
        <>
          <PasswordField
            label="New password"
            help="Empty: stays as it is. A new one signs them out everywhere."
            value={password}
            onInput={setPassword}
            error={wasTried ? trouble : undefined}
          />
          <Switch
            label="Kept from signing in"
            help="Signs them out everywhere; the account stays."
            checked={isDisabled}
            onChange={setDisabled}
          />
          {person.hasSecondFactor && (
            <Switch
              label="Take the second factor away"
              help="Where the phone with it was lost: then the password is enough, until they set up another."
              checked={takesFactor}
              onChange={setTakesFactor}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
