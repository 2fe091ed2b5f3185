import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';

export type Given = { readonly name: string; readonly password: string };

/** What to send to whoever got an account or a new password. */
export function GivenAccount({
  given: { name, password },
  onClose,
}: {
  readonly given: Given;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title={`For ${name}`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warning">
        Send these to {name} now: the password is kept as a hash, so nobody can show it again.
      </Notice>
      <CopyField label="Where to sign in" value={`${location.origin}/login`} />
      <CopyField label="Name" value={name} />
      <CopyField label="Password" value={password} secret />
    </Dialog>
  );
}
