import { useState } from 'preact/hooks';
import type { MadeToken } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import type { Person } from '../../../parts/session.ts';
import { Field, Group, Switch } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { type Expiry, expiryTime } from '../common/expiry.ts';
import { BAD_DATE, ExpiryField } from '../common/fields.tsx';
import { SCOPES, type Scope } from './scopes.ts';

/** A token can have what its maker has, and no more. */
export function NewToken({
  me,
  onClose,
  onMade,
}: {
  readonly me: Person;
  readonly onClose: () => void;
  readonly onMade: (made: MadeToken) => void;
}) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [expiry, setExpiry] = useState<Expiry>({ lasting: 'never', date: '' });
  const [wasTried, setTried] = useState(false);
  const expires = expiryTime(expiry, Date.now());
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || expires === undefined) return undefined;
    if (scopes.length === 0) return 'Choose what it may do.';
    const answer = await api.post<MadeToken>('/tokens', { name: name.trim(), scopes, expires });
    if (!answer.ok) return answer.message;
    onMade(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Make an API token" submit="Make the token" onSubmit={make} onClose={onClose}>
      <Field
        label="Which program"
        help="For you: it stands in this list and nowhere else."
        value={name}
        onInput={setName}
        placeholder="grafana"
        maxLength={100}
        error={wasTried && name.trim() === '' ? 'Give it a name, such as “grafana”.' : undefined}
        focused
      />
      <Group title="What it may do">
        {me.scopes.map((scope) => (
          <Switch
            key={scope}
            label={SCOPES[scope]}
            help={scope}
            checked={scopes.includes(scope)}
            onChange={(isOn) =>
              setScopes(isOn ? [...scopes, scope] : scopes.filter((one) => one !== scope))
            }
          />
        ))}
      </Group>
      <ExpiryField
        value={expiry}
        onChange={setExpiry}
        error={wasTried && expires === undefined ? BAD_DATE : undefined}
      />
    </FormDialog>
  );
}
