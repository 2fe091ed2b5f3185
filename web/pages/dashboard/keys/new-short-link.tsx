import { useState } from 'preact/hooks';
import type { ShortLinkInfo } from '../../../../src/api/watch.ts';
import { parseStreamName } from '../../../../src/base/names.ts';
import { api } from '../../../parts/api.ts';
import { Field } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';

/** As the server takes it: `newShortLink` in src/api/watch.ts. */
const NAME_LENGTH_MAX = 32;

export function NewShortLink({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: () => void;
}) {
  const [stream, setStream] = useState('');
  const [name, setName] = useState('');
  const [wasTried, setTried] = useState(false);
  const isGood = parseStreamName(stream.trim()) !== undefined;
  const make = async () => {
    setTried(true);
    if (!isGood) return undefined;
    const wanted = name.trim();
    const body = { stream: stream.trim(), ...(wanted !== '' && { name: wanted }) };
    const answer = await api.post<ShortLinkInfo>('/short-links', body);
    if (!answer.ok) return answer.message;
    onMade();
    return undefined;
  };
  return (
    <FormDialog title="Make a short link" submit="Make the link" onSubmit={make} onClose={onClose}>
      <Field
        label="Stream"
        help="Its app and its name."
        value={stream}
        onInput={setStream}
        placeholder="show/stage"
        error={wasTried && !isGood ? 'Write it as app/stream, such as show/stage.' : undefined}
        focused
      />
      <Field
        label="Short name"
        help="What follows the ~ in the address. Leave it empty for one that is free."
        value={name}
        onInput={setName}
        placeholder="gala"
        maxLength={NAME_LENGTH_MAX}
      />
    </FormDialog>
  );
}
