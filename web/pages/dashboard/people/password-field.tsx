import { RefreshCw } from 'lucide';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../../../../src/api/limits.ts';
import { Button } from '../../../ui/button.tsx';
import { Field } from '../../../ui/field.tsx';
import { newPassword } from './password.ts';

/** A password for somebody else: whoever gives it has to read it, so it is shown. */
export function PasswordField({
  label,
  help,
  value,
  onInput,
  error,
}: {
  readonly label: string;
  readonly help: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly error?: string | undefined;
}) {
  return (
    <div class="manage-setting">
      <Field
        label={label}
        help={`${help} ${PASSWORD_LENGTH_MIN} characters at least.`}
        value={value}
        onInput={onInput}
        maxLength={PASSWORD_LENGTH_MAX}
        error={error}
        mono
      />
      <Button
        kind="quiet"
        icon={RefreshCw}
        onClick={() => onInput(newPassword((bytes) => crypto.getRandomValues(bytes)))}
      >
        Make one up
      </Button>
    </div>
  );
}

/** What is wrong with it; undefined where nothing is. */
export function passwordTrouble(password: string): string | undefined {
  return password.length < PASSWORD_LENGTH_MIN
    ? `Too short: ${PASSWORD_LENGTH_MIN} characters at least.`
    : undefined;
}
