import { PASSWORD_LENGTH_MIN } from '../../../../src/api/limits.ts';
import { Button } from '../../../ui/button.tsx';
import { Field } from '../../../ui/field.tsx';

/** The password that viewers give, where the app asks for one. It is kept as a hash, so it is never shown again. */
export function ViewersPassword({
  hasOne,
  value,
  onChange,
}: {
  readonly hasOne: boolean;
  /** Undefined: stays as it is; null: none any more. */
  readonly value: string | null | undefined;
  readonly onChange: (value: string | null | undefined) => void;
}) {
  if (value === null) {
    return (
      <div class="manage-setting">
        <p>The viewers’ password is taken away with the changes.</p>
        <Button onClick={() => onChange(undefined)}>Keep it</Button>
      </div>
    );
  }
  const now = hasOne ? 'There is one. Type a new one to change it' : 'There is none yet';
  return (
    <div class="manage-setting">
      <Field
        label="Viewers’ password"
        type="password"
        autocomplete="new-password"
        maxLength={256}
        help={`${now}: ${PASSWORD_LENGTH_MIN} characters at least. It counts where “Who may watch” asks for a password.`}
        value={value ?? ''}
        onInput={(typed) => onChange(typed === '' ? undefined : typed)}
      />
      {hasOne && (
        <Button kind="quiet" onClick={() => onChange(null)}>
          Take the password away
        </Button>
      )}
    </div>
  );
}
