import { useState } from 'preact/hooks';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../../../src/api/limits.ts';
import { api } from '../../parts/api.ts';
import { type Person, readSession } from '../../parts/session.ts';
import { Notice } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { StepForm } from './step-form.tsx';

type Typed = {
  readonly code: string;
  readonly name: string;
  readonly password: string;
  readonly again: string;
};

/** The owner's account, by the code from the terminal. */
export function AccountStep({
  code,
  onDone,
}: {
  /** From the address; asked for where it is not there, as after a reload. */
  readonly code: string;
  readonly onDone: (owner: Person) => void;
}) {
  const [typed, setTyped] = useState<Typed>({ code, name: '', password: '', again: '' });
  const [wasTried, setTried] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const trouble = troubleIn(typed);
  const shown = wasTried ? trouble : {};
  const set = (name: keyof Typed) => (value: string) => setTyped({ ...typed, [name]: value });
  const make = async () => {
    setTried(true);
    if (Object.keys(trouble).length > 0) return undefined;
    const { again: _, ...claim } = typed;
    const answer = await api.post('/claim', { ...claim, name: claim.name.trim() });
    if (!answer.ok) {
      setWrong(answer.reason === 'wrong-code');
      return answer.message;
    }
    const session = await readSession();
    if (!session.ok) return session.message;
    if (session.value.person === null) return NO_COOKIE;
    onDone(session.value.person);
    return undefined;
  };
  return (
    <StepForm submit="Make the account" onSubmit={make}>
      {isReadable() && (
        <Notice tone="warning">
          This page came by plain HTTP: on the way here, others on the network could read what you
          type. “millrace setup” in the server’s terminal asks the same, and gives it a domain with
          HTTPS first.
        </Notice>
      )}
      {(code === '' || isWrong) && (
        <Field
          label="Code from the terminal"
          help="The server prints it when it starts, as long as it has no owner: the part of the address behind the #. A service names the file that holds it."
          value={typed.code}
          onInput={set('code')}
          maxLength={32}
          error={shown.code}
          mono
        />
      )}
      <Field
        label="Name"
        help="To sign in with."
        value={typed.name}
        onInput={set('name')}
        autocomplete="username"
        maxLength={100}
        error={shown.name}
      />
      <Field
        label="Password"
        type="password"
        autocomplete="new-password"
        maxLength={PASSWORD_LENGTH_MAX}
        help={`${PASSWORD_LENGTH_MIN} characters at least. A sentence is good.`}
        value={typed.password}
        onInput={set('password')}
        error={shown.password}
      />
      <Field
        label="Password once more"
        type="password"
        autocomplete="new-password"
        maxLength={PASSWORD_LENGTH_MAX}
        value={typed.again}
        onInput={set('again')}
        error={shown.again}
      />
    </StepForm>
  );
}

const NO_COOKIE =
  'The account is made, but your browser keeps no cookie of this server. Allow cookies for it, then sign in at /login.';

function troubleIn({ code, name, password, again }: Typed): Partial<Typed> {
  return {
    ...(code.trim() === '' && { code: 'Give the code that the terminal shows.' }),
    ...(name.trim() === '' && { name: 'Give a name, such as ann.' }),
    ...(password.length < PASSWORD_LENGTH_MIN && {
      password: `Too short: ${PASSWORD_LENGTH_MIN} characters at least.`,
    }),
    ...(again !== password && { again: 'The two are different.' }),
  };
}

/** Browsers call this machine secure, and nothing else without HTTPS. */
function isReadable(): boolean {
  return !isSecureContext;
}
