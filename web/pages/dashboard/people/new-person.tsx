import { useState } from 'preact/hooks';
import type { PersonInfo } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import { Field, Select } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import type { Given } from './given-account.tsx';
import { newPassword } from './password.ts';
import { PasswordField, passwordTrouble } from './password-field.tsx';
import { ROLE_OPTIONS, ROLES } from './roles.ts';

export function NewPerson({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (given: Given) => void;
}) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<PersonInfo['role']>('producer');
  const [password, setPassword] = useState(() =>
    newPassword((bytes) => crypto.getRandomValues(bytes)),
  );
  const [wasTried, setTried] = useState(false);
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || passwordTrouble(password) !== undefined) return undefined;
    const answer = await api.post('/people', { name: name.trim(), role, password });
    if (!answer.ok) return answer.message;
    onMade({ name: name.trim(), password });
    return undefined;
  };
  return (
    <FormDialog
      title="Give somebody an account"
      submit="Make the account"
      onSubmit={make}
      onClose={onClose}
    >
      <Field
        label="Name"
        help="What they sign in with; capitals do not count."
        value={name}
        onInput={setName}
        placeholder="ann"
        maxLength={100}
        error={wasTried && name.trim() === '' ? 'Give a name, such as ann.' : undefined}
        focused
      />
      <Select
        label="Role"
        value={role}
        onChange={setRole}
        options={ROLE_OPTIONS}
        help={ROLES[role].may}
      />
      <PasswordField
        label="First password"
        help="They can change it on the page of their account."
        value={password}
        onInput={setPassword}
        error={wasTried ? passwordTrouble(password) : undefined}
      />
    </FormDialog>
  );
}
