import { useState } from 'preact/hooks';
import type { MadeInvite } from '../../../../src/api/guests.ts';
import { parseStreamName } from '../../../../src/base/names.ts';
import { api } from '../../../parts/api.ts';
import { Field, TextArea } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { type Expiry, expiryTime } from '../common/expiry.ts';
import { BAD_DATE, ExpiryField } from '../common/fields.tsx';
import { wordsIn } from '../common/target.ts';
import { ListedStreams } from './listed-streams.tsx';

/** Asks somebody to stream. */
export function NewInvite({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (made: MadeInvite) => void;
}) {
  const [name, setName] = useState('');
  const [streams, setStreams] = useState('');
  const [expiry, setExpiry] = useState<Expiry>({ lasting: 'week', date: '' });
  const [wasTried, setTried] = useState(false);
  const slots = wordsIn(streams);
  const wrong = wrongIn(slots);
  const expires = expiryTime(expiry, Date.now());
  const make = async () => {
    setTried(true);
    if (name.trim() === '' || wrong !== undefined || expires === undefined) return undefined;
    const answer = await api.post<MadeInvite>('/invites', { name: name.trim(), slots, expires });
    if (!answer.ok) return answer.message;
    onMade(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Invite somebody" submit="Make the link" onSubmit={make} onClose={onClose}>
      <Field
        label="The guest’s name"
        help="The guest is greeted by it, and keys that are made for OBS are called so."
        value={name}
        onInput={setName}
        placeholder="Ada"
        maxLength={100}
        error={wasTried && name.trim() === '' ? 'Give a name.' : undefined}
        focused
      />
      <TextArea
        label="To which streams"
        help="Such as show/ada. Several below each other, eight at most: the guest picks one of them."
        rows={2}
        value={streams}
        onInput={setStreams}
        error={wasTried ? wrong : undefined}
      />
      <ListedStreams taken={slots} onPick={(stream) => setStreams([...slots, stream].join('\n'))} />
      <ExpiryField
        value={expiry}
        onChange={setExpiry}
        error={wasTried && expires === undefined ? BAD_DATE : undefined}
      />
    </FormDialog>
  );
}

function wrongIn(slots: readonly string[]): string | undefined {
  if (slots.length === 0) return 'Name one stream at least, such as show/ada.';
  const bad = slots.find((slot) => parseStreamName(slot) === undefined);
  return bad === undefined
    ? undefined
    : `“${bad}” is no stream: write an app and a stream with a slash between them, such as show/ada.`;
}
