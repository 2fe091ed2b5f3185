import { useState } from 'preact/hooks';
import type { LinkInfo, MadeLink } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import { Field, Select } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { type Expiry, expiryTime } from '../common/expiry.ts';
import { BAD_DATE, BAD_TARGET, ExpiryField, TargetField } from '../common/fields.tsx';
import { type Target, writeTarget } from '../common/target.ts';

const BOUND_OPTIONS: readonly { readonly value: LinkInfo['bound']; readonly label: string }[] = [
  { value: 'free', label: 'Everybody who has it' },
  { value: 'session', label: 'One player at a time' },
  { value: 'address', label: 'The first network that comes' },
];

export function NewLink({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (made: MadeLink) => void;
}) {
  const [name, setName] = useState('');
  const [target, setTarget] = useState<Target>({ reach: 'stream', name: '' });
  const [bound, setBound] = useState<LinkInfo['bound']>('free');
  const [expiry, setExpiry] = useState<Expiry>({ lasting: 'never', date: '' });
  const [wasTried, setTried] = useState(false);
  const written = writeTarget(target);
  const expires = expiryTime(expiry, Date.now());
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || written === undefined || expires === undefined) return undefined;
    const body = { name: name.trim(), target: written, bound, expires };
    const answer = await api.post<MadeLink>('/links', body);
    if (!answer.ok) return answer.message;
    onMade(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Make a view link" submit="Make the link" onSubmit={make} onClose={onClose}>
      <Field
        label="Who gets it"
        help="For you: it stands in this list and nowhere else."
        value={name}
        onInput={setName}
        placeholder="the press"
        maxLength={100}
        error={wasTried && name.trim() === '' ? 'Give it a name, such as “the press”.' : undefined}
        focused
      />
      <TargetField
        value={target}
        onChange={setTarget}
        error={wasTried && written === undefined ? BAD_TARGET[target.reach] : undefined}
      />
      <Select label="Lets in" value={bound} onChange={setBound} options={BOUND_OPTIONS} />
      <ExpiryField
        value={expiry}
        onChange={setExpiry}
        error={wasTried && expires === undefined ? BAD_DATE : undefined}
      />
    </FormDialog>
  );
}
