import { useState } from 'preact/hooks';
import type { MadeKey } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import { Field, Select, TextArea } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { type Expiry, expiryTime } from '../common/expiry.ts';
import { BAD_DATE, BAD_TARGET, ExpiryField, TargetField } from '../common/fields.tsx';
import { type Target, wordsIn, writeTarget } from '../common/target.ts';

type By = 'all' | 'rtmp' | 'whip';

/** A key of somebody's own. */
export function NewKey({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (made: MadeKey) => void;
}) {
  const [name, setName] = useState('');
  const [target, setTarget] = useState<Target>({ reach: 'stream', name: '' });
  const [expiry, setExpiry] = useState<Expiry>({ lasting: 'never', date: '' });
  const [by, setBy] = useState<By>('all');
  const [addresses, setAddresses] = useState('');
  const [wasTried, setTried] = useState(false);
  const written = writeTarget(target);
  const expires = expiryTime(expiry, Date.now());
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || written === undefined || expires === undefined) return undefined;
    const answer = await api.post<MadeKey>('/keys', {
      name: name.trim(),
      target: written,
      expires,
      protocols: by === 'all' ? [] : [by],
      addresses: wordsIn(addresses),
    });
    if (!answer.ok) return answer.message;
    onMade(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Make a stream key" submit="Make the key" onSubmit={make} onClose={onClose}>
      <Field
        label="Whose it is"
        help="For you: it stands in this list and nowhere else."
        value={name}
        onInput={setName}
        placeholder="studio laptop"
        maxLength={100}
        error={
          wasTried && name.trim() === '' ? 'Give it a name, such as “studio laptop”.' : undefined
        }
        focused
      />
      <TargetField
        value={target}
        onChange={setTarget}
        error={wasTried && written === undefined ? BAD_TARGET[target.reach] : undefined}
      />
      <ExpiryField
        value={expiry}
        onChange={setExpiry}
        error={wasTried && expires === undefined ? BAD_DATE : undefined}
      />
      <Select
        label="Publishes by"
        value={by}
        onChange={setBy}
        options={[
          { value: 'all', label: 'RTMP and WHIP' },
          { value: 'rtmp', label: 'RTMP only' },
          { value: 'whip', label: 'WHIP only' },
        ]}
      />
      <TextArea
        label="Only from these addresses"
        help="Addresses or ranges, such as 203.0.113.0/24 or 2001:db8::/32. Empty: from anywhere."
        rows={2}
        value={addresses}
        onInput={setAddresses}
      />
    </FormDialog>
  );
}
