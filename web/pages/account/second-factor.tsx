import { useState } from 'preact/hooks';
import { PASSWORD_LENGTH_MAX } from '../../../src/api/limits.ts';
import { api } from '../../parts/api.ts';
import { StatusBadge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { Field } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Qr } from '../../ui/qr.tsx';
import { toast } from '../../ui/toasts.tsx';

type Props = { readonly isOn: boolean; readonly onChange: () => void };
/** As POST /api/second-factor answers. */
type Offer = { readonly secret: string; readonly url: string };

/** Groups of four are typed more easily. */
const GROUPS = /(.{4})(?=.)/g;

export function SecondFactor({ isOn, onChange }: Props) {
  const [offer, setOffer] = useState<Offer | undefined>(undefined);
  const [isProving, setProving] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const done = (said: string) => {
    setOffer(undefined);
    setLeaving(false);
    toast(said);
    onChange();
  };
  return (
    <Card
      title="Second factor"
      badge={<StatusBadge of={isOn ? 'good' : 'off'}>{isOn ? 'On' : 'Off'}</StatusBadge>}
      lead={
        isOn
          ? 'Signing in asks for a code of your authenticator app as well as for the password.'
          : 'With an authenticator app on your phone, the password alone lets nobody in.'
      }
      actions={
        isOn ? (
          <>
            <Button onClick={() => setProving(true)}>Move to another app</Button>
            <Button kind="danger" onClick={() => setLeaving(true)}>
              Turn it off
            </Button>
          </>
        ) : (
          <Button kind="primary" onClick={() => setProving(true)}>
            Set it up
          </Button>
        )
      }
    >
      {isProving && (
        <Beginning
          onClose={() => setProving(false)}
          onOffer={(made) => {
            setProving(false);
            setOffer(made);
          }}
        />
      )}
      {offer !== undefined && (
        <Proof
          offer={offer}
          onClose={() => setOffer(undefined)}
          onDone={() => done('The second factor is on: from now on you are asked for a code.')}
        />
      )}
      {isLeaving && (
        <Removal
          onClose={() => setLeaving(false)}
          onDone={() => done('The second factor is off: the password is enough.')}
        />
      )}
    </Card>
  );
}

type StepProps = { readonly onClose: () => void; readonly onDone: () => void };

/** Who has come by an open browser is not to lock its owner out with a phone of his own. */
function Beginning({
  onClose,
  onOffer,
}: {
  readonly onClose: () => void;
  readonly onOffer: (offer: Offer) => void;
}) {
  const [password, setPassword] = useState('');
  const begin = async () => {
    if (password === '') return 'Give your password.';
    const answer = await api.post<Offer>('/second-factor', { password });
    if (!answer.ok) return answer.message;
    onOffer(answer.value);
    return undefined;
  };
  return (
    <FormDialog title="Set up a second factor" submit="Go on" onSubmit={begin} onClose={onClose}>
      <OwnPasswordField value={password} onInput={setPassword} />
    </FormDialog>
  );
}

/** The first code proves that the app has it; until then nothing has changed. */
function Proof({ offer, onClose, onDone }: StepProps & { readonly offer: Offer }) {
  const [code, setCode] = useState('');
  const prove = async () => {
    const digits = code.replaceAll(/\s/g, '');
    if (digits === '') return 'Type the code that the app shows.';
    const answer = await api.put('/second-factor', { code: digits });
    if (!answer.ok) return answer.message;
    onDone();
    return undefined;
  };
  return (
    <FormDialog
      title="Set up a second factor"
      submit="Turn it on"
      onSubmit={prove}
      onClose={onClose}
    >
      <ol class="account-steps">
        <li>
          Scan this with an authenticator app on your phone, or type the text below into it.
          <Qr text={offer.url} label="QR code for an authenticator app" />
          <CopyField label="Text for the app" value={offer.secret.replace(GROUPS, '$1 ')} secret />
        </li>
        <li>
          Type the six digits that it shows now. They change every half minute.
          <Field
            label="Code"
            value={code}
            onInput={setCode}
            inputMode="numeric"
            autocomplete="one-time-code"
            maxLength={7}
            mono
          />
        </li>
      </ol>
    </FormDialog>
  );
}

function Removal({ onClose, onDone }: StepProps) {
  const [password, setPassword] = useState('');
  const remove = async () => {
    if (password === '') return 'Give your password.';
    const answer = await api.post('/second-factor/removal', { password });
    if (!answer.ok) return answer.message;
    onDone();
    return undefined;
  };
  return (
    <FormDialog
      title="Turn the second factor off"
      submit="Turn it off"
      onSubmit={remove}
      onClose={onClose}
    >
      <p>Whoever knows your password can then sign in.</p>
      <OwnPasswordField value={password} onInput={setPassword} />
    </FormDialog>
  );
}

function OwnPasswordField({
  value,
  onInput,
}: {
  readonly value: string;
  readonly onInput: (value: string) => void;
}) {
  return (
    <Field
      label="Your password"
      type="password"
      autocomplete="current-password"
      maxLength={PASSWORD_LENGTH_MAX}
      value={value}
      onInput={onInput}
      focused
    />
  );
}
